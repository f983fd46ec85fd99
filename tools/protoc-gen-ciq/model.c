/* Reads protoc's descriptors into the model, and checks what every rpc, field and comment must be.
 */
#include "model.h"
#include "proto/permission.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_MAX = 4096, PATH_MAX_DEPTH = 8 };

void *
must_allocate(size_t size)
{
    void *memory = calloc(1, size + 1);

    if (memory == NULL) {
        fputs("protoc-gen-ciq: no memory\n", stderr);
        exit(1);
    }
    return memory;
}

char *
must_format(const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) {
        fputs("protoc-gen-ciq: no memory\n", stderr);
        exit(1);
    }
    va_end(arguments);
    return text;
}

void
text_add(Text *text, const char *format, ...)
{
    va_list arguments;
    char *piece;

    va_start(arguments, format);
    int size = vasprintf(&piece, format, arguments);
    va_end(arguments);
    if (size < 0)
        exit(1);
    if (text->size + (size_t) size + 1 > text->room) {
        text->room = (text->size + (size_t) size + 1) * 2;
        text->data = realloc(text->data, text->room);
        if (text->data == NULL)
            exit(1);
    }
    memcpy(text->data + text->size, piece, (size_t) size + 1);
    text->size += (size_t) size;
    free(piece);
}

/* protobuf-c's own rule, so that the names of its symbols come out right. */
char *
snake(const char *camel)
{
    char *out = must_allocate(strlen(camel) * 2), *end = out;
    bool was_upper = true;

    for (; *camel != '\0'; camel++) {
        bool is_upper = isupper((unsigned char) *camel) != 0;

        if (is_upper && !was_upper)
            *end++ = '_';
        *end++ = (char) tolower((unsigned char) *camel);
        was_upper = is_upper;
    }
    return out;
}

const char *
bare_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL ? name : dot + 1;
}

/* "clientiq.v1.User" is Clientiq__V1__User, or clientiq__v1__user. */
static char *
c_name(const char *name, bool lower)
{
    Text out = {0};

    while (*name != '\0') {
        size_t size = strcspn(name, ".");
        char *part = must_format("%.*s", (int) size, name);

        if (lower)
            text_add(&out, "%s", snake(part));
        else
            text_add(&out, "%c%s", toupper((unsigned char) part[0]), part + 1);
        free(part);
        name += size;
        if (*name == '.') {
            text_add(&out, "__");
            name++;
        }
    }
    return out.data;
}

/* ---- places and comments ---- */

typedef struct Place {
    int numbers[PATH_MAX_DEPTH];
    size_t count;
} Place;

static Place
place_add(Place place, int field, size_t index)
{
    place.numbers[place.count++] = field;
    place.numbers[place.count++] = (int) index;
    return place;
}

static const Ciq__Plugin__SourceCodeInfo__Location *
location(const ProtoFile *file, const Place *place)
{
    const Ciq__Plugin__SourceCodeInfo *info = file->source_code_info;

    for (size_t i = 0; info != NULL && i < info->n_location; i++) {
        const Ciq__Plugin__SourceCodeInfo__Location *at = info->location[i];

        if (at->n_path == place->count &&
            memcmp(at->path, place->numbers, place->count * sizeof *at->path) == 0)
            return at;
    }
    return NULL;
}

static size_t
line_of(const ProtoFile *file, const Place *place)
{
    const Ciq__Plugin__SourceCodeInfo__Location *at = location(file, place);

    return at != NULL && at->n_span > 0 ? (size_t) at->span[0] + 1 : 1;
}

static void
mistake(Text *errors, const ProtoFile *file, size_t line, const char *what)
{
    text_add(errors, "%s:%zu: %s\n", file->name, line, what);
}

/* Google's own files have comments that protoc does not always carry. */
static bool
is_foreign(const ProtoFile *file)
{
    return strncmp(file->name, "google/", 7) == 0;
}

