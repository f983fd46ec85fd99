/* SQL as the words and signs it consists of, so that rules can ask what stands where.  Words, not
 * meaning: nothing here knows SQL's grammar or a database.  Used by lint.c. */
#ifndef CIQ_SERVER_WORDS_H
#define CIQ_SERVER_WORDS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum SqlTokenKind { TOKEN_WORD, TOKEN_QUOTED, TOKEN_STRING, TOKEN_OTHER } SqlTokenKind;

typedef struct SqlToken {
    const char *text; /* of a quoted name and a string: with its quotes */
    size_t size;
    SqlTokenKind kind;
} SqlToken;

typedef struct SqlStatement {
    const char *before; /* where the statement before has ended: its comments stand from here on */
    const char *start;
    size_t size;
    SqlToken *tokens;
    size_t count;
} SqlStatement;

typedef struct SqlSection {
    const char *text;
    size_t line; /* of the file, where text starts */
    SqlStatement *statements;
    size_t count;
} SqlSection;

/* Reads all statements of a section whose first line is this one of its file.  False: no memory.
 * Either way words_free frees what was read. */
MUST_CHECK bool words_read(SqlSection *section, const char *text, size_t line);
void words_free(SqlSection *section);

/* Adds the tokens of a text to a statement; its tokens are the caller's to free.  False: no
 * memory. */
MUST_CHECK bool words_read_statement(SqlStatement *statement, const char *text, size_t size);

/* The i-th token; behind the last: one that is no word, no name and no sign. */
const SqlToken *words_token(const SqlStatement *statement, size_t i);

/* What the i-th token is.  Words are compared without case; lists end with NULL; a name is a word
 * or a quoted name. */
bool words_is(const SqlStatement *statement, size_t i, const char *word);
bool words_is_one_of(const SqlStatement *statement, size_t i, const char *const *words);
bool words_is_sign(const SqlStatement *statement, size_t i, char sign);
bool words_is_name(const SqlStatement *statement, size_t i);

/* How many tokens these words are from i on; 0: others stand there. */
size_t words_at(const SqlStatement *statement, size_t i, const char *words);

/* Whether these words stand somewhere from one token up to another. */
bool words_has(const SqlStatement *statement, size_t from, size_t to, const char *words);

/* Past those of these words that stand at i, in any order. */
size_t words_skip(const SqlStatement *statement, size_t i, const char *const *words);

/* What may stand between a kind and a name: "if not exists", "only", "concurrently" ... */
extern const char *const words_fillers[];

/* The last part of the name that starts at i, after fillers; *next, if not NULL, is behind it. */
const SqlToken *words_name(const SqlStatement *statement, size_t i, size_t *next);
bool words_is_same_name(const SqlToken *one, const SqlToken *other);

/* Past "create [or replace] [temporary ...] <kind>"; 0: the statement makes something else. */
size_t words_created(const SqlStatement *statement, const char *kind);

#endif
