/* Reads the statements: the header's lines first, then the text piece by piece. */
#include "statement.h"

#include "db/fit.h"
#include "migration/statement.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the header ---- */

/* What stands behind "-- key: " in a line; NULL if the line is another. */
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

/* The kind of change that is called so; CHANGE_KINDS if none is. */
static ChangeKind
change_kind(const char *name, size_t size)
{
    static const char *const kinds[CHANGE_KINDS] = {
#define CHANGE(name, letter, what) [CHANGE_##name] = #name,
#include "call/changes.def"
#undef CHANGE
    };
    ChangeKind kind = 0;

    while (kind < CHANGE_KINDS &&
           (strlen(kinds[kind]) != size || strncasecmp(kinds[kind], name, size) != 0))
        kind++;
    return kind;
}

/* "names", or several kinds of server/call/changes.def with spaces between. */
static void
parse_changes(Statement *statement, size_t line, const char *value, size_t size)
{
    const char *end = value + size;

    statement->changes_line = line;
    do {
        size_t length = strcspn(value, " \n");
        ChangeKind kind = change_kind(value, length);

        if (kind == CHANGE_KINDS) {
            mistake(statement->file, line, "\"%.*s\" is not a kind of change of call/changes.def",
                    (int) length, value);
            return;
        }
        statement->changes |= CHANGE_BIT(kind);
        value += length;
        value += strspn(value, " ");
    } while (value < end);
}

static void
parse_rows(Statement *statement, size_t line, const char *value, size_t size)
{
    static const char *const kinds[] = {
        [ROWS_NONE] = "none", [ROWS_ONE] = "one", [ROWS_MANY] = "many"};
    char text[2 * NAME_SIZE], rows[8] = "", *into = statement->into;
    size_t kind = 0, kinds_count = sizeof kinds / sizeof *kinds;
    int end = 0;

    if (statement->has_rows)
        mistake(statement->file, line, "the header rows is there twice");
    statement->has_rows = true;
    statement->into_line = line;
    snprintf(text, sizeof text, "%.*s", (int) size, value);
    if (sscanf(text, "%7s%n into %127s%n", rows, &end, into, &end) < 1)
        rows[0] = '\0';
    while (kind < kinds_count && strcmp(rows, kinds[kind]) != 0)
        kind++;
    if (kind == kinds_count || text[(size_t) end + strspn(text + end, " ")] != '\0')
        mistake(statement->file, line,
                "rows must be none, one, one into FIELD, or many into FIELD");
    statement->rows = (QueryRows) kind;
    if (kind == ROWS_MANY && into[0] == '\0')
        mistake(statement->file, line,
                "rows must say into which field many rows go: many into FIELD");
    if (kind == ROWS_NONE && into[0] != '\0')
        mistake(statement->file, line, "rows must not have a field if it is none");
}

/* A comment of one lower-case word and a colon: nothing but a header looks so, and one that is
 * misspelled or misplaced is not to be taken for words. */
static void
refuse_header(const File *file, size_t line, const char *comment, const char *what)
{
    const char *word = comment + 2 + strspn(comment + 2, " ");
    size_t letters = strspn(word, "abcdefghijklmnopqrstuvwxyz_");

    if (letters > 0 && word[letters] == ':')
        mistake(file, line, "%s %.*s", what, (int) letters, word);
}

/* Reads the comment lines at the top.  Gives where the statement starts. */
static const char *
parse_header(Statement *statement)
{
    const char *at = statement->file->text;

    for (size_t line = 1; *at != '\0'; line++) {
        size_t size = strcspn(at, "\n");
        bool is_comment = strncmp(at, "--", 2) == 0;
        const char *value;

        if (!is_comment && strspn(at, " \t") != size)
            break;
        if ((value = header_value(at, "rows")) != NULL)
            parse_rows(statement, line, value, (size_t) (at + size - value));
        else if ((value = header_value(at, "changes")) != NULL)
            parse_changes(statement, line, value, (size_t) (at + size - value));
        else if (is_comment)
            refuse_header(statement->file, line, at, "unknown header");
        at += size + (at[size] == '\n');
    }
    if (!statement->has_rows)
        mistake(
            statement->file, 1,
            "the header rows is missing: -- rows: none, one, one into FIELD, or many into FIELD");
    return at;
}

