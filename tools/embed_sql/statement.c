/* Reads the statements. */
#include "statement.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

Statement statements[FILES_MAX];
size_t statements_count;

static const char *
header_value(const char *line, const char *key)
{
    size_t size = strlen(key);

    while (*line == '-' || *line == ' ')
        line++;
    if (strncmp(line, key, size) != 0 || line[size] != ':')
        return NULL;
    line += size + 1;
    return line + strspn(line, " ");
}

/* "names", or several kinds of server/call/changes.def with spaces between. */
static void
parse_changes(Statement *statement, size_t line, const char *value, size_t size)
{
    static const char *const kinds[CHANGE_KINDS] = {
#define CHANGE(name, letter, what) [CHANGE_##name] = #name,
#include "call/changes.def"
#undef CHANGE
    };
    const char *end = value + size;

    while (value < end) {
        size_t length = 0;
        ChangeKind kind = 0;

        while (value + length < end && value[length] != ' ')
            length++;
        while (kind < CHANGE_KINDS &&
               (strlen(kinds[kind]) != length || strncasecmp(kinds[kind], value, length) != 0))
            kind++;
        if (kind == CHANGE_KINDS) {
            mistake(statement->file, line, "%.*s is not a kind of change of call/changes.def",
                    (int) length, value);
            return;
        }
        statement->changes |= CHANGE_BIT(kind);
        value += length;
        value += strspn(value, " ");
    }
}

static void
parse_rows(Statement *statement, size_t line, const char *value, size_t size)
{
    char text[NAME_SIZE];

    snprintf(text, sizeof text, "%.*s", (int) size, value);
    if (sscanf(text, "%7s into %127s", statement->rows, statement->into) < 1)
        statement->rows[0] = '\0';
    if (strcmp(statement->rows, "none") != 0 && strcmp(statement->rows, "one") != 0 &&
        strcmp(statement->rows, "many") != 0)
        mistake(statement->file, line, "rows must be one, many or none");
    if (strcmp(statement->rows, "many") == 0 && statement->into[0] == '\0')
        mistake(statement->file, line, "rows: many needs into and a field");
    if (strcmp(statement->rows, "none") == 0 && statement->into[0] != '\0')
        mistake(statement->file, line, "rows: none has no into");
}

/* Reads the comment lines at the top; returns where the statement starts. */
static const char *
parse_header(Statement *statement)
{
    const File *file = statement->file;
    const char *at = file->text;

    for (size_t line = 1;; line++) {
        const char *value;
        size_t size = strcspn(at, "\n");

        if (strncmp(at, "--", 2) != 0 && strspn(at, " \t") != size)
            break;
        if (size == 0 && *at == '\0')
            break;
        if ((value = header_value(at, "rows")) != NULL) {
            if (statement->rows[0] != '\0')
                mistake(file, line, "rows is said twice");
            parse_rows(statement, line, value, (size_t) (at + size - value));
        } else if ((value = header_value(at, "changes")) != NULL) {
            parse_changes(statement, line, value, (size_t) (at + size - value));
        } else if (strncmp(at, "--", 2) == 0) {
            size_t word = strspn(at + 2, " ") + 2;
            size_t letters = strspn(at + word, "abcdefghijklmnopqrstuvwxyz_");

            /* one lower-case word and a colon, and nothing but a header looks so */
            if (letters > 0 && at[word + letters] == ':' && letters < size - word)
                mistake(file, line, "unknown header %.*s", (int) letters, at + word);
        }
        at += size;
        if (*at == '\n')
            at++;
    }
    if (statement->rows[0] == '\0')
        mistake(file, 1, "the header line \"-- rows: one | many | none\" is missing");
    return at;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

/* Where a quoted piece that starts at text ends; text + 0 if none starts there. */
static const char *
skip_quoted(const File *file, const char *text)
{
    const char *end;

    if (*text == '\'' || *text == '"') {
        for (end = text + 1; *end != '\0' && *end != *text; end++)
            if (*text == '\'' && *end == '\\' && text > file->text && text[-1] == 'E')
                end++;
        if (*end == '\0') {
            mistake(file, line_of(file, text), "a quote is not closed");
            return end;
        }
        return end + 1;
    }
    if (*text == '$' && (text[1] == '$' || isalpha((unsigned char) text[1]))) {
        size_t tag = strcspn(text + 1, "$") + 2;
        const char *at = text + tag;

        if (text[tag - 1] != '$')
            return text;
        for (; *at != '\0'; at++)
            if (strncmp(at, text, tag) == 0)
                return at + tag;
        mistake(file, line_of(file, text), "a dollar quote is not closed");
        return at;
    }
    return text;
}

static const char *
skip_comment(const File *file, const char *text)
{
    if (text[0] == '-' && text[1] == '-')
        return text + strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*') {
        const char *end = strstr(text + 2, "*/");

        if (end == NULL) {
            mistake(file, line_of(file, text), "a comment is not closed");
            return text + strlen(text);
        }
        return end + 2;
    }
    return text;
}

