/* Whether statements fit the messages, by name; the types are compared where there is a database,
 * when a server starts.  */
#include "statement.h"

#include "db/fit.h"
#include "proto/method.h"

#include <ctype.h>
#include <string.h>

/* Whether "get_user" is "GetUser". */
static bool
is_same_name(const char *snake, size_t size, const char *camel)
{
    const char *end = snake + size;

    for (; snake < end; snake++) {
        if (*snake == '_')
            continue;
        if (tolower((unsigned char) *camel) != *snake)
            return false;
        camel++;
    }
    return *camel == '\0';
}

/* The method of "rpc/user_service/get_user.sql"; NULL: there is none. */
static const Method *
method_of(const File *file)
{
    const char *service = file->path + strlen("rpc/"), *slash = strchr(service, '/');
    const char *rpc = slash == NULL ? service : slash + 1;

    for (size_t i = 0; slash != NULL && i < methods_count; i++)
        if (is_same_name(service, (size_t) (slash - service), methods[i].service) &&
            is_same_name(rpc, strlen(rpc) - strlen(".sql"), methods[i].rpc))
            return &methods[i];
    return NULL;
}

static void
check_rpc(const Statement *statement)
{
    const Method *method = method_of(statement->file);
    bool fits;

    if (method == NULL) {
        mistake(statement->file, 1, "no rpc is served by it: %s must be SERVICE/RPC.sql of proto/",
                statement->file->path);
        return;
    }
    for (size_t i = 0; i < statement->parameters_count; i++) {
        const Parameter *parameter = &statement->parameters[i];

        if (fit_parameter(parameter->name, method->request->descriptor) == FIT_ARGUMENT)
            mistake(parameter->file, parameter->line,
                    ":%s needs a handler to give it, and the rpc %s has none", parameter->name,
                    method->rpc);
        else if (fit_parameter(parameter->name, method->request->descriptor) == FIT_NOTHING)
            mistake(parameter->file, parameter->line,
                    "nothing gives :%s in %s: %s has no such field", parameter->name,
                    statement->file->path, method->request->descriptor->name);
    }
    (void) fit_row(statement->rows, statement->into[0] == '\0' ? NULL : statement->into,
                   method->response->descriptor, &fits);
    if (!fits)
        mistake(statement->file, statement->into_line, "%s has no field %s for %s",
                method->response->descriptor->name, statement->into,
                statement->rows == ROWS_MANY ? "many rows" : "a row");
    if (statement->changes != 0 && !method->writes)
        mistake(statement->file, statement->changes_line,
                "the rpc %s only reads, so that it changes nothing", method->rpc);
}

/* How many of the statement's parameters something gives, if this is the request of the handler
 * that uses it; *missing becomes the first that nothing gives. */
static size_t
given(const Statement *statement, const ProtobufCMessageDescriptor *request,
      const Parameter **missing)
{
    size_t count = 0;

    for (size_t i = statement->parameters_count; i-- > 0;)
        if (fit_parameter(statement->parameters[i].name, request) != FIT_NOTHING)
            count++;
        else
            *missing = &statement->parameters[i];
    return count;
}

static void
check_query(const Statement *statement)
{
    const ProtobufCMessageDescriptor *best = NULL;
    const Parameter *missing = NULL, *first = NULL;
    size_t most = given(statement, NULL, &missing);

    for (size_t i = 0; i < methods_count && most < statement->parameters_count; i++) {
        const ProtobufCMessageDescriptor *request = methods[i].request->descriptor;
        size_t count = given(statement, request, &first);

        if (best != NULL && count <= most)
            continue;
        best = request;
        most = count;
        missing = first;
    }
    if (most < statement->parameters_count)
        mistake(
            missing->file, missing->line,
            "nothing gives :%s in %s: no request has it beside the other fields; the nearest, %s, "
            "has not",
            missing->name, statement->file->path, best->name);
}

void
statements_check_fit(const Statements *statements)
{
    for (size_t i = 0; i < statements->count; i++)
        if (strncmp(statements->list[i].file->path, "rpc/", 4) == 0)
            check_rpc(&statements->list[i]);
        else
            check_query(&statements->list[i]);
}
