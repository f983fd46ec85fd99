/* Validation by descriptor.  Called by dispatch only; knows no rpc by name.  */
#include "call/check.h"
#include "call/host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <inttypes.h>
#include <string.h>

enum { PATH_SIZE = 256, DEPTH_MAX = 16 }; /* our messages nest 3 deep; none contains itself */

/* ---- the wire ---- */

/* The length of one UTF-8 sequence (RFC 3629: shortest form, no surrogates, to U+10FFFF), 0: it is
 * none. */
static size_t
utf8_size(const uint8_t *at, size_t left)
{
    static const struct {
        uint8_t mask, lead, low, high; /* low, high: bounds of the second byte */
        size_t size;
    } forms[] = {
        {0xff, 0xe0, 0xa0, 0xbf, 3}, {0xff, 0xed, 0x80, 0x9f, 3}, {0xf0, 0xe0, 0x80, 0xbf, 3},
        {0xff, 0xf0, 0x90, 0xbf, 4}, {0xff, 0xf4, 0x80, 0x8f, 4}, {0xf8, 0xf0, 0x80, 0xbf, 4},
    };

    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        return left >= 2 && (at[1] & 0xc0) == 0x80 ? 2 : 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if ((at[0] & forms[i].mask) != forms[i].lead)
            continue;
        if (at[0] > 0xf4 || left < forms[i].size || at[1] < forms[i].low || at[1] > forms[i].high)
            return 0;
        for (size_t j = 2; j < forms[i].size; j++)
            if ((at[j] & 0xc0) != 0x80)
                return 0;
        return forms[i].size;
    }
    return 0;
}

static bool
check_text(Call *call, const char *path, const uint8_t *data, size_t size)
{
    if (memchr(data, 0, size) != NULL)
        return call_fail_field(call, path, "must not contain a NUL character");
    for (size_t i = 0; i < size;) {
        size_t step = utf8_size(data + i, size - i);

        if (step == 0)
            return call_fail_field(call, path, "must be valid UTF-8, is not at byte %zu", i);
        i += step;
    }
    return true;
}

static const ProtobufCFieldDescriptor *
field_by_tag(const ProtobufCMessageDescriptor *descriptor, uint64_t tag)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].id == tag)
            return &descriptor->fields[i];
    return NULL;
}

static void
path_join(char path[PATH_SIZE], const char *before, const char *name)
{
    snprintf(path, PATH_SIZE, "%s%s%s", before, before[0] != '\0' ? "." : "", name);
}

static bool
check_bytes(Call *call, const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
            size_t size, const char *before, int depth)
{
    const uint8_t *at = data, *end = data + size;

    if (depth > DEPTH_MAX)
        return call_fail(call, CODE_INVALID_ARGUMENT, "the message is nested too deeply");
    while (at < end) {
        uint64_t key, value;
        char path[PATH_SIZE];

        if (!wire_varint(&at, end, &key))
            break;

        const ProtobufCFieldDescriptor *field = field_by_tag(descriptor, key >> 3);

        switch (key & 7) {
        case 0:
            if (!wire_varint(&at, end, &value))
                goto malformed;
            continue;
        case 1:
            value = 8;
            break;
        case 2:
            if (!wire_varint(&at, end, &value))
                goto malformed;
            break;
        case 5:
            value = 4;
            break;
        default:
            goto malformed;
        }
        if (value > (uint64_t) (end - at))
            goto malformed;
        if (field != NULL && (key & 7) == 2) {
            path_join(path, before, field->name);
            if (field->type == PROTOBUF_C_TYPE_STRING && !check_text(call, path, at, value))
                return false;
            if (field->type == PROTOBUF_C_TYPE_MESSAGE &&
                !check_bytes(call, field->descriptor, at, value, path, depth + 1))
                return false;
        }
        at += value;
    }
    if (at == end)
        return true;
malformed:
    return call_fail(call, CODE_INVALID_ARGUMENT, "%s is not a %s", depth == 0 ? "message" : before,
                     descriptor->name);
}

bool
check_wire(Call *call, const ProtobufCMessageDescriptor *descriptor, const uint8_t *data,
           size_t size)
{
    return check_bytes(call, descriptor, data, size, "", 0);
}

/* ---- shapes ---- */

/* SQL's reserved words that look like schema names, and the names that PostgreSQL or we use. */
static const char *const reserved_names[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "default",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "grant",
    "group",
    "having",
    "in",
    "initially",
    "intersect",
    "into",
    "lateral",
    "leading",
    "limit",
    "not",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "placing",
    "primary",
    "public",
    "references",
    "returning",
    "select",
    "session_user",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "when",
    "where",
    "window",
    "with",
    "current_user",
    "current_role",
    "information_schema",
    "localhost",
    "template",
    "postgres",
};

