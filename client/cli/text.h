/* Texts for people: fit for a terminal, and how far two words are apart.  */
#ifndef CIQ_CLI_TEXT_H
#define CIQ_CLI_TEXT_H

#include <jansson.h>
#include <stdio.h>

enum { TEXT_NEAR_MAX = 2 }; /* letters; words that are further apart are not meant for each other */

/* The text in one line, without anything that a terminal would act on or nobody would see
 * (proto/visible.h): that is written as \x1b or \u202e.  From malloc; NULL: no memory. */
char *text_visible(const char *text);

/* Prints the text like that. */
void text_print(const char *text, FILE *out);

/* The same in one line: line ends and tabs become spaces. */
void text_print_line(const char *text, FILE *out);

/* Prints JSON, indented.  The same characters become \u escapes, which do not change what it means.
 */
void text_print_json(const json_t *json, FILE *out);

/* How many letters must change to make one word of the other; two that changed places count as one.
 */
size_t text_distance(const char *one, const char *other);

#endif
