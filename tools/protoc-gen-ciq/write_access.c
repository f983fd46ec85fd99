/* Who may call what, in Markdown: every rpc in every place where it may be called, for every kind
 * of caller.  It says what server/serve/dispatch.c must do, from the rules alone;
 * tests/every/test_access.c reads the page and tries every cell.  */
#include "write.h"

#include <string.h>

/* Where a caller is known. */
typedef enum Home { HOME_NOWHERE, HOME_TENANT, HOME_OTHER_TENANT, HOME_PLATFORM } Home;

/* One column: a caller with a token, or the local operator, who has none and is known to the
 * platform by the socket. */
typedef struct CallerKind {
    const char *name;
    Home home;
    bool has_token;
    bool holds; /* the permission that the row needs */
    bool is_api_key;
    bool is_account; /* a user there, or a superuser */
} CallerKind;

static const CallerKind caller_kinds[] = {
    {.name = "anonymous", .home = HOME_NOWHERE},
    {.name = "user", .home = HOME_TENANT, .has_token = true, .is_account = true},
    {.name = "user with it",
     .home = HOME_TENANT,
     .has_token = true,
     .holds = true,
     .is_account = true},
    {.name = "tenant admin",
     .home = HOME_TENANT,
     .has_token = true,
     .holds = true,
     .is_account = true},
    {.name = "API key", .home = HOME_TENANT, .has_token = true, .is_api_key = true},
    {.name = "API key with it",
     .home = HOME_TENANT,
     .has_token = true,
     .holds = true,
     .is_api_key = true},
    {.name = "acting in it", .home = HOME_TENANT, .has_token = true, .holds = true},
    {.name = "other tenant's admin", .home = HOME_OTHER_TENANT, .has_token = true, .holds = true},
    {.name = "superuser", .home = HOME_PLATFORM, .has_token = true, .is_account = true},
    {.name = "superuser with it",
     .home = HOME_PLATFORM,
     .has_token = true,
     .holds = true,
     .is_account = true},
    {.name = "platform's API key", .home = HOME_PLATFORM, .has_token = true, .is_api_key = true},
    {.name = "platform's API key with it",
     .home = HOME_PLATFORM,
     .has_token = true,
     .holds = true,
     .is_api_key = true},
    {.name = "local operator", .home = HOME_PLATFORM, .holds = true},
};
enum { KINDS = sizeof caller_kinds / sizeof *caller_kinds };

static const char *
access_text(const Rule *rule, const CallerKind *kind, Home place)
{
    bool is_known = kind->home == place;

    /* the call is answered before tenant or token are looked at */
    if (rule->database == CLIENTIQ__V1__DATABASE__DATABASE_NONE)
        return "yes";
    /* a token counts where it was given only; anywhere else it is refused, even for what is public
     */
    if (kind->has_token && !is_known)
        return "UNAUTHENTICATED";
    if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_PUBLIC)
        return "yes";
    if (!is_known)
        return "UNAUTHENTICATED";

    bool can_hold = place == HOME_PLATFORM || kind->is_api_key || !rule->for_keys;
    bool is_let_in = rule->access == CLIENTIQ__V1__ACCESS__ACCESS_AUTHENTICATED
                         ? !kind->is_api_key || rule->by_api_key
                         : kind->holds && can_hold;

    if (!is_let_in && kind->is_account && rule->n_own_fields > 0)
        return "own";
    return is_let_in ? "yes" : "PERMISSION_DENIED";
}

static void
write_access_row(const Method *method, Home place, Text *out)
{
    const Rule *rule = &method->rule;
    const char *permission = place == HOME_PLATFORM && rule->platform_permission[0] != '\0'
                                 ? rule->platform_permission
                                 : rule->permission;

    text_add(out, "| `%s` | %s | ", method->rpc, place == HOME_TENANT ? "tenant" : "platform");
    if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_PUBLIC)
        text_add(out, "nothing |");
    else if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_AUTHENTICATED)
        text_add(out, "a session%s |", rule->by_api_key ? " or a key" : "");
    else
        text_add(out, "`%s`%s |", permission,
                 rule->n_own_fields > 0 ? ", unless it is the caller's own" : "");
    for (size_t i = 0; i < KINDS; i++)
        text_add(out, " %s |", access_text(rule, &caller_kinds[i], place));
    text_add(out, "\n");
}

void
write_access_md(const Model *model, Text *out)
{
    text_add(
        out,
        "# Who may call what\n\n"
        "Made from the rules in `proto/` by `tools/protoc-gen-ciq`; `tests/every/test_access.c` tries every\n"
        "cell.\n\n"
        "- \"With it\" is a caller who holds the permission that the row needs, and no other.\n"
        "- \"Yes\" means that dispatch lets the call through to its handler, which may still refuse because of\n"
        "  what the data say (`server/access/rights.h`).\n"
        "- \"Own\" means that dispatch lets the call through for what is the caller's own; anything else is\n"
        "  PERMISSION_DENIED.\n"
        "- A token counts only where it was given: a tenant's token on the platform, a superuser's in a tenant,\n"
        "  and one tenant's in another are UNAUTHENTICATED.\n"
        "- The local operator is known on the platform only.\n"
        "- \"Acting in it\" is a user of the platform with a session inside the tenant, by ActAs.\n"
        "- A platform's API key with `platform.forward` may also call, for an end user of a tenant, what needs\n"
        "  nothing there.\n");
    for (size_t s = 0; s < model->services_count; s++) {
        text_add(out, "\n## %s\n\n| rpc | called on | needs |", model->services[s].name);
        for (size_t i = 0; i < KINDS; i++)
            text_add(out, " %s |", caller_kinds[i].name);
        text_add(out, "\n|---|---|---|");
        for (size_t i = 0; i < KINDS; i++)
            text_add(out, "---|");
        text_add(out, "\n");
        for (size_t i = 0; i < model->methods_count; i++) {
            const Method *method = &model->methods[i];

            if (strcmp(method->service, model->services[s].name) != 0)
                continue;
            if (method->rule.scope != CLIENTIQ__V1__SCOPE__SCOPE_PLATFORM)
                write_access_row(method, HOME_TENANT, out);
            if (method->rule.scope != CLIENTIQ__V1__SCOPE__SCOPE_TENANT)
                write_access_row(method, HOME_PLATFORM, out);
        }
    }
}