const char *
check_schema_name(const char *text)
{
    size_t size = strlen(text);

    if (size > LIMIT_SCHEMA_NAME || text[0] < 'a' || text[0] > 'z' ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") != size)
        return "must be a lower-case letter, then lower-case letters, digits or underscores, at "
               "most 48 in all";
    if (strncmp(text, "pg_", 3) == 0)
        return "must not start with pg_, which PostgreSQL keeps for itself";
    if (strncmp(text, "ciq_", 4) == 0)
        return "must not start with ciq_, which this system keeps for itself";
    for (size_t i = 0; i < sizeof reserved_names / sizeof *reserved_names; i++)
        if (strcmp(text, reserved_names[i]) == 0)
            return "must not be a reserved word";
    return NULL;
}

const char *
check_email(const char *text)
{
    const char *at = strchr(text, '@');
    size_t size = strlen(text);

    for (const char *c = text; *c != '\0'; c++)
        if (iscntrl((unsigned char) *c) || *c == ' ' ||
            /* U+0080 to U+009F, which a terminal obeys too */
            (*c == '\xc2' && (unsigned char) c[1] < 0xa0))
            return "must not contain spaces or control characters";
    if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        return "must be an e-mail address with one @";
    if (size > 254 || at - text > 64)
        return "must be at most 254 bytes, 64 before the @";
    if (at[1] == '.' || text[size - 1] == '.' || strstr(at, "..") != NULL)
        return "must have a domain after the @";
    return NULL;
}

const char *
check_host(const char *text)
{
    static const char wrong[] =
        "must be a host name: labels of letters, digits and dashes, separated by dots";
    size_t size = strlen(text), label = 0;
    bool digits_only = true;
    struct in_addr address;

    if (size > 0 && text[size - 1] == '.')
        size--;
    if (size == 0 || size > 253)
        return "must be a host name of 1 to 253 characters";
    if (text[0] == '*')
        return "must not be a wildcard; each host is added by itself";
    if (inet_pton(AF_INET, text, &address) == 1)
        return "must be a host name, not an address";
    for (size_t i = 0; i <= size; i++) {
        char c = i == size ? '.' : text[i];

        if (c == '.') {
            if (label == 0 || label > 63 || text[i - 1] == '-')
                return wrong;
            label = 0;
            continue;
        }
        if (!isalnum((unsigned char) c) && (c != '-' || label == 0))
            return wrong;
        digits_only = label == 0 ? isdigit((unsigned char) c) != 0
                                 : digits_only && isdigit((unsigned char) c) != 0;
        label++;
    }
    if (digits_only)
        return "must be a host name, not an address";
    if (memchr(text, '.', size) == NULL && strncasecmp(text, "localhost", size) != 0)
        return "must have a dot: acme.localhost, app.example.com";
    return NULL;
}

const char *
check_permission(const char *text)
{
    size_t app = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    size_t size = strlen(text);

    if (app == 0 || text[app] != '.' || text[app + 1] == '\0' || size > 200 ||
        strspn(text + app + 1, "abcdefghijklmnopqrstuvwxyz0123456789_") != size - app - 1)
        return "must be app.codename, such as users.add_customuser";
    return NULL;
}

/* ---- JSON (RFC 8259), as far as jsonb takes it ---- */

enum {
    JSON_DEPTH_MAX = 32,
    JSON_EXPONENT_MAX = 308 /* a double's; jsonb would write 1e131000 out in full */
};

static const char json_wrong[] = "must be a JSON object";

static const char *
json_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Four hexadecimal digits; -1: they are not there. */
static long
json_unit(const char *at)
{
    char digits[5] = "";

    if (strspn(at, "0123456789abcdefABCDEF") < 4)
        return -1;
    memcpy(digits, at, 4);
    return strtol(digits, NULL, 16);
}

/* Each json_ function reads one thing at *at and stands behind it; what is wrong, or NULL. */
static const char *
json_escape(const char **at)
{
    const char *c = *at + 1;

    if (*c != '\0' && strchr("\"\\/bfnrt", *c) != NULL) {
        *at = c + 1;
        return NULL;
    }

    long unit = *c == 'u' ? json_unit(c + 1) : -1;

    if (unit < 0)
        return json_wrong;
    if (unit == 0)
        return "must not contain \\u0000";
    c += 5;
    if (unit >= 0xd800 && unit <= 0xdfff) {
        long low = unit <= 0xdbff && c[0] == '\\' && c[1] == 'u' ? json_unit(c + 2) : -1;

        if (low < 0xdc00 || low > 0xdfff)
            return "must not contain half of a surrogate pair";
        c += 6;
    }
    *at = c;
    return NULL;
}

static const char *
json_string(const char **at)
{
    const char *c = *at, *wrong;

    if (*c++ != '"')
        return json_wrong;
    while (*c != '"') {
        if ((unsigned char) *c < ' ')
            return json_wrong; /* the end, too */
        if (*c != '\\')
            c++;
        else if ((wrong = json_escape(&c)) != NULL)
            return wrong;
    }
    *at = c + 1;
    return NULL;
}

static const char *
json_number(const char **at)
{
    static const char digits[] = "0123456789";
    const char *c = *at + (**at == '-');
    size_t whole = strspn(c, digits), size;

    if (whole == 0 || (whole > 1 && *c == '0'))
        return json_wrong;
    c += whole;
    if (*c == '.') {
        if ((size = strspn(c + 1, digits)) == 0)
            return json_wrong;
        c += 1 + size;
    }
    if (*c == 'e' || *c == 'E') {
        c += 1 + (c[1] == '+' || c[1] == '-');
        size = strspn(c, digits);
        if (size == 0)
            return json_wrong;
        if (size > 3 || strtol(c, NULL, 10) > JSON_EXPONENT_MAX)
            return "must not contain numbers with an exponent over 308";
        c += size;
    }
    *at = c;
    return NULL;
}

static const char *json_value(const char **at, int depth);

/* An object or an array, whose first character *at stands at. */
static const char *
json_members(const char **at, bool is_object, int depth)
{
    char close = is_object ? '}' : ']';
    const char *c = json_space(*at + 1), *wrong;

    if (depth == JSON_DEPTH_MAX)
        return "must not nest deeper than 32";
    for (bool first = true; *c != close; first = false) {
        if (!first && *c != ',')
            return json_wrong;
        c = first ? c : json_space(c + 1);
        if (is_object) {
            if ((wrong = json_string(&c)) != NULL)
                return wrong;
            c = json_space(c);
            if (*c++ != ':')
                return json_wrong;
            c = json_space(c);
        }
        if ((wrong = json_value(&c, depth + 1)) != NULL)
            return wrong;
        c = json_space(c);
    }
    *at = c + 1;
    return NULL;
}

static const char *
json_value(const char **at, int depth)
{
    static const char *const words[] = {"true", "false", "null"};

    if (**at == '{' || **at == '[')
        return json_members(at, **at == '{', depth);
    if (**at == '"')
        return json_string(at);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(*at, words[i], strlen(words[i])) == 0) {
            *at += strlen(words[i]);
            return NULL;
        }
    return json_number(at);
}