/* ---- the text ---- */

/* Reads one file, a statement's or a part's, and gathers what comes of it.  White space between
 * pieces becomes one space, and none at either end. */
typedef struct Reader {
    Statement *statement;
    const Parts *parts;
    const File *file;
    FILE *out;
    const char *counted; /* the file's text up to here has line - 1 ends of lines */
    size_t line;
    size_t size;              /* characters of the statement's text so far */
    bool is_empty, has_space; /* what was gathered; what stands before the next piece */
} Reader;

/* The line of a place that is not before one that was asked for already. */
static size_t
line_at(Reader *reader, const char *at)
{
    for (; reader->counted < at; reader->counted++)
        reader->line += *reader->counted == '\n';
    return reader->line;
}

/* Says from where what is gathered next comes. */
static void
mark_line(Reader *reader, const char *at)
{
    Statement *statement = reader->statement;
    size_t count = statement->lines_count, line = line_at(reader, at);
    Line *list = statement->lines;

    if (count > 0 && list[count - 1].file == reader->file && list[count - 1].line == line)
        return;
    list = realloc(list, (count + 1) * sizeof *list);
    if (list == NULL)
        die("cannot allocate", "memory");
    statement->lines = list;
    list[statement->lines_count++] = (Line){reader->size, line, reader->file};
}

static void
append_space(Reader *reader)
{
    if (reader->has_space && !reader->is_empty) {
        fputc(' ', reader->out);
        reader->size++;
    }
    reader->has_space = false;
}

/* A piece that comes from this place of the file. */
static void
append(Reader *reader, const char *at, const char *piece, size_t size)
{
    append_space(reader);
    mark_line(reader, at);
    fwrite(piece, 1, size, reader->out);
    for (size_t i = 0; i < size; i++)
        reader->size += ((unsigned char) piece[i] & 0xc0) != 0x80;
    reader->is_empty = false;
}

static bool
is_in_part(const Reader *reader)
{
    return reader->file != reader->statement->file;
}

/* The parameter's number, from 1 on; the same for the same name. */
static size_t
parameter_number(const Reader *reader, const char *name, size_t size)
{
    Statement *statement = reader->statement;
    size_t line = file_line(reader->file, name);
    char *text = copy(name, size);

    for (size_t i = 0; i < statement->parameters_count; i++)
        if (strcmp(statement->parameters[i].name, text) == 0)
            return i + 1;
    if (fit_is_unknown_context(text))
        mistake(reader->file, line, "no context is called :%s; server/db/parameter.def has them",
                text);
    if (statement->parameters_count == LIMIT_PARAMETERS) {
        mistake(reader->file, line, "a statement must not have more than %d parameters",
                LIMIT_PARAMETERS);
        return 1;
    }
    statement->parameters[statement->parameters_count++] = (Parameter){text, reader->file, line};
    return statement->parameters_count;
}

static bool
is_word(char c)
{
    return isalnum((unsigned char) c) || c == '_';
}

/* A parameter's name is words with a dot between them. */
static size_t
name_size(const char *name)
{
    size_t size = 0;

    while (is_word(name[size]) || (name[size] == '.' && is_word(name[size + 1])))
        size++;
    return size;
}

/* A parameter, ::type or :=. */
static const char *
parse_colon(Reader *reader, const char *at)
{
    char number[16];

    if (at[1] == ':' || at[1] == '=') {
        append(reader, at, at, 2);
        return at + 2;
    }
    if (!islower((unsigned char) at[1]) && at[1] != '_') {
        append(reader, at, at, 1);
        return at + 1;
    }

    size_t size = name_size(at + 1);

    snprintf(number, sizeof number, "$%zu", parameter_number(reader, at + 1, size));
    append(reader, at, number, strlen(number));
    return at + 1 + size;
}

/* A comment, which goes, or a quoted piece, which stays as it is.  Since a file ends with the end
 * of a line, what reaches up to there has no end of its own. */
