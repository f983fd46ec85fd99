/* What the rule of each rpc must be: nothing that contradicts itself, and nothing left out, since
 * what a rule does not say the server would have to guess.  */
#include "rules.h"

#include "proto/permission.h"

#include <string.h>

static bool
is_command(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
    size_t words = 0;

    for (;;) {
        size_t size = strspn(text, letters);

        if (size == 0)
            return false;
        words++;
        text += size;
        if (*text == '\0')
            return words == 2 || words == 3;
        if (*text++ != ' ')
            return false;
    }
}

/* A name that the request does not have is refused like one of the wrong type. */
static bool
is_own_field(const Message *request, const char *name)
{
    for (size_t i = 0; i < request->fields_count; i++) {
        const ProtoField *field = request->fields[i].proto;

        if (strcmp(field->name, name) == 0)
            return field->label != LABEL_REPEATED &&
                   (field->type == TYPE_INT64 || field->type == TYPE_STRING);
    }
    return false;
}

/* Where it is called, and by whom. */
static void
check_access(const Method *method, Text *errors)
{
    const Rule *rule = &method->rule;
    bool asks = rule->permission[0] != '\0', asks_platform = rule->platform_permission[0] != '\0';

    if (rule->scope == CLIENTIQ__V1__SCOPE__SCOPE_UNSPECIFIED)
        add_mistake(errors, method->file, method->line,
                    "the rule has no scope; it needs SCOPE_TENANT, SCOPE_PLATFORM or SCOPE_ANY");
    if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_UNSPECIFIED)
        add_mistake(errors, method->file, method->line,
                    "the rule has no access; it needs ACCESS_PUBLIC, ACCESS_AUTHENTICATED or "
                    "ACCESS_PERMISSION");
    if ((rule->access == CLIENTIQ__V1__ACCESS__ACCESS_PERMISSION) != asks)
        add_mistake(errors, method->file, method->line,
                    "ACCESS_PERMISSION needs a permission, and only it may have one");
    if (asks && !permission_is_valid(rule->permission))
        add_mistake(errors, method->file, method->line,
                    "permission \"%s\" must be app.codename, in lower-case letters, digits and _",
                    rule->permission);
    if ((rule->scope == CLIENTIQ__V1__SCOPE__SCOPE_ANY && asks) != asks_platform)
        add_mistake(errors, method->file, method->line,
                    "SCOPE_ANY with a permission needs a platform_permission, and only it may "
                    "have one");
    if (asks_platform && !permission_is_valid(rule->platform_permission))
        add_mistake(errors, method->file, method->line,
                    "platform_permission \"%s\" must be app.codename, in lower-case letters, "
                    "digits and _",
                    rule->platform_permission);
    if (rule->by_api_key && rule->access != CLIENTIQ__V1__ACCESS__ACCESS_AUTHENTICATED)
        add_mistake(errors, method->file, method->line,
                    "by_api_key is allowed with ACCESS_AUTHENTICATED only");
    if (rule->for_keys && !asks)
        add_mistake(errors, method->file, method->line,
                    "for_keys is allowed with ACCESS_PERMISSION only");
    if (rule->n_own_fields > 0 && !asks)
        add_mistake(errors, method->file, method->line,
                    "own_fields are allowed with ACCESS_PERMISSION only");
    for (size_t i = 0; i < rule->n_own_fields; i++)
        if (!is_own_field(method->request, rule->own_fields[i]))
            add_mistake(errors, method->file, method->line,
                        "own_fields must name int64 or string fields of the request, and \"%s\" "
                        "is not one",
                        rule->own_fields[i]);
}

/* What it does to the database, and how often. */
static void
check_effects(const Method *method, Text *errors)
{
    const Rule *rule = &method->rule;
    bool by_worker = rule->database == CLIENTIQ__V1__DATABASE__DATABASE_WORKER;

    if (rule->database == CLIENTIQ__V1__DATABASE__DATABASE_UNSPECIFIED)
        add_mistake(
            errors, method->file, method->line,
            "the rule has no database; it needs DATABASE_NONE, DATABASE_WORKER or DATABASE_OWNER");
    if (rule->hashes_password && !by_worker)
        add_mistake(errors, method->file, method->line,
                    "hashes_password is allowed with DATABASE_WORKER only");
    if (rule->database == CLIENTIQ__V1__DATABASE__DATABASE_NONE && rule->writes)
        add_mistake(errors, method->file, method->line, "writes is not allowed with DATABASE_NONE");
    if (rule->never_replayed && !rule->writes)
        add_mistake(errors, method->file, method->line,
                    "never_replayed is allowed with writes only");
    if (rule->from_memory && (rule->writes || !by_worker))
        add_mistake(errors, method->file, method->line,
                    "from_memory is allowed with DATABASE_WORKER and without writes only");
}

/* ---- the command line ---- */

/* Whether one word of a command line can say it. */
static bool
is_one_word(const Field *field)
{
    return field->message == NULL || strcmp(field->message->name, "google.protobuf.Timestamp") == 0;
}

static bool
is_flag(const Field *field)
{
    if (field->rule->output_only)
        return false;
    return is_one_word(field) || (strncmp(field->message->name, "google.protobuf.", 16) != 0 &&
                                  field->proto->label != LABEL_REPEATED);
}

/* ciq-client has a flag for each field of a request and of the messages in it, one level deep. */
static void
check_flags(const Method *method, Text *errors)
{
    const char *names[256];
    size_t count = 0;

    for (size_t i = 0; i < method->request->fields_count; i++) {
        const Field *outer = &method->request->fields[i];
        size_t inner_count = is_one_word(outer) ? 1 : outer->message->fields_count;

        if (!is_flag(outer))
            continue;
        for (size_t j = 0; j < inner_count; j++) {
            const Field *field = is_one_word(outer) ? outer : &outer->message->fields[j];

            if (outer->message != NULL && !is_flag(field))
                continue;
            for (size_t k = 0; k < count; k++)
                if (strcmp(names[k], field->proto->name) == 0)
                    add_mistake(errors, method->file, method->line,
                                "two fields of %s would both be the flag --%s of ciq-client",
                                method->request->name, field->proto->name);
            if (count < sizeof names / sizeof *names)
                names[count++] = field->proto->name;
        }
    }
}

void
rules_check(const Method *method, Text *errors)
{
    check_access(method, errors);
    check_effects(method, errors);
    if (!is_command(method->rule.command))
        add_mistake(errors, method->file, method->line,
                    "command \"%s\" must be a noun and a verb, or two nouns and a verb, as in "
                    "\"user list\"",
                    method->rule.command);
    check_flags(method, errors);
}

void
rules_check_commands(const Model *model, Text *errors)
{
    for (size_t i = 0; i < model->methods_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(model->methods[i].rule.command, model->methods[j].rule.command) == 0)
                add_mistake(errors, model->methods[i].file, model->methods[i].line,
                            "command \"%s\" is that of %s already", model->methods[i].rule.command,
                            model->methods[j].name);
}
