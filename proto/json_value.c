/* Names, times and sizes; nothing here knows a message.  */
#include "proto/json_value.h"
#include "proto/method.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t first_second = -62135596800; /* 0001-01-01T00:00:00Z */
static const int64_t last_second = 253402300799;  /* 9999-12-31T23:59:59Z */

void
json_camel(const char *name, char camel[JSON_NAME])
{
    size_t used = 0;
    bool upper = false;

    for (; *name != '\0' && used + 1 < JSON_NAME; name++) {
        if (*name == '_')
            upper = true;
        else
            camel[used++] = upper ? (char) toupper((unsigned char) *name) : *name;
        upper = *name == '_';
    }
    camel[used] = '\0';
}

void
json_time_write(int64_t seconds, int32_t nanos, char text[JSON_TIME])
{
    time_t time = (time_t) seconds;
    struct tm calendar;
    size_t used;

    text[0] = '\0';
    if (gmtime_r(&time, &calendar) == NULL) /* a year that no calendar has */
        return;
    used = (size_t) snprintf(text, JSON_TIME, "%04d-%02d-%02dT%02d:%02d:%02d",
                             calendar.tm_year + 1900, calendar.tm_mon + 1, calendar.tm_mday,
                             calendar.tm_hour, calendar.tm_min, calendar.tm_sec);
    if (nanos % 1000 != 0)
        used += (size_t) snprintf(text + used, JSON_TIME - used, ".%09d", nanos);
    else if (nanos % 1000000 != 0)
        used += (size_t) snprintf(text + used, JSON_TIME - used, ".%06d", nanos / 1000);
    else if (nanos != 0)
        used += (size_t) snprintf(text + used, JSON_TIME - used, ".%03d", nanos / 1000000);
    snprintf(text + used, JSON_TIME - used, "Z");
}

/* So many digits as a number. */
static bool
read_digits(const char **at, size_t count, int *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++, (*at)++) {
        if (!isdigit((unsigned char) **at))
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

/* Parts that follow each other, each with so many digits, each but the first behind its mark. */
static bool
read_parts(const char **at, const char *marks, const size_t *digits, size_t count, int *parts)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && *(*at)++ != marks[i - 1])
            return false;
        if (!read_digits(at, digits[i], &parts[i]))
            return false;
    }
    return true;
}

/* The offset "Z" or "+01:30", in seconds; nothing may follow it. */
static bool
read_offset(const char *at, int64_t *seconds)
{
    int parts[2];
    int64_t sign = *at == '-' ? -1 : 1;

    *seconds = 0;
    if (strcmp(at, "Z") == 0)
        return true;
    if ((*at != '+' && *at != '-') || strlen(at) != 6)
        return false;
    at++;
    if (!read_parts(&at, ":", (const size_t[]){2, 2}, 2, parts) || parts[0] > 23 || parts[1] > 59)
        return false;
    *seconds = sign * (parts[0] * 60 + parts[1]) * 60;
    return true;
}

const char *
json_time_read(const char *text, int64_t *seconds, int32_t *nanos)
{
    static const char wrong[] = "must be a time such as 2026-01-31T12:00:00Z";
    int parts[6];
    struct tm calendar;
    int64_t offset;

    if (!read_parts(&text, "--T::", (const size_t[]){4, 2, 2, 2, 2, 2}, 6, parts))
        return wrong;
    calendar = (struct tm){.tm_year = parts[0] - 1900,
                           .tm_mon = parts[1] - 1,
                           .tm_mday = parts[2],
                           .tm_hour = parts[3],
                           .tm_min = parts[4],
                           .tm_sec = parts[5]};
    *seconds = timegm(&calendar);
    /* what the calendar does not have was taken for a day that it has: February 30 */
    if (calendar.tm_mon != parts[1] - 1 || calendar.tm_mday != parts[2] || parts[3] > 23 ||
        parts[4] > 59 || parts[5] > 59)
        return wrong;
    *nanos = 0;
    if (*text == '.') {
        size_t digits = strspn(++text, "0123456789");

        if (digits == 0 || digits > 9)
            return "must have one to nine digits after the point";
        for (size_t i = 0; i < 9; i++)
            *nanos = *nanos * 10 + (i < digits ? text[i] - '0' : 0);
        text += digits;
    }
    if (!read_offset(text, &offset))
        return wrong;
    *seconds -= offset;
    return *seconds < first_second || *seconds > last_second
               ? "must be a time of the years 1 to 9999"
               : NULL;
}

size_t
json_element_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    default:
        return 4;
    }
}

char *
enum_word(const ProtobufCEnumDescriptor *descriptor, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(descriptor, number);
    char prefix[96], *word;

    if (value == NULL) {
        if (asprintf(&word, "%d", number) < 0)
            return NULL;
        return word;
    }
    enum_prefix(descriptor, prefix, sizeof prefix);
    word = strdup(strncmp(value->name, prefix, strlen(prefix)) == 0 ? value->name + strlen(prefix)
                                                                    : value->name);
    for (char *c = word; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? '-' : (char) tolower((unsigned char) *c);
    return word;
}