/* A name in a group of contexts that is none of them is misspelled; but a request may have a field
 * "tenant", so that its names may be that field's. */
static bool
is_unknown_context(const char *name)
{
    static const struct {
        const char *group, *name;
    } contexts[] = {
#define CONTEXT(group, name, expression) {#group, #group "." #name},
#include "db/context.def"
#undef CONTEXT
    };
    size_t group = strcspn(name, ".");
    bool has_contexts = false;

    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        if (strcmp(contexts[i].name, name) == 0)
            return false;
        if (strlen(contexts[i].group) == group && strncmp(contexts[i].group, name, group) == 0)
            has_contexts = true;
    }
    return has_contexts && name[group] == '.' && strncmp(name, "tenant.", 7) != 0;
}

static size_t
parameter_index(Statement *statement, const char *name, size_t size, size_t line)
{
    char *text = copy(name, size);

    for (size_t i = 0; i < statement->parameters_count; i++)
        if (strcmp(statement->parameters[i], text) == 0)
            return i;
    if (is_unknown_context(text))
        mistake(statement->file, line, "no context is called :%s; server/db/context.def has them",
                text);
    if (statement->parameters_count == PARAMETERS_MAX) {
        mistake(statement->file, line, "more than %d parameters", PARAMETERS_MAX);
        return 0;
    }
    statement->parameters[statement->parameters_count] = text;
    return statement->parameters_count++;
}

void
parse_statement(const File *file, const char *prefix)
{
    Statement *statement = &statements[statements_count++];
    char base[NAME_SIZE];

    statement->file = file;
    base_name(file, base);
    snprintf(statement->name, sizeof statement->name, "%.20s%.100s", prefix, base);

    const char *at = parse_header(statement);
    char *out = allocate(file->size * 2 + PARAMETERS_MAX * 8 + 1);

    statement->text = out;
    while (*at != '\0') {
        const char *end = skip_comment(file, at);

        if (end != at) {
            at = end;
            continue;
        }
        end = skip_quoted(file, at);
        if (end != at) {
            memcpy(out, at, (size_t) (end - at));
            out += end - at;
            at = end;
            continue;
        }
        if (isspace((unsigned char) *at)) {
            at += strspn(at, " \t\r\n");
            if (out > statement->text && out[-1] != ' ')
                *out++ = ' ';
            continue;
        }
        if (at[0] == ':' && (at[1] == ':' || at[1] == '=')) {
            *out++ = *at++;
            *out++ = *at++;
            continue;
        }
        if (at[0] == ':' && (islower((unsigned char) at[1]) || at[1] == '_')) {
            size_t size = 0;

            while (is_word(at[1 + size]) || (at[1 + size] == '.' && is_word(at[2 + size])))
                size++;
            out += sprintf(out, "$%zu",
                           parameter_index(statement, at + 1, size, line_of(file, at)) + 1);
            at += size + 1;
            continue;
        }
        if (*at == ';') {
            if (at[1 + strspn(at + 1, " \t\r\n")] != '\0')
                mistake(file, line_of(file, at), "a second statement; one file is one statement");
            at++;
            continue;
        }
        *out++ = *at++;
    }
    while (out > statement->text && out[-1] == ' ')
        *--out = '\0';
    if (statement->text[0] == '\0')
        mistake(file, 1, "no statement");
}