const char *
check_json_object(const char *text)
{
    const char *at = json_space(text), *wrong;

    if (*at != '{')
        return json_wrong;
    if ((wrong = json_value(&at, 0)) != NULL)
        return wrong;
    return *json_space(at) == '\0' ? NULL : json_wrong;
}

static const char *
check_format(FieldFormat format, const char *text)
{
    switch (format) {
    case FORMAT_ANY:
        return NULL;
    case FORMAT_SCHEMA_NAME:
        return check_schema_name(text);
    case FORMAT_EMAIL:
        return check_email(text);
    case FORMAT_HOST: {
        char name[HOST_SIZE];

        return host_normalise(text, false, name);
    }
    case FORMAT_PERMISSION:
        return check_permission(text);
    case FORMAT_JSON_OBJECT:
        return check_json_object(text);
    }
    return NULL;
}

/* ---- messages ---- */

static size_t
characters(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static bool
check_one_of(Call *call, const char *path, const char *const *one_of, const char *text)
{
    char allowed[256] = "";

    for (size_t i = 0; one_of[i] != NULL; i++) {
        if (strcmp(one_of[i], text) == 0)
            return true;
        snprintf(allowed + strlen(allowed), sizeof allowed - strlen(allowed), "%s%s",
                 i > 0 ? ", " : "", one_of[i]);
    }
    return call_fail_field(call, path, "must be one of %s", allowed);
}

static bool
check_string(Call *call, const FieldInfo *info, const char *path, const char *text, bool is_element)
{
    size_t size = characters(text);
    /* min and max of a repeated field are about its elements' number */
    uint32_t min = is_element ? 0 : info->min, max = is_element ? 0 : info->max;
    const char *wrong;

    if (text[0] == '\0' && !is_element)
        return info->required ? call_fail_field(call, path, "is required") : true;
    if (text[0] == '\0')
        return call_fail_field(call, path, "must not be empty");
    if (max == 0 && strlen(text) > LIMIT_STRING)
        return call_fail_field(call, path, "must be at most %d bytes, got %zu", LIMIT_STRING,
                               strlen(text));
    if (size < min || (max > 0 && size > max))
        return call_fail_field(call, path, "must be %" PRIu32 " to %" PRIu32 " characters, got %zu",
                               min > 0 ? min : 1, max, size);
    if ((wrong = check_format(info->format, text)) != NULL)
        return call_fail_field(call, path, "%s", wrong);
    return info->one_of == NULL || check_one_of(call, path, info->one_of, text);
}

static bool check_fields(Call *call, const MessageInfo *info, const ProtobufCMessage *message,
                         const char *before, const Google__Protobuf__FieldMask *mask);

static bool
mask_names(const Google__Protobuf__FieldMask *mask, const char *name)
{
    for (size_t i = 0; i < mask->n_paths; i++)
        if (strcmp(mask->paths[i], name) == 0 || strcmp(mask->paths[i], "*") == 0)
            return true;
    return false;
}

/* The times that google.protobuf.Timestamp allows: the years 1 to 9999. */
static bool
check_time(Call *call, const char *path, const Google__Protobuf__Timestamp *time)
{
    if (time->seconds < -62135596800 || time->seconds > 253402300799 || time->nanos < 0 ||
        time->nanos > 999999999)
        return call_fail_field(call, path, "must be a time from year 1 to 9999");
    return true;
}

static bool
check_number(Call *call, const FieldInfo *info, const char *path, int64_t number)
{
    if (number == 0)
        return info->required ? call_fail_field(call, path, "is required") : true;
    if (info->max > 0 && (number < (int64_t) info->min || number > (int64_t) info->max))
        return call_fail_field(call, path, "must be %" PRIu32 " to %" PRIu32 ", got %" PRId64,
                               info->min, info->max, number);
    return true;
}

static bool
check_single(Call *call, const ProtobufCFieldDescriptor *field, const FieldInfo *info,
             const void *at, const char *path, const Google__Protobuf__FieldMask *mask)
{
    FieldInfo chosen;

    /* who chooses a member of a oneof says something by it */
    if (field_is_choice(field)) {
        chosen = *info;
        chosen.required = true;
        info = &chosen;
    }
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return check_string(call, info, path, *(char *const *) at, false);
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = at;

        if (bytes->len == 0)
            return info->required ? call_fail_field(call, path, "is required") : true;
        if (bytes->len < info->min || (info->max > 0 && bytes->len > info->max))
            return call_fail_field(call, path, "must be %" PRIu32 " to %" PRIu32 " bytes, got %zu",
                                   info->min, info->max, bytes->len);
        return true;
    }
    case PROTOBUF_C_TYPE_ENUM: {
        int number = *(const int *) at;

        if (protobuf_c_enum_descriptor_get_value(field->descriptor, number) == NULL)
            return call_fail_field(call, path, "has no value with number %d", number);
        return number != 0 || !info->required ? true : call_fail_field(call, path, "is required");
    }
    case PROTOBUF_C_TYPE_INT64:
        return check_number(call, info, path, *(const int64_t *) at);
    case PROTOBUF_C_TYPE_INT32:
        return check_number(call, info, path, *(const int32_t *) at);
    case PROTOBUF_C_TYPE_UINT32:
        return check_number(call, info, path, *(const uint32_t *) at);
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(const ProtobufCMessage *const *) at;

        if (inner == NULL)
            return info->required ? call_fail_field(call, path, "is required") : true;
        if (inner->descriptor == &google__protobuf__timestamp__descriptor)
            return check_time(call, path, (const Google__Protobuf__Timestamp *) inner);
        return info->message == NULL || check_fields(call, info->message, inner, path, mask);
    }
    default:
        return true;
    }
}

