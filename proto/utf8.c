/* Called with bytes from anywhere; believes none of them.  */
#include "proto/utf8.h"

/* The first bytes of characters of more than one byte, and what the second may be: where it may not
 * be every byte that goes on, the rest would be a longer form, a surrogate, or over U+10FFFF. */
static const struct {
    uint8_t from, to, low, high;
    size_t size;
} forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

bool
utf8_goes_on(char byte)
{
    return ((uint8_t) byte & 0xc0) == 0x80;
}

size_t
utf8_read(const char *text, size_t left, uint32_t *character)
{
    const uint8_t *at = (const uint8_t *) text;
    size_t i = 0;

    if (at[0] < 0x80) {
        *character = at[0];
        return 1;
    }
    while (i < sizeof forms / sizeof *forms && (at[0] < forms[i].from || at[0] > forms[i].to))
        i++;
    if (i == sizeof forms / sizeof *forms || left < 2 || at[1] < forms[i].low ||
        at[1] > forms[i].high)
        return 0;

    /* the first byte says the size by as many ones and a zero */
    uint32_t read = at[0] & (0x7fu >> forms[i].size);

    for (size_t j = 1; j < forms[i].size; j++) {
        if (j == left || !utf8_goes_on(text[j]))
            return 0;
        read = read << 6 | (at[j] & 0x3fu);
    }
    *character = read;
    return forms[i].size;
}

size_t
utf8_valid(const char *text, size_t size)
{
    size_t valid = 0, step = 1;
    uint32_t character;

    while (valid < size && step > 0) {
        step = utf8_read(text + valid, size - valid, &character);
        valid += step;
    }
    return valid;
}

size_t
utf8_length(const char *text)
{
    size_t length = 0;

    for (; *text != '\0'; text++)
        length += !utf8_goes_on(*text);
    return length;
}

size_t
utf8_cut(const char *text, size_t size)
{
    for (size_t i = 0; i < UTF8_SIZE_MAX - 1 && size > 0 && utf8_goes_on(text[size]); i++)
        size--;
    return size;
}
