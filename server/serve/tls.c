/* The files are read once: nng takes no other certificate while it listens.  */
#include "serve/tls.h"
#include "base/secret.h"

#include <openssl/pem.h>
#include <stdio.h>

enum { PEM_MAX = 65536 /* of a chain of certificates */ };

typedef struct Pems {
    char certificate[PEM_MAX], key[PEM_MAX];
} Pems;

static bool
read_pem(const char *path, char pem[PEM_MAX], char *reason, size_t size)
{
    size_t got;

    if (!secret_read_file(path, pem, PEM_MAX - 1, &got, reason, size))
        return false;
    pem[got] = '\0';
    if (got < PEM_MAX - 1)
        return true;
    snprintf(reason, size, "%.200s is longer than %d bytes", path, PEM_MAX - 2);
    return false;
}

/* A key with a password is none here: there is nobody to ask. */
static int
no_password(char *buffer UNUSED, int size UNUSED, int writes UNUSED, void *argument UNUSED)
{
    return -1;
}

/* nng takes any two, and then no peer gets through. */
static bool
is_pair(const Pems *pems)
{
    BIO *first = BIO_new_mem_buf(pems->certificate, -1), *second = BIO_new_mem_buf(pems->key, -1);
    X509 *certificate = first == NULL ? NULL : PEM_read_bio_X509(first, NULL, no_password, NULL);
    EVP_PKEY *key =
        second == NULL ? NULL : PEM_read_bio_PrivateKey(second, NULL, no_password, NULL);
    bool is = certificate != NULL && key != NULL && X509_check_private_key(certificate, key) == 1;

    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free(second);
    BIO_free(first);
    return is;
}

static bool
take_pems(nng_tls_config *tls, const Config *config, Pems *pems, char *reason, size_t size)
{
    int error;

    if (!read_pem(config->tls_certificate, pems->certificate, reason, size) ||
        !read_pem(config->tls_key, pems->key, reason, size))
        return false;
    error = is_pair(pems) ? nng_tls_config_own_cert(tls, pems->certificate, pems->key, NULL)
                          : NNG_EINVAL;
    if (error == 0)
        error = nng_tls_config_version(tls, NNG_TLS_1_2, NNG_TLS_1_3);
    if (error != 0)
        snprintf(reason, size,
                 "%.200s and %.200s are no certificate and its private key in PEM, without a "
                 "password: %s",
                 config->tls_certificate, config->tls_key, nng_strerror(error));
    return error == 0;
}

nng_tls_config *
tls_config_new(const Config *config, char *reason, size_t size)
{
    Pems *pems = secret_pages_new(sizeof *pems);
    nng_tls_config *tls = NULL;

    snprintf(reason, size, "no memory for TLS");
    if (pems != NULL && nng_tls_config_alloc(&tls, NNG_TLS_MODE_SERVER) == 0 &&
        !take_pems(tls, config, pems, reason, size)) {
        nng_tls_config_free(tls);
        tls = NULL;
    }
    secret_pages_free(pems, sizeof *pems);
    return tls;
}
