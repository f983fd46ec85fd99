/* Texts in one form, so that what people type is the same text whichever keyboard it comes from: é
 * is one character on some, an e and an accent on others.  By ICU, whose normaliser, case folding
 * and properties of characters are of one version of Unicode.  Text of ASCII is in every form
 * already, and costs a look at its bytes.  */
#ifndef CIQ_SERVER_FORM_H
#define CIQ_SERVER_FORM_H

#include "call/call.h"

/* Forms of Unicode (UAX 15), each without what the one above it leaves. */
typedef enum Form {
    FORM_NFC,    /* composed: what is stored and compared */
    FORM_NFD,    /* decomposed: what older rows may have */
    FORM_NFKC,   /* without compatibility characters, such as full-width letters */
    FORM_FOLDED, /* the same without case (NFKC_Casefold) */
} Form;

bool form_is_ascii(const char *text);

/* NFC: the text itself if it is, or is not UTF-8.  NULL: the call has failed. */
MUST_CHECK const char *form_nfc(Call *call, const char *text);

/* A text of at most LIMIT_PASSWORD bytes in a form.  False: it is not UTF-8, or the form does not
 * fit room bytes; out is then undefined. */
MUST_CHECK bool form_into(Form form, const char *text, char *out, size_t room);

#endif