/* The lines of the comment without the space that each starts with. */
static char *
comment_of(Text *errors, const ProtoFile *file, const Place *place, const char *what,
           const char *name)
{
    const Ciq__Plugin__SourceCodeInfo__Location *at = location(file, place);
    const char *comment = at == NULL ? NULL : at->leading_comments;

    if (comment == NULL || comment[strspn(comment, " \n")] == '\0') {
        if (!is_foreign(file)) {
            char *text = must_format("%s %s has no comment", what, name);

            mistake(errors, file, line_of(file, place), text);
        }
        return must_format("%s.", name);
    }

    char *out = must_allocate(strlen(comment)), *end = out;
    bool line_starts = true;

    for (; *comment != '\0'; comment++) {
        if (!(line_starts && *comment == ' '))
            *end++ = *comment;
        line_starts = *comment == '\n';
    }
    while (end > out && isspace((unsigned char) end[-1]))
        *--end = '\0';
    return out;
}

/* ---- types ---- */

static int
compare_fields(const void *a, const void *b)
{
    const Field *left = a, *right = b;

    return (left->proto->number > right->proto->number) -
           (left->proto->number < right->proto->number);
}

static void
add_enum(Model *model, const ProtoFile *file, const ProtoEnum *proto, const char *scope,
         Place place, Text *errors)
{
    Enumeration *out = &model->enums[model->enums_count++];

    *out = (Enumeration){
        .file = file,
        .proto = proto,
        .name = must_format("%s.%s", scope, proto->name),
        .comment = comment_of(errors, file, &place, "enum", proto->name),
        .value_comments = must_allocate(proto->n_value * sizeof(char *)),
    };
    out->c_name = c_name(out->name, false);
    for (size_t i = 0; i < proto->n_value; i++) {
        Place value = place_add(place, 2, i);

        out->value_comments[i] =
            comment_of(errors, file, &value, "enum value", proto->value[i]->name);
    }
}

static void
add_message(Model *model, const ProtoFile *file, const ProtoMessage *proto, const char *scope,
            Place place, Text *errors)
{
    static const FieldRule no_rule = CLIENTIQ__V1__FIELD_RULE__INIT;

    if (model->messages_count == NAMES_MAX || place.count + 2 > PATH_MAX_DEPTH) {
        mistake(errors, file, 1, "too many messages, or nested too deeply");
        return;
    }

    Message *out = &model->messages[model->messages_count++];

    *out = (Message){
        .file = file,
        .proto = proto,
        .name = must_format("%s.%s", scope, proto->name),
        .comment = comment_of(errors, file, &place, "message", proto->name),
        .fields = must_allocate(proto->n_field * sizeof(Field)),
        .fields_count = proto->n_field,
    };
    out->c_name = c_name(out->name, false);
    out->c_lower = c_name(out->name, true);
    for (size_t i = 0; i < proto->n_field; i++) {
        const ProtoField *field = proto->field[i];
        Place at = place_add(place, 2, i);

        out->fields[i] = (Field){
            .proto = field,
            .comment = comment_of(errors, file, &at, "field", field->name),
            .rule = field->options != NULL && field->options->field != NULL ? field->options->field
                                                                            : &no_rule,
        };
        if (field->proto3_optional)
            mistake(errors, file, line_of(file, &at),
                    "optional is not supported: use update_mask or a message field");
    }
    qsort(out->fields, out->fields_count, sizeof *out->fields, compare_fields);
    for (size_t i = 0; i < proto->n_nested_type; i++)
        add_message(model, file, proto->nested_type[i], out->name, place_add(place, 3, i), errors);
    for (size_t i = 0; i < proto->n_enum_type; i++)
        add_enum(model, file, proto->enum_type[i], out->name, place_add(place, 4, i), errors);
}

static Message *
find_message(Model *model, const char *dotted)
{
    for (size_t i = 0; i < model->messages_count; i++)
        if (strcmp(model->messages[i].name, dotted + (*dotted == '.')) == 0)
            return &model->messages[i];
    return NULL;
}

static void
link_fields(Model *model)
{
    for (size_t i = 0; i < model->messages_count; i++)
        for (size_t j = 0; j < model->messages[i].fields_count; j++) {
            Field *field = &model->messages[i].fields[j];

            if (field->proto->type == TYPE_MESSAGE)
                field->message = find_message(model, field->proto->type_name);
        }
}

/* protobuf-c unpacks by recursion without a limit, so a message must not contain itself. */
static void
check_circle(Message *message, Text *errors)
{
    enum { UNSEEN, OPEN, DONE };

    message->visit = OPEN;
    for (size_t i = 0; i < message->fields_count; i++) {
        Message *inner = message->fields[i].message;

        if (inner == NULL || inner->visit == DONE)
            continue;
        if (inner->visit == OPEN) {
            char *text = must_format("message %s contains itself, by its field %s", message->name,
                                     message->fields[i].proto->name);

            mistake(errors, message->file, 1, text);
            continue;
        }
        check_circle(inner, errors);
    }
    message->visit = DONE;
}

