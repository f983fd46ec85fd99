/* SQL as words and signs; see words.h.  What stands in a comment is left out, and a string or a
 * dollar quote is one token, whatever stands in it.  */
#include "migration/words.h"
#include "migration/statement.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
add_token(SqlStatement *statement, size_t *room, SqlToken token)
{
    if (statement->count == *room) {
        size_t more = *room * 2 + 32;
        SqlToken *tokens = realloc(statement->tokens, more * sizeof *tokens);

        if (tokens == NULL)
            return false;
        statement->tokens = tokens;
        *room = more;
    }
    statement->tokens[statement->count++] = token;
    return true;
}

bool
words_read_statement(SqlStatement *statement, const char *text, size_t size)
{
    const char *at = text, *end = text + size;
    size_t room = 0;

    while (at < end) {
        const char *piece = statement_skip(text, at);
        SqlToken token = {.text = at, .size = 1, .kind = TOKEN_OTHER};

        if (piece > end)
            piece = end;
        if (piece != at && (*at == '-' || *at == '/')) {
            at = piece;
            continue;
        }
        if (piece != at) {
            token.kind = *at == '"' ? TOKEN_QUOTED : TOKEN_STRING;
            token.size = (size_t) (piece - at);
        } else if (isspace((unsigned char) *at)) {
            at++;
            continue;
        } else if (statement_is_letter(*at)) {
            piece = statement_word(at);
            token.kind = TOKEN_WORD;
            token.size = (size_t) ((piece < end ? piece : end) - at);
        } else if (isdigit((unsigned char) *at)) {
            while (at + token.size < end &&
                   (isalnum((unsigned char) at[token.size]) || at[token.size] == '.'))
                token.size++;
        }
        if (!add_token(statement, &room, token))
            return false;
        at += token.size;
    }
    return true;
}

void
words_free(SqlSection *section)
{
    for (size_t i = 0; i < section->count; i++)
        free(section->statements[i].tokens);
    free(section->statements);
}

bool
words_read(SqlSection *section, const char *text, size_t line)
{
    const char *at = text, *next, *start;
    size_t size;

    *section = (SqlSection){.text = text, .line = line};
    while ((next = statement_next(at, &start, &size)) != NULL) {
        SqlStatement *more = realloc(section->statements, (section->count + 1) * sizeof *more);

        if (more == NULL)
            return false;
        section->statements = more;
        more[section->count] = (SqlStatement){.before = at, .start = start, .size = size};
        if (!words_read_statement(&more[section->count++], start, size))
            return false;
        at = next;
    }
    return true;
}

const SqlToken *
words_token(const SqlStatement *statement, size_t i)
{
    static const SqlToken none = {.text = "", .kind = TOKEN_OTHER};

    return i < statement->count ? &statement->tokens[i] : &none;
}

bool
words_is(const SqlStatement *statement, size_t i, const char *word)
{
    const SqlToken *token = words_token(statement, i);

    return token->kind == TOKEN_WORD && strlen(word) == token->size &&
           strncasecmp(token->text, word, token->size) == 0;
}

bool
words_is_one_of(const SqlStatement *statement, size_t i, const char *const *words)
{
    for (; *words != NULL; words++)
        if (words_is(statement, i, *words))
            return true;
    return false;
}

bool
words_is_sign(const SqlStatement *statement, size_t i, char sign)
{
    const SqlToken *token = words_token(statement, i);

    return token->kind == TOKEN_OTHER && token->text[0] == sign;
}

size_t
words_at(const SqlStatement *statement, size_t i, const char *words)
{
    size_t count = 0;

    while (*words != '\0') {
        size_t size = strcspn(words, " ");
        char word[32];

        memcpy(word, words, size);
        word[size] = '\0';
        if (!words_is(statement, i + count, word))
            return 0;
        count++;
        words += size + (words[size] == ' ');
    }
    return count;
}

bool
words_has(const SqlStatement *statement, size_t from, size_t to, const char *words)
{
    for (size_t i = from; i < to && i < statement->count; i++)
        if (words_at(statement, i, words) > 0)
            return true;
    return false;
}

size_t
words_skip(const SqlStatement *statement, size_t i, const char *const *words)
{
    while (words_is_one_of(statement, i, words))
        i++;
    return i;
}

const char *const words_fillers[] = {"if",           "not", "exists",  "only",
                                     "concurrently", "or",  "replace", NULL};

bool
words_is_name(const SqlStatement *statement, size_t i)
{
    SqlTokenKind kind = words_token(statement, i)->kind;

    return kind == TOKEN_WORD || kind == TOKEN_QUOTED;
}

const SqlToken *
words_name(const SqlStatement *statement, size_t i, size_t *next)
{
    i = words_skip(statement, i, words_fillers);
    while (words_is_name(statement, i) && words_is_sign(statement, i + 1, '.') &&
           words_is_name(statement, i + 2))
        i += 2;
    if (next != NULL)
        *next = i + 1;
    return words_token(statement, i);
}

bool
words_is_same_name(const SqlToken *one, const SqlToken *other)
{
    const char *a = one->text, *b = other->text;
    size_t a_size = one->size, b_size = other->size;
    bool quoted = one->kind == TOKEN_QUOTED && other->kind == TOKEN_QUOTED;

    if (one->kind == TOKEN_QUOTED && a_size >= 2) {
        a++;
        a_size -= 2;
    }
    if (other->kind == TOKEN_QUOTED && b_size >= 2) {
        b++;
        b_size -= 2;
    }
    return a_size == b_size && a_size > 0 &&
           (quoted ? memcmp(a, b, a_size) : strncasecmp(a, b, a_size)) == 0;
}

size_t
words_created(const SqlStatement *statement, const char *kind)
{
    static const char *const modes[] = {"or",        "replace",    "unlogged", "temporary",
                                        "temp",      "global",     "local",    "unique",
                                        "recursive", "constraint", NULL};
    size_t i, size;

    if (!words_is(statement, 0, "create"))
        return 0;
    i = words_skip(statement, 1, modes);
    size = words_at(statement, i, kind);
    return size == 0 ? 0 : i + size;
}
