/* Several statements in one message, which only the simple protocol has: outside the pipeline.  */
#include "db/script.h"
#include "db/connection.h"
#include "db/context.h"
#include "db/failure.h"
#include "db/pipeline.h"
#include "db/private.h"

#include <assert.h>
#include <string.h>

/* Appends text to a growing buffer in call memory. */
typedef struct Text {
    char *data;
    size_t size, room;
} Text;

static bool
text_add(Call *call, Text *text, const char *data, size_t size)
{
    if (size > text->room - text->size) {
        size_t room = (text->size + size) * 2;
        char *bigger = call_alloc(call, room + 1);

        if (bigger == NULL)
            return false;
        if (text->size > 0)
            memcpy(bigger, text->data, text->size);
        text->data = bigger;
        text->room = room;
    }
    assert(text->data != NULL);
    memcpy(text->data + text->size, data, size);
    text->size += size;
    text->data[text->size] = '\0';
    return true;
}

/* Replaces :"name" and :'name' by what args give, quoted by libpq. */
static bool
script_text(Call *call, const char *script, const DbArg *args, Text *text)
{
    PGconn *connection = call->db->connection;

    for (;;) {
        const char *colon = strchr(script, ':');
        size_t before = colon == NULL ? strlen(script) : (size_t) (colon - script);

        if (!text_add(call, text, script, before))
            return false;
        if (colon == NULL)
            return true;

        char quote = colon[1];
        const char *end = quote == '"' || quote == '\'' ? strchr(colon + 2, quote) : NULL;
        const DbArg *arg = args;

        while (end != NULL && arg != NULL && arg->name != NULL &&
               (strlen(arg->name) != (size_t) (end - colon - 2) ||
                memcmp(arg->name, colon + 2, strlen(arg->name)) != 0))
            arg++;
        if (end == NULL || arg == NULL || arg->name == NULL) {
            if (!text_add(call, text, colon, 1))
                return false;
            script = colon + 1;
            continue;
        }

        char *quoted = quote == '"' ? PQescapeIdentifier(connection, arg->text, strlen(arg->text))
                                    : PQescapeLiteral(connection, arg->text, strlen(arg->text));
        bool ok = quoted != NULL && text_add(call, text, quoted, strlen(quoted));

        PQfreemem(quoted);
        if (!ok)
            return call_fail(call, CODE_INTERNAL, "a name cannot be quoted");
        script = end + 1;
    }
}

bool
db_script(Call *call, const char *script, const DbArg *args)
{
    Db *db = call->db;
    Text text = {0};

    assert(db->options->owner || db->options->tries);
    if (db->connection == NULL)
        return failure_lost(call);
    if (db->begun && db->is_block && !context_start(call))
        return false;
    if (!script_text(call, script, args, &text))
        return false;
    call->failure.script_statement = 0;
    call->failure.script_position = 0;

    return pipeline_leave(call, text.data) &&
           pipeline_return(call, call->deadline_us + PIPELINE_GRACE_MS * 1000, NULL);
}
