/* Made by tools/protoc-gen-ciq from proto/; do not edit.  */
#include "proto/method.h"

#include "google/protobuf/timestamp.pb-c.h"
#include "sample.pb-c.h"

#include <stdlib.h>
#include <string.h>

static const MessageInfo info_google__protobuf__timestamp;
static const MessageInfo info_sample__v1__thing;
static const MessageInfo info_sample__v1__get_thing_request;
static const MessageInfo info_sample__v1__get_thing_response;
static const MessageInfo info_sample__v1__paint_thing_request;
static const MessageInfo info_sample__v1__paint_thing_response;

static const FieldInfo fields_google__protobuf__timestamp[] = {
    {
        .comment = "Represents seconds of UTC time since Unix epoch\n1970-01-01T00:00:00Z. Must be from 0001-01-01T00:00:00Z to\n9999-12-31T23:59:59Z inclusive.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
    {
        .comment = "Non-negative fractions of a second at nanosecond resolution. Negative\nsecond values with fractions must still have non-negative nanos values\nthat count forward in time. Must be from 0 to 999,999,999\ninclusive.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
};
static const MessageInfo info_google__protobuf__timestamp = {
    .descriptor = &google__protobuf__timestamp__descriptor,
    .comment = "A Timestamp represents a point in time independent of any time zone or local\ncalendar, encoded as a count of seconds and fractions of seconds at\nnanosecond resolution. The count is relative to an epoch at UTC midnight on\nJanuary 1, 1970, in the proleptic Gregorian calendar which extends the\nGregorian calendar backwards to year one.\n\nAll minutes are 60 seconds long. Leap seconds are \"smeared\" so that no leap\nsecond table is needed for interpretation, using a [24-hour linear\nsmear](https://developers.google.com/time/smear).\n\nThe range is from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z. By\nrestricting to that range, we ensure that we can convert to and from [RFC\n3339](https://www.ietf.org/rfc/rfc3339.txt) date strings.\n\n# Examples\n\nExample 1: Compute Timestamp from POSIX `time()`.\n\n    Timestamp timestamp;\n    timestamp.set_seconds(time(NULL));\n    timestamp.set_nanos(0);\n\nExample 2: Compute Timestamp from POSIX `gettimeofday()`.\n\n    struct timeval tv;\n    gettimeofday(&tv, NULL);\n\n    Timestamp timestamp;\n    timestamp.set_seconds(tv.tv_sec);\n    timestamp.set_nanos(tv.tv_usec * 1000);\n\nExample 3: Compute Timestamp from Win32 `GetSystemTimeAsFileTime()`.\n\n    FILETIME ft;\n    GetSystemTimeAsFileTime(&ft);\n    UINT64 ticks = (((UINT64)ft.dwHighDateTime) << 32) | ft.dwLowDateTime;\n\n    // A Windows tick is 100 nanoseconds. Windows epoch 1601-01-01T00:00:00Z\n    // is 11644473600 seconds before Unix epoch 1970-01-01T00:00:00Z.\n    Timestamp timestamp;\n    timestamp.set_seconds((INT64) ((ticks / 10000000) - 11644473600LL));\n    timestamp.set_nanos((INT32) ((ticks % 10000000) * 100));\n\nExample 4: Compute Timestamp from Java `System.currentTimeMillis()`.\n\n    long millis = System.currentTimeMillis();\n\n    Timestamp timestamp = Timestamp.newBuilder().setSeconds(millis / 1000)\n        .setNanos((int) ((millis % 1000) * 1000000)).build();\n\n\nExample 5: Compute Timestamp from Java `Instant.now()`.\n\n    Instant now = Instant.now();\n\n    Timestamp timestamp =\n        Timestamp.newBuilder().setSeconds(now.getEpochSecond())\n            .setNanos(now.getNano()).build();\n\n\nExample 6: Compute Timestamp from current time in Python.\n\n    timestamp = Timestamp()\n    timestamp.GetCurrentTime()\n\n# JSON Mapping\n\nIn JSON format, the Timestamp type is encoded as a string in the\n[RFC 3339](https://www.ietf.org/rfc/rfc3339.txt) format. That is, the\nformat is \"{year}-{month}-{day}T{hour}:{min}:{sec}[.{frac_sec}]Z\"\nwhere {year} is always expressed using four digits while {month}, {day},\n{hour}, {min}, and {sec} are zero-padded to two digits each. The fractional\nseconds, which can go up to 9 digits (i.e. up to 1 nanosecond resolution),\nare optional. The \"Z\" suffix indicates the timezone (\"UTC\"); the timezone\nis required. A proto3 JSON serializer should always use UTC (as indicated by\n\"Z\") when printing the Timestamp type and a proto3 JSON parser should be\nable to accept both UTC and other timezones (as indicated by an offset).\n\nFor example, \"2017-01-15T01:30:15.01Z\" encodes 15.01 seconds past\n01:30 UTC on January 15, 2017.\n\nIn JavaScript, one can convert a Date object to this format using the\nstandard\n[toISOString()](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/Date/toISOString)\nmethod. In Python, a standard `datetime.datetime` object can be converted\nto this format using\n[`strftime`](https://docs.python.org/2/library/time.html#time.strftime) with\nthe time format spec '%Y-%m-%dT%H:%M:%S.%fZ'. Likewise, in Java, one can use\nthe Joda Time's [`ISODateTimeFormat.dateTime()`](\nhttp://www.joda.org/joda-time/apidocs/org/joda/time/format/ISODateTimeFormat.html#dateTime%2D%2D\n) to obtain a formatter capable of generating timestamps in this format.",
    .fields = fields_google__protobuf__timestamp,
};

static const FieldInfo fields_sample__v1__thing[] = {
    {
        .comment = "Its number.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = true,
    },
    {
        .comment = "Its size.",
        .one_of = (const char *const[]){"s", "m", NULL},
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
    {
        .comment = "When it was made; a higher number than the field below.",
        .message = &info_google__protobuf__timestamp,
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = true,
    },
};
static const MessageInfo info_sample__v1__thing = {
    .descriptor = &sample__v1__thing__descriptor,
    .comment = "A thing.",
    .fields = fields_sample__v1__thing,
};

static const FieldInfo fields_sample__v1__get_thing_request[] = {
    {
        .comment = "Its number.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = true,
        .secret = false,
        .output_only = false,
    },
};
static const MessageInfo info_sample__v1__get_thing_request = {
    .descriptor = &sample__v1__get_thing_request__descriptor,
    .comment = "Asks for one thing.",
    .fields = fields_sample__v1__get_thing_request,
};

static const FieldInfo fields_sample__v1__get_thing_response[] = {
    {
        .comment = "The thing.",
        .message = &info_sample__v1__thing,
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
};
static const MessageInfo info_sample__v1__get_thing_response = {
    .descriptor = &sample__v1__get_thing_response__descriptor,
    .comment = "One thing.",
    .fields = fields_sample__v1__get_thing_response,
};

static const FieldInfo fields_sample__v1__paint_thing_request[] = {
    {
        .comment = "The thing.",
        .message = &info_sample__v1__thing,
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
    {
        .comment = "The colour.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
    {
        .comment = "Names.",
        .min = 1,
        .max = 5,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = true,
        .output_only = false,
    },
    {
        .comment = "Their number.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
    {
        .comment = "Their name.",
        .min = 0,
        .max = 0,
        .format = (FieldFormat) 0,
        .required = false,
        .secret = false,
        .output_only = false,
    },
};
static const MessageInfo info_sample__v1__paint_thing_request = {
    .descriptor = &sample__v1__paint_thing_request__descriptor,
    .comment = "Asks to paint.",
    .fields = fields_sample__v1__paint_thing_request,
};
static const MessageInfo info_sample__v1__paint_thing_response = {
    .descriptor = &sample__v1__paint_thing_response__descriptor,
    .comment = "It is painted.",
};

const Method methods[] = {
    {
        .name = "sample.v1.ThingService/GetThing",
        .service = "ThingService",
        .rpc = "GetThing",
        .command = "thing get",
        .comment = "Returns one thing.",
        .permission = "things.view_thing",
        .platform_permission = "",
        .request = &info_sample__v1__get_thing_request,
        .response = &info_sample__v1__get_thing_response,
        .scope = (MethodScope) 2,
        .access = (MethodAccess) 3,
        .database = (MethodDatabase) 2,
        .writes = false,
        .hashes_password = false,
        .never_replayed = false,
        .from_memory = false,
        .by_api_key = false,
        .own_fields = (const char *const[]){"id", NULL},
    },
    {
        .name = "sample.v1.ThingService/PaintThing",
        .service = "ThingService",
        .rpc = "PaintThing",
        .command = "thing paint",
        .comment = "Paints a thing, \"quoted\" \\ and all,\nin two lines.",
        .permission = "",
        .platform_permission = "",
        .request = &info_sample__v1__paint_thing_request,
        .response = &info_sample__v1__paint_thing_response,
        .scope = (MethodScope) 3,
        .access = (MethodAccess) 2,
        .database = (MethodDatabase) 2,
        .writes = true,
        .hashes_password = true,
        .never_replayed = true,
        .from_memory = false,
        .by_api_key = false,
    },
};
const size_t methods_count = 2;

static const MessageInfo *const infos[] = {
    &info_google__protobuf__timestamp,
    &info_sample__v1__thing,
    &info_sample__v1__get_thing_request,
    &info_sample__v1__get_thing_response,
    &info_sample__v1__paint_thing_request,
    &info_sample__v1__paint_thing_response,
};

static int
compare_name(const void *name, const void *method)
{
    return strcmp(name, ((const Method *) method)->name);
}

const Method *
method_find(const char *name)
{
    return bsearch(name, methods, methods_count, sizeof *methods, compare_name);
}

const MessageInfo *
message_info_find(const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++)
        if (infos[i]->descriptor == descriptor)
            return infos[i];
    return NULL;
}