static bool
check_repeated(Call *call, const ProtobufCFieldDescriptor *field, const FieldInfo *info,
               const ProtobufCMessage *message, const char *path)
{
    size_t count, max = info->max > 0 && info->max < LIMIT_REPEATED ? info->max : LIMIT_REPEATED;
    const void *at = (const char *) message + field->offset;
    bool ok = true;

    memcpy(&count, (const char *) message + field->quantifier_offset, sizeof count);
    if (count == 0)
        return info->required ? call_fail_field(call, path, "is required") : true;
    if (count < info->min || count > max)
        return call_fail_field(call, path, "must have %" PRIu32 " to %zu elements, got %zu",
                               info->min > 0 ? info->min : 1, max, count);
    for (size_t i = 0; i < count; i++) {
        char element[PATH_SIZE + 24];

        snprintf(element, sizeof element, "%s[%zu]", path, i);
        if (field->type == PROTOBUF_C_TYPE_STRING)
            ok = check_string(call, info, element, (*(char *const *const *) at)[i], true) && ok;
        else if (field->type == PROTOBUF_C_TYPE_MESSAGE && info->message != NULL)
            ok = check_fields(call, info->message,
                              (*(const ProtobufCMessage *const *const *) at)[i], element, NULL) &&
                 ok;
    }
    return ok;
}

