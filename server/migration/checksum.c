/* Version 2 is a hash over tokens, each behind its size, with a mark where two of them touch and
 * would mean something else if they did not.  */
#include "migration/checksum.h"
#include "migration/words.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

typedef crypto_generichash_state Hash;

enum { HASH_SIZE = 32 };

static void
hash_bytes(Hash *hash, const char *bytes, size_t size)
{
    crypto_generichash_update(hash, (const unsigned char *) bytes, size);
}

/* One thing: what it is, its size and its bytes, so that no two lists of things look alike. */
static void
hash_piece(Hash *hash, char kind, const char *bytes, size_t size)
{
    unsigned char head[9] = {(unsigned char) kind};

    for (int i = 0; i < 8; i++)
        head[1 + i] = (unsigned char) (size >> (56 - 8 * i));
    crypto_generichash_update(hash, head, sizeof head);
    hash_bytes(hash, bytes, size);
}

static bool
is_operator(const SqlToken *token)
{
    return token->kind == TOKEN_OTHER && token->size == 1 &&
           strchr("+-*/<>=~!@#%^&|`?", token->text[0]) != NULL;
}

static bool
touches(const SqlToken *token, const SqlToken *next)
{
    return token->text + token->size == next->text;
}

/* How many tokens from i on are one operator.  As PostgreSQL reads it: as long as can be, but with
 * a
 * + or - at its end only if it has one of the signs with which an operator of SQL never begins. */
static size_t
operator_size(const SqlStatement *statement, size_t i)
{
    const SqlToken *tokens = statement->tokens;
    size_t count = 1;
    bool is_free = strchr("~!@#%^&|`?", tokens[i].text[0]) != NULL;

    while (i + count < statement->count && is_operator(&tokens[i + count]) &&
           touches(&tokens[i + count - 1], &tokens[i + count])) {
        is_free = is_free || strchr("~!@#%^&|`?", tokens[i + count].text[0]) != NULL;
        count++;
    }
    while (count > 1 && !is_free && strchr("+-", tokens[i + count - 1].text[0]) != NULL)
        count--;
    return count;
}

/* Whether the token belongs to the one before it because nothing is between them: E'…', U&'…', and
 * a sign that would be another one alone. */
static bool
belongs_to_last(const SqlStatement *statement, size_t i)
{
    const SqlToken *token = &statement->tokens[i], *last;

    if (i == 0 || !touches(token - 1, token))
        return false;
    last = token - 1;
    if (token->kind == TOKEN_QUOTED && last->kind == TOKEN_QUOTED) /* "a""b" is one name */
        return true;
    if (token->kind == TOKEN_STRING || token->kind == TOKEN_QUOTED)
        return (last->kind == TOKEN_WORD && last->size == 1 &&
                strchr("benxBENX", last->text[0]) != NULL) ||
               (last->size == 1 && last->text[0] == '&' && i > 1 && touches(last - 1, last) &&
                last[-1].kind == TOKEN_WORD && last[-1].size == 1 &&
                strchr("uU", last[-1].text[0]) != NULL);
    return token->size == 1 && strchr(":=.", token->text[0]) != NULL && last->size == 1 &&
           strchr(":.", last->text[0]) != NULL;
}

static void
hash_statement(Hash *hash, const SqlStatement *statement)
{
    hash_piece(hash, 'S', "", 0);
    for (size_t i = 0; i < statement->count;) {
        const SqlToken *token = &statement->tokens[i];
        size_t count = is_operator(token) ? operator_size(statement, i) : 1;
        size_t size = (size_t) (token[count - 1].text + token[count - 1].size - token->text);

        hash_piece(hash, belongs_to_last(statement, i) ? 't' : 'T', token->text, size);
        i += count;
    }
}

static bool
hash_section(Hash *hash, char kind, const char *text)
{
    SqlSection section;
    bool ok = words_read(&section, text, 1);

    hash_piece(hash, kind, "", 0);
    for (size_t i = 0; ok && i < section.count; i++)
        hash_statement(hash, &section.statements[i]);
    words_free(&section);
    return ok;
}

bool
checksum_write(const ChecksumParts *parts, char checksum[CHECKSUM_SIZE])
{
    unsigned char bytes[HASH_SIZE];
    Hash hash;

    crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    for (size_t i = 0; parts->depends[i] != NULL; i++)
        hash_piece(&hash, 'D', parts->depends[i], strlen(parts->depends[i]));
    hash_piece(&hash, 'N', parts->no_transaction ? "1" : "0", 1);
    if (!hash_section(&hash, 'u', parts->up) || !hash_section(&hash, 'd', parts->down))
        return false;
    crypto_generichash_final(&hash, bytes, sizeof bytes);
    memcpy(checksum, "2:", 2);
    sodium_bin2hex(checksum + 2, CHECKSUM_SIZE - 2, bytes, sizeof bytes);
    return true;
}

void
checksum_write_1(const char *text, size_t size, bool with_returns, char checksum[CHECKSUM_SIZE])
{
    const char *end = text + size, *line = text;
    unsigned char bytes[HASH_SIZE];
    Hash hash;

    crypto_generichash_init(&hash, NULL, 0, sizeof bytes);
    for (const char *next;
         with_returns && (next = memchr(line, '\n', (size_t) (end - line))) != NULL;
         line = next + 1) {
        hash_bytes(&hash, line, (size_t) (next - line));
        hash_bytes(&hash, "\r\n", 2);
    }
    hash_bytes(&hash, line, (size_t) (end - line));
    crypto_generichash_final(&hash, bytes, sizeof bytes);
    sodium_bin2hex(checksum, CHECKSUM_SIZE, bytes, sizeof bytes);
}