static void
mark_used(Message *message)
{
    if (message == NULL || message->used)
        return;
    message->used = true;
    for (size_t i = 0; i < message->fields_count; i++)
        mark_used(message->fields[i].message);
}

/* ---- rules ---- */

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

/* A name that is not there is refused like one of the wrong type. */
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

static void
check_rule(const Method *method, Text *errors)
{
    const Rule *rule = &method->rule;
    const ProtoFile *file = method->file;
    size_t line = method->line;

    if (rule->scope == CLIENTIQ__V1__SCOPE__SCOPE_UNSPECIFIED)
        mistake(errors, file, line, "the rule does not say its scope");
    if (rule->access == CLIENTIQ__V1__ACCESS__ACCESS_UNSPECIFIED)
        mistake(errors, file, line, "the rule does not say who has access");
    if (rule->database == CLIENTIQ__V1__DATABASE__DATABASE_UNSPECIFIED)
        mistake(errors, file, line, "the rule does not say which database login it needs");
    if ((rule->access == CLIENTIQ__V1__ACCESS__ACCESS_PERMISSION) != (rule->permission[0] != '\0'))
        mistake(errors, file, line, "ACCESS_PERMISSION and a permission need each other");
    if (rule->permission[0] != '\0' && !permission_is_valid(rule->permission))
        mistake(errors, file, line, "a permission is app.codename");
    if ((rule->scope == CLIENTIQ__V1__SCOPE__SCOPE_ANY && rule->permission[0] != '\0') !=
        (rule->platform_permission[0] != '\0'))
        mistake(errors, file, line,
                "SCOPE_ANY with a permission and a platform_permission need each other");
    if (rule->platform_permission[0] != '\0' && !permission_is_valid(rule->platform_permission))
        mistake(errors, file, line, "a platform_permission is app.codename");
    if (rule->by_api_key && rule->access != CLIENTIQ__V1__ACCESS__ACCESS_AUTHENTICATED)
        mistake(errors, file, line, "by_api_key is for ACCESS_AUTHENTICATED only");
    if (rule->for_keys && rule->permission[0] == '\0')
        mistake(errors, file, line, "for_keys is for ACCESS_PERMISSION only");
    if (rule->n_own_fields > 0 && rule->permission[0] == '\0')
        mistake(errors, file, line, "own_fields are for ACCESS_PERMISSION only");
    for (size_t i = 0; i < rule->n_own_fields; i++)
        if (!is_own_field(method->request, rule->own_fields[i]))
            mistake(errors, file, line,
                    "own_fields name fields of the request that are int64 or string");
    if (!is_command(rule->command))
        mistake(errors, file, line,
                "a command is a noun and a verb, or two nouns and a verb: \"user list\"");
    if (rule->hashes_password && rule->database != CLIENTIQ__V1__DATABASE__DATABASE_WORKER)
        mistake(errors, file, line, "hashes_password is for DATABASE_WORKER only");
    if (rule->database == CLIENTIQ__V1__DATABASE__DATABASE_NONE && rule->writes)
        mistake(errors, file, line, "DATABASE_NONE cannot write");
    if (rule->never_replayed && !rule->writes)
        mistake(errors, file, line, "never_replayed is for writes only");
    if (rule->from_memory &&
        (rule->writes || rule->database != CLIENTIQ__V1__DATABASE__DATABASE_WORKER))
        mistake(errors, file, line, "from_memory is for reads by DATABASE_WORKER only");
}

/* What one word of a command line can say. */
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

/* ciq-client flattens the messages of a request by one level. */
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
                if (strcmp(names[k], field->proto->name) == 0) {
                    char *text = must_format("two fields of %s would be the flag --%s",
                                             method->request->name, field->proto->name);

                    mistake(errors, method->file, method->line, text);
                }
            if (count < sizeof names / sizeof *names)
                names[count++] = field->proto->name;
        }
    }
}

static void
check_commands(const Model *model, Text *errors)
{
    for (size_t i = 0; i < model->methods_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(model->methods[i].rule.command, model->methods[j].rule.command) == 0) {
                char *text = must_format("the command \"%s\" is that of %s too",
                                         model->methods[i].rule.command, model->methods[j].name);

                mistake(errors, model->methods[i].file, model->methods[i].line, text);
            }
}