static bool
check_fields(Call *call, const MessageInfo *info, const ProtobufCMessage *message,
             const char *before, const Google__Protobuf__FieldMask *mask)
{
    bool ok = true;

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        const FieldInfo *rule = &info->fields[i];
        char path[PATH_SIZE];

        if (rule->output_only || (mask != NULL && !mask_names(mask, field->name)) ||
            field_is_absent(message, field))
            continue;
        path_join(path, before, field->name);
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            ok = check_repeated(call, field, rule, message, path) && ok;
        else
            ok = check_single(call, field, rule, (const char *) message + field->offset, path,
                              NULL) &&
                 ok;
    }
    return ok;
}

/* Of each oneof exactly one member must be there; the wire cannot say more than one. */
static bool
check_choices(Call *call, const ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        char names[PATH_SIZE] = "";
        bool chosen = false;

        if (!field_is_choice(field))
            continue;
        for (unsigned j = 0; j < descriptor->n_fields; j++) {
            const ProtobufCFieldDescriptor *member = &descriptor->fields[j];

            if (!field_is_choice(member) || member->quantifier_offset != field->quantifier_offset)
                continue;
            chosen = chosen || !field_is_absent(message, member);
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s",
                     names[0] != '\0' ? " or " : "", member->name);
        }
        if (!chosen)
            return call_fail_field(call, names, "is required");
    }
    return true;
}

/* The message that update_mask is about: the request's one message field that is not the mask. */
static int
resource_index(const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (descriptor->fields[i].type == PROTOBUF_C_TYPE_MESSAGE &&
            descriptor->fields[i].descriptor != &google__protobuf__field_mask__descriptor)
            return (int) i;
    return -1;
}

static bool
check_mask(Call *call, const MessageInfo *resource, const Google__Protobuf__FieldMask *mask)
{
    if (mask->n_paths == 0)
        return call_fail_field(call, "update_mask", "must name at least one field");
    if (mask->n_paths > LIMIT_REPEATED)
        return call_fail_field(call, "update_mask", "must name at most %d fields", LIMIT_REPEATED);
    for (size_t i = 0; i < mask->n_paths; i++) {
        const char *name = mask->paths[i];
        unsigned j = 0;

        if (strcmp(name, "*") == 0)
            continue;
        while (j < resource->descriptor->n_fields &&
               strcmp(resource->descriptor->fields[j].name, name) != 0)
            j++;
        if (j == resource->descriptor->n_fields)
            return call_fail_field(call, "update_mask", "names %.60s, which is no field", name);
        if (resource->fields[j].output_only)
            return call_fail_field(call, "update_mask", "names %.60s, which cannot be set", name);
    }
    return true;
}

bool
check_message(Call *call, const MessageInfo *info, const ProtobufCMessage *message)
{
    const ProtobufCFieldDescriptor *mask_field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, "update_mask");
    int resource = mask_field == NULL ? -1 : resource_index(message->descriptor);

    if (!check_choices(call, message))
        return false;
    if (resource < 0)
        return check_fields(call, info, message, "", NULL);

    const Google__Protobuf__FieldMask *mask =
        *(const Google__Protobuf__FieldMask *const *) ((const char *) message + mask_field->offset);
    bool ok = true;

    if (mask == NULL)
        return call_fail_field(call, "update_mask", "is required");
    if (!check_mask(call, info->fields[resource].message, mask))
        return false;
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field == mask_field || field_is_absent(message, field))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            ok = check_repeated(call, field, &info->fields[i], message, field->name) && ok;
        else
            ok = check_single(call, field, &info->fields[i], (const char *) message + field->offset,
                              field->name, (int) i == resource ? mask : NULL) &&
                 ok;
    }
    return ok;
}
