/* Which characters a text for people may have, and how the others are written where they came in
 * nevertheless.  One rule for both: what a field takes is shown as it is, wherever it is shown, and
 * what a field refuses is escaped wherever it is older than the rule or comes from elsewhere.
 *
 * Not shown are bytes that are not UTF-8, control characters (C0, C1, DEL), line and paragraph
 * separators, marks that turn the direction of writing, and characters that nobody sees: all of
 * Unicode's Cc, Cf, Zl and Zp, tags, the blank letters U+3164 and U+FFA0, and noncharacters.  A
 * joiner (U+200C, U+200D) is shown only where it changes what is seen: between two characters of a
 * script that joins (Arabic, the scripts of India and their relatives, Mongolian), and U+200D
 * between two of emoji.  */
#ifndef CIQ_VISIBLE_H
#define CIQ_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VISIBLE_PIECE = 12 }; /* room for one character as it is shown, and a NUL */

/* Whether line ends and tabs are shown as they are, or escaped like other controls. */
typedef enum VisibleLines { VISIBLE_ONE_LINE, VISIBLE_LINES } VisibleLines;

/* Reads the character at text, of which left bytes are there (at least 1), behind the character
 * before (0: none).  Gives its bytes, 1 for a byte that is not UTF-8, and says what it is
 * (*character) and whether it is shown; of what is no UTF-8, *character is the byte. */
size_t visible_read(uint32_t before, const char *text, size_t left, VisibleLines lines,
                    uint32_t *character, bool *is_shown);

/* The same, as it is shown: itself, or \x9b, \u202e, \U000e0041.  *before becomes the character. */
size_t visible_piece(uint32_t *before, const char *text, size_t left, VisibleLines lines,
                     char piece[VISIBLE_PIECE]);

/* Whether all of the text is shown as it is.  If not, *wrong is the first character that is not,
 * and *place its number, from 1. */
bool visible_is(const char *text, VisibleLines lines, uint32_t *wrong, size_t *place);

/* The text as it is shown, cut to fit the room, never within a character or an escape.  Gives its
 * bytes without the NUL. */
size_t visible_cut(const char *text, size_t size, VisibleLines lines, char *out, size_t room);

/* All of it.  From malloc; NULL: no memory. */
char *visible_copy(const char *text, VisibleLines lines);

/* From here on, all that the program writes to stdout and stderr by stdio is made visible on its
 * way, in lines, whoever prints it.  For the beginning of main.  False: no memory. */
bool visible_guard(void);

/* What only this program itself says to a terminal, to standard error, and as it is: how a line is
 * written over. */
void visible_control(const char *text);

#endif
