/* The rule is a table of what is not shown.  The guard puts it behind stdout and stderr, so that no
 * printf anywhere can forget it.  */
#include "proto/visible.h"
#include "proto/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Range {
    uint32_t from, to;
} Range;

/* Sorted.  The joiners U+200C and U+200D are among them: where they stand decides about them. */
static const Range hidden[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x0600, 0x0605},
    {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
    {0x08e2, 0x08e2},   {0x180e, 0x180e},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},
    {0xffa0, 0xffa0},   {0xfff0, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff},
    {0xe01f0, 0xe0fff},
};

/* Of characters that a joiner may stand between, those of one kind on both sides. */
static const struct {
    Range range;
    enum { JOINS_NOTHING, JOINS_ARABIC, JOINS_INDIC, JOINS_EMOJI } kind;
} joining[] = {
    {{0x0610, 0x061a}, JOINS_ARABIC},   {{0x0620, 0x065f}, JOINS_ARABIC},
    {{0x066e, 0x06dc}, JOINS_ARABIC},   {{0x06df, 0x06ef}, JOINS_ARABIC},
    {{0x06fa, 0x06ff}, JOINS_ARABIC},   {{0x0710, 0x07ff}, JOINS_ARABIC},
    {{0x0840, 0x085b}, JOINS_ARABIC},   {{0x0860, 0x088f}, JOINS_ARABIC},
    {{0x0897, 0x08e1}, JOINS_ARABIC},   {{0x08e3, 0x08ff}, JOINS_ARABIC},
    {{0x0900, 0x0dff}, JOINS_INDIC},    {{0x0f40, 0x0fbc}, JOINS_INDIC},
    {{0x1000, 0x109f}, JOINS_INDIC},    {{0x1700, 0x17dd}, JOINS_INDIC},
    {{0x1820, 0x18aa}, JOINS_INDIC},    {{0x1900, 0x1c4f}, JOINS_INDIC},
    {{0x1cd0, 0x1cff}, JOINS_INDIC},    {{0x2190, 0x21ff}, JOINS_EMOJI},
    {{0x2600, 0x27bf}, JOINS_EMOJI},    {{0x2b00, 0x2bff}, JOINS_EMOJI},
    {{0xa840, 0xa877}, JOINS_INDIC},    {{0xa880, 0xa9df}, JOINS_INDIC},
    {{0xaa00, 0xaaff}, JOINS_INDIC},    {{0xabc0, 0xabff}, JOINS_INDIC},
    {{0xfb50, 0xfdcf}, JOINS_ARABIC},   {{0xfe0f, 0xfe0f}, JOINS_EMOJI},
    {{0xfe70, 0xfefc}, JOINS_ARABIC},   {{0x10a00, 0x10a5f}, JOINS_INDIC},
    {{0x10d00, 0x10d27}, JOINS_ARABIC}, {{0x11000, 0x119ff}, JOINS_INDIC},
    {{0x11a00, 0x11eff}, JOINS_INDIC},  {{0x1e900, 0x1e94b}, JOINS_ARABIC},
    {{0x1f000, 0x1faff}, JOINS_EMOJI},
};

static bool
is_hidden(uint32_t character)
{
    size_t low = 0, high = sizeof hidden / sizeof *hidden;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (character > hidden[middle].to)
            low = middle + 1;
        else if (character < hidden[middle].from)
            high = middle;
        else
            return true;
    }
    return (character & 0xfffe) == 0xfffe; /* the last two of each plane */
}

static int
joins(uint32_t character)
{
    for (size_t i = 0; i < sizeof joining / sizeof *joining; i++)
        if (character >= joining[i].range.from && character <= joining[i].range.to)
            return is_hidden(character) ? JOINS_NOTHING : (int) joining[i].kind;
    return JOINS_NOTHING;
}

static bool
is_joiner(uint32_t character)
{
    return character == 0x200c || character == 0x200d;
}

size_t
visible_read(uint32_t before, const char *text, size_t left, VisibleLines lines,
             uint32_t *character, bool *is_shown)
{
    size_t size = utf8_read(text, left, character);
    uint32_t next;

    if (size == 0) {
        *character = (unsigned char) *text;
        *is_shown = false;
        return 1;
    }
    *is_shown = !is_hidden(*character) ||
                (lines == VISIBLE_LINES && (*character == '\n' || *character == '\t'));
    if (is_joiner(*character) && joins(before) != JOINS_NOTHING && size < left &&
        utf8_read(text + size, left - size, &next) > 0)
        *is_shown =
            joins(next) == joins(before) && (*character == 0x200d || joins(before) != JOINS_EMOJI);
    return size;
}

size_t
visible_piece(uint32_t *before, const char *text, size_t left, VisibleLines lines,
              char piece[VISIBLE_PIECE])
{
    uint32_t character;
    bool is_shown;
    size_t size = visible_read(*before, text, left, lines, &character, &is_shown);

    if (is_shown) {
        memcpy(piece, text, size);
        piece[size] = '\0';
    } else {
        snprintf(piece, VISIBLE_PIECE,
                 character < 0x100     ? "\\x%02x"
                 : character < 0x10000 ? "\\u%04x"
                                       : "\\U%08x",
                 (unsigned) character);
    }
    *before = is_shown ? character : 0;
    return size;
}