static const char *
parse_skipped(Reader *reader, const char *at, const char *end)
{
    size_t line = file_line(reader->file, at);

    if (*at == '-')
        refuse_header(reader->file, line, at, "only the top of a statement has the header");
    else if (*end == '\0')
        mistake(reader->file, line, "a %s is not closed", *at == '/' ? "comment" : "quote");
    else if (*at != '/')
        append(reader, at, at, (size_t) (end - at));
    return end;
}

static char *read_text(Reader *reader, const char *at);

/* The name of a part in braces. */
static const char *
parse_brace(Reader *reader, const char *at)
{
    size_t line = file_line(reader->file, at);
    size_t size = name_size(at + 1);
    Part *part = parts_find(reader->parts, at + 1, size);

    if (at[1 + size] != '}') {
        mistake(reader->file, line, "{ must be followed by the name of a part and }");
        return at + 1;
    }
    if (is_in_part(reader)) {
        mistake(reader->file, line, "a part must not have parts of its own");
    } else if (part == NULL) {
        mistake(reader->file, line, "there is no sql/part/%.*s.sql", (int) size, at + 1);
    } else {
        append_space(reader);

        Reader inner = {.statement = reader->statement,
                        .parts = reader->parts,
                        .file = part->file,
                        .size = reader->size};

        fputs(read_text(&inner, part->file->text), reader->out);
        reader->size = inner.size;
        reader->is_empty = false;
        part->is_used = true;
    }
    return at + size + 2;
}

static const char spaces[] = " \t\r\n\f\v";

/* The end of the statement. */
static const char *
parse_semicolon(const Reader *reader, const char *at)
{
    size_t line = file_line(reader->file, at);

    if (is_in_part(reader))
        mistake(reader->file, line, "a part must not end the statement");
    else if (at[1 + strspn(at + 1, spaces)] != '\0')
        mistake(reader->file, line, "there must be one statement in a file, but here is a second");
    return at + 1;
}

static void
parse_text(Reader *reader, const char *at)
{
    while (*at != '\0') {
        const char *end = statement_skip(reader->file->text, at);

        if (end != at) {
            at = parse_skipped(reader, at, end);
        } else if (strchr(spaces, *at) != NULL) {
            reader->has_space = true;
            at += strspn(at, spaces);
        } else if (*at == ':') {
            at = parse_colon(reader, at);
        } else if (*at == '{') {
            at = parse_brace(reader, at);
        } else if (*at == ';') {
            at = parse_semicolon(reader, at);
        } else {
            append(reader, at, at, 1);
            at++;
        }
    }
}

/* What the rest of a file comes to. */
static char *
read_text(Reader *reader, const char *at)
{
    const File *file = reader->file;
    char *text;
    size_t size;

    reader->counted = file->text;
    reader->line = 1;
    reader->is_empty = true;
    reader->out = open_memstream(&text, &size);
    if (reader->out == NULL)
        die("cannot allocate", "memory");
    parse_text(reader, at);
    if (fclose(reader->out) != 0)
        die("cannot allocate", "memory");
    if (file->size > 0 && file->text[file->size - 1] != '\n')
        mistake(file, file_line(file, file->text + file->size),
                "the last line must end with a newline");
    if (size == 0)
        mistake(file, 1, "there is no SQL in it");
    return text;
}

void
statements_add(Statements *statements, const Files *files, const char *prefix, const Parts *parts)
{
    size_t count = statements->count + files->count;
    Statement *list = realloc(statements->list, count * sizeof *list + 1);

    if (list == NULL)
        die("cannot allocate", "memory");
    statements->list = list;
    for (size_t i = 0; i < files->count; i++) {
        Statement *statement = &list[statements->count++];
        char name[NAME_SIZE];

        *statement = (Statement){.file = &files->list[i]};
        file_name(statement->file, name);
        snprintf(statement->name, sizeof statement->name, "%.20s%.100s", prefix, name);

        Reader reader = {.statement = statement, .parts = parts, .file = statement->file};

        statement->text = read_text(&reader, parse_header(statement));
    }
}

void
statements_check_names(const Statements *statements)
{
    for (size_t i = 0; i < statements->count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(statements->list[i].name, statements->list[j].name) == 0)
                mistake(statements->list[i].file, 1, "%s is the name of another statement too",
                        statements->list[i].name);
}
