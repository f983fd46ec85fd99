/* ciq-server: settings, log, signals, start, wait, stop.  */
#include "command.h"
#include "command_archive.h"
#include "base/config.h"
#include "base/log.h"
#include "mail/mail.h"
#include "proto/visible.h"
#include "server.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static int
show_help(void)
{
    puts(
        "usage: ciq-server [--name value …]\n"
        "       ciq-server --help | --version | --check-config\n"
        "       ciq-server create-superuser --email ADDRESS [--password-stdin | --password-file FILE]\n"
        "                                   [--name value …]\n"
        "       ciq-server export --schema-name NAME [--output FILE] [--name value …]\n"
        "       ciq-server import [--input FILE] [--check] [--schema-name NAME] [--name NAME]\n"
        "                         [--domain HOST …] [--drop-invalid] [--name value …]\n\n"
        "Serves tenants, users and migrations over nng.  Without --database it creates and runs a\n"
        "private PostgreSQL.  SIGTERM stops it after the calls that are running have finished.\n"
        "create-superuser creates an owner of the platform, while no server uses the data directory.\n"
        "export writes one tenant to an archive, import creates a tenant from one; a server may be running\n"
        "meanwhile.  Without FILE they use standard output and input.  --check only verifies that an archive\n"
        "is complete and undamaged.  --drop-invalid leaves out contacts and texts of the tenant that today's\n"
        "rules refuse.\n");
    config_usage(stdout);
    return 0;
}

int
main(int argc, char **argv)
{
    Config config;
    sigset_t signals;
    int signal_number;
    bool check_only;

    if (!visible_guard()) {
        fputs("ciq-server: no memory\n", stderr);
        return 1;
    }
    if (command_take_word(&argc, argv, "--help"))
        return show_help();
    if (argc > 1 && strcmp(argv[1], "create-superuser") == 0)
        return command_create_superuser(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "export") == 0)
        return command_export(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "import") == 0)
        return command_import(argc - 1, argv + 1);
    if (command_take_word(&argc, argv, "--help-markdown")) {
        config_markdown(stdout);
        return 0;
    }
    if (command_take_word(&argc, argv, "--version")) {
        puts("ciq-server " CIQ_VERSION);
        return 0;
    }
    check_only = command_take_word(&argc, argv, "--check-config");
    if (!config_load(&config, argc, argv, stderr))
        return 2;
    if (!mail_check(&config, stderr)) {
        config_free(&config);
        return 2;
    }
    if (check_only) {
        config_print(&config, stdout);
        config_free(&config);
        return 0;
    }

    /* before the first thread, so that all of them leave the signals to sigwait below */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (!log_start(log_level_of(config.log_level)))
        log_write(LOG_LEVEL_WARNING, "no thread for the log", "%s", "");

    Server *server = server_start(&config);

    if (server != NULL) {
        log_write(LOG_LEVEL_INFO, "ready", "version=%s", CIQ_VERSION);
        do
            sigwait(&signals, &signal_number);
        while (signal_number == SIGHUP); /* a closed terminal does not stop the server */
        log_write(LOG_LEVEL_INFO, "stopping", "signal=%s", sigabbrev_np(signal_number));
        server_stop(server);
        log_write(LOG_LEVEL_INFO, "stopped", "%s", "");
    }
    log_stop();
    config_free(&config);
    return server != NULL ? 0 : 1;
}
