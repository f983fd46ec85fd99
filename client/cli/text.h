/* Texts for people: what a terminal may be shown, and which word was probably meant.  */
#ifndef CIQ_CLI_TEXT_H
#define CIQ_CLI_TEXT_H

#include <jansson.h>
#include <stdio.h>

enum { TEXT_NEAR_MAX = 2 }; /* letters; a word that is further away is another one */

/* The text without anything that a terminal would obey: control characters, marks that turn the
 * direction of writing, and bytes that are no UTF-8 become \x1b or \u202e.  From malloc; NULL: no
 * memory. */
char *text_visible(const char *text);

/* Prints it so. */
void text_print(const char *text, FILE *out);

/* Prints it so, in one line: what breaks a line becomes a space. */
void text_print_line(const char *text, FILE *out);

/* Prints JSON, indented, with the same characters as \u escapes, so that it means the same. */
void text_print_json(const json_t *json, FILE *out);

/* How many letters must change to make one word of the other; two that changed places count as one.
 */
size_t text_distance(const char *one, const char *other);

#endif