bool
visible_is(const char *text, VisibleLines lines, uint32_t *wrong, size_t *place)
{
    size_t left = strlen(text), number = 0;
    uint32_t before = 0;

    while (left > 0) {
        uint32_t character;
        bool is_shown;
        size_t size = visible_read(before, text, left, lines, &character, &is_shown);

        number++;
        if (!is_shown) {
            *wrong = character;
            *place = number;
            return false;
        }
        before = character;
        text += size;
        left -= size;
    }
    return true;
}

size_t
visible_cut(const char *text, size_t size, VisibleLines lines, char *out, size_t room)
{
    size_t used = 0;
    uint32_t before = 0;

    while (size > 0) {
        char piece[VISIBLE_PIECE];
        size_t step = visible_piece(&before, text, size, lines, piece), length = strlen(piece);

        if (length >= room - used)
            break;
        memcpy(out + used, piece, length);
        used += length;
        text += step;
        size -= step;
    }
    out[used] = '\0';
    return used;
}

char *
visible_copy(const char *text, VisibleLines lines)
{
    size_t size = strlen(text), room = size * 4 + 1; /* one byte becomes four at most */
    char *out = malloc(room);

    if (out != NULL)
        (void) visible_cut(text, size, lines, out, room);
    return out;
}

/* ---- stdout and stderr ---- */

enum {
    HELD_MAX = 2 * UTF8_SIZE_MAX, /* bytes of which the next ones decide what they are */
    PIECES_ROOM = 4096
};

typedef struct Guarded {
    int descriptor;
    uint32_t before;
    char held[HELD_MAX];
    size_t held_size;
} Guarded;

static Guarded out_guarded = {.descriptor = STDOUT_FILENO};
static Guarded err_guarded = {.descriptor = STDERR_FILENO};

static bool
write_whole(int descriptor, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(descriptor, data, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        size -= (size_t) written;
    }
    return true;
}

/* Whether the bytes behind these must be known first: a character that has only begun, and a
 * joiner, of which the next one decides. */
static bool
is_open(const char *text, size_t left)
{
    uint32_t character;
    size_t size = utf8_read(text, left, &character);

    if (size == 0 && left < UTF8_SIZE_MAX) {
        char whole[UTF8_SIZE_MAX];

        /* it has begun if some continuation makes it a character */
        for (int middle = 0x80; middle <= 0xa0; middle += 0x10) {
            memset(whole, middle, sizeof whole);
            memcpy(whole, text, left);
            if (utf8_read(whole, sizeof whole, &character) > left)
                return true;
        }
        return false;
    }
    return is_joiner(character) && (size == left || is_open(text + size, left - size));
}

/* Writes what can be told, and holds the rest, of at most HELD_MAX bytes, unless this is all. */
static bool
write_visible(Guarded *guarded, const char *text, size_t size, bool is_all)
{
    char pieces[PIECES_ROOM];
    size_t used = 0;

    while (size > 0 && (is_all || size >= HELD_MAX || !is_open(text, size))) {
        size_t step = visible_piece(&guarded->before, text, size, VISIBLE_LINES, pieces + used);

        used += strlen(pieces + used);
        text += step;
        size -= step;
        if (used > sizeof pieces - VISIBLE_PIECE) {
            if (!write_whole(guarded->descriptor, pieces, used))
                return false;
            used = 0;
        }
    }
    memmove(guarded->held, text, size);
    guarded->held_size = size;
    return write_whole(guarded->descriptor, pieces, used);
}

/* What was held goes first, with as many bytes as say what it is. */
static ssize_t
guard_write(void *cookie, const char *text, size_t size)
{
    Guarded *guarded = cookie;
    size_t done = 0;

    while (guarded->held_size > 0 && done < size) {
        char first[HELD_MAX];
        size_t held = guarded->held_size;

        memcpy(first, guarded->held, held);
        first[held] = text[done++];
        if (!write_visible(guarded, first, held + 1, false))
            return 0;
    }
    return done == size || write_visible(guarded, text + done, size - done, false) ? (ssize_t) size
                                                                                   : 0;
}

static void
write_held(Guarded *guarded)
{
    const bool is_all = true;
    char held[HELD_MAX];

    memcpy(held, guarded->held, guarded->held_size);
    (void) write_visible(guarded, held, guarded->held_size, is_all);
}

/* At the end nothing follows any more. */
static void
guard_end(void)
{
    fflush(stdout);
    fflush(stderr);
    write_held(&out_guarded);
    write_held(&err_guarded);
}

bool
visible_guard(void)
{
    const cookie_io_functions_t functions = {.write = guard_write};
    FILE *out = fopencookie(&out_guarded, "w", functions);
    FILE *err = fopencookie(&err_guarded, "w", functions);

    if (out == NULL || err == NULL || atexit(guard_end) != 0)
        return false;
    setvbuf(out, NULL, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, BUFSIZ);
    setvbuf(err, NULL, _IONBF, 0);
    stdout = out;
    stderr = err;
    return true;
}

void
visible_control(const char *text)
{
    fflush(stderr);
    (void) write_whole(STDERR_FILENO, text, strlen(text));
}