/* ---- services ---- */

/* The standard health check has no options of ours; its rule lives here. */
static bool
health_rule(const char *name, Rule *rule)
{
    if (strcmp(name, "grpc.health.v1.Health/Check") != 0)
        return false;
    clientiq__v1__rule__init(rule);
    rule->scope = CLIENTIQ__V1__SCOPE__SCOPE_ANY;
    rule->access = CLIENTIQ__V1__ACCESS__ACCESS_PUBLIC;
    rule->database = CLIENTIQ__V1__DATABASE__DATABASE_NONE;
    rule->command = must_format("server health");
    return true;
}

static void
add_method(Model *model, const ProtoFile *file, const Ciq__Plugin__Service *service,
           const Ciq__Plugin__Method *proto, Place place, const char *sql_folder, Text *errors)
{
    Method method = {
        .file = file,
        .name = must_format("%s.%s/%s", file->package, service->name, proto->name),
        .service = service->name,
        .rpc = proto->name,
        .service_snake = snake(service->name),
        .rpc_snake = snake(proto->name),
        .comment = comment_of(errors, file, &place, "rpc", proto->name),
        .request = find_message(model, proto->input_type),
        .response = find_message(model, proto->output_type),
        .line = line_of(file, &place),
    };
    struct stat status;

    if (proto->client_streaming || proto->server_streaming) {
        mistake(errors, file, method.line, "a streaming rpc cannot travel over REQ/REP");
        return;
    }
    if (!health_rule(method.name, &method.rule)) {
        if (proto->options == NULL || proto->options->rule == NULL) {
            char *text = must_format("rpc %s has no rule", proto->name);

            mistake(errors, file, method.line, text);
            return;
        }
        method.rule = *proto->options->rule;
    }
    check_rule(&method, errors);
    if (method.request == NULL || method.response == NULL) {
        mistake(errors, file, method.line, "the rpc's messages are not known");
        return;
    }
    check_flags(&method, errors);
    mark_used(method.request);
    mark_used(method.response);

    char *sql = must_format("%s/rpc/%s/%s.sql", sql_folder, method.service_snake, method.rpc_snake);

    method.is_sql = stat(sql, &status) == 0;
    model->methods[model->methods_count++] = method;
}

static int
compare_methods(const void *a, const void *b)
{
    return strcmp(((const Method *) a)->name, ((const Method *) b)->name);
}

void
model_build(Model *model, const PluginRequest *request, const char *sql_folder, Text *errors)
{
    *model = (Model){
        .messages = must_allocate(NAMES_MAX * sizeof(Message)),
        .enums = must_allocate(NAMES_MAX * sizeof(Enumeration)),
        .methods = must_allocate(NAMES_MAX * sizeof(Method)),
        .services = must_allocate(NAMES_MAX * sizeof(Service)),
    };
    for (size_t i = 0; i < request->n_proto_file; i++) {
        const ProtoFile *file = request->proto_file[i];

        for (size_t j = 0; j < file->n_message_type; j++)
            add_message(model, file, file->message_type[j], file->package,
                        place_add((Place){0}, 4, j), errors);
        for (size_t j = 0; j < file->n_enum_type; j++)
            add_enum(model, file, file->enum_type[j], file->package, place_add((Place){0}, 5, j),
                     errors);
    }
    link_fields(model);
    for (size_t i = 0; i < model->messages_count; i++)
        if (!is_foreign(model->messages[i].file) && model->messages[i].visit == 0)
            check_circle(&model->messages[i], errors);
    for (size_t i = 0; i < request->n_proto_file; i++) {
        const ProtoFile *file = request->proto_file[i];

        for (size_t j = 0; j < file->n_service; j++) {
            Place place = place_add((Place){0}, 6, j);

            model->services[model->services_count++] =
                (Service){file->service[j]->name,
                          comment_of(errors, file, &place, "service", file->service[j]->name)};
            for (size_t k = 0; k < file->service[j]->n_method; k++)
                add_method(model, file, file->service[j], file->service[j]->method[k],
                           place_add(place, 2, k), sql_folder, errors);
        }
    }
    qsort(model->methods, model->methods_count, sizeof *model->methods, compare_methods);
    check_commands(model, errors);
}
