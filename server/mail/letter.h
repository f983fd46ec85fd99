/* The text of a letter: fills templates and writes headers and MIME itself, because a letter is a
 * few lines and also goes into files.  Whatever a value contains, it cannot begin a header or
 * another part.  Called by mail.c and outbox.c; sends nothing.  */
#ifndef CIQ_SERVER_LETTER_H
#define CIQ_SERVER_LETTER_H

#include "base/compiler.h"
#include "base/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { LETTER_ADDRESS_SIZE = 1024 }; /* 254 bytes, each quoted or in IDNA's ASCII */

/* A template that is built in: "welcome.txt", "welcome.html".  The first line of a .txt is the
 * subject. */
typedef struct LetterTemplate {
    const char *file, *text;
} LetterTemplate;

extern const LetterTemplate letter_templates[]; /* ended by file NULL */

/* What {{name}} in a template stands for; an array of them ends with a NULL name. */
typedef struct LetterValue {
    const char *name, *value;
} LetterValue;

typedef struct Letter {
    const char *template_name; /* "welcome" */
    const char *recipient;
    const char *message_id; /* without brackets; the same at each attempt (RFC 5322) */
    int64_t time_s;         /* Unix time of its Date */
    const LetterValue *values;
    bool is_8bit; /* bytes over 127 are not encoded in the body: for files, not for SMTP */
} Letter;

/* The whole letter with CRLF; from malloc.  NULL: reason says why. */
MUST_CHECK char *letter_compose(const Config *config, const Letter *letter, char *reason,
                                size_t size);

/* Replaces {{name}} in a text, for HTML with the five characters escaped; from malloc.  NULL: no
 * memory. */
MUST_CHECK char *letter_fill(const char *text, const LetterValue *values, bool is_html);

/* A stored address as SMTP and headers take it, with a domain of other letters in ASCII (IDNA).  It
 * may be older than the rule of call/address.h: a local part of other characters is quoted.  False:
 * nobody is sent mail by it, because it is not one address alone with a domain. */
MUST_CHECK bool letter_address(const char *text, char address[LETTER_ADDRESS_SIZE]);

/* The address of a sender as a setting says it: "Ann <ann@example.com>", or an address alone (both
 * by the rule of call/address.h). */
MUST_CHECK bool letter_sender(const char *text, char address[LETTER_ADDRESS_SIZE]);

/* Whether all templates can be filled; if not, writes a sentence to errors. */
MUST_CHECK bool letter_check_templates(const Config *config, FILE *errors);

#endif
