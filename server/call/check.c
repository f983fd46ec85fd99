/* Validation by descriptor.  Called by dispatch, and by the import for what an archive says of its
 * tenant; knows no rpc by name.  */
#include "call/check.h"
#include "call/address.h"
#include "call/form.h"
#include "call/host.h"
#include "call/json.h"
#include "call/names.h"
#include "proto/utf8.h"
#include "proto/visible.h"

#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A text that people are to read: what proto/visible.h would not show is refused. */
static bool
check_text(Call *call, const char *path, const char *text, VisibleLines lines)
{
    uint32_t wrong;
    size_t place;

    if (visible_is(text, lines, &wrong, &place))
        return true;
    return call_fail_field(call, path,
                           "must not contain control, direction or invisible characters, has "
                           "U+%04" PRIX32 " as character %zu",
                           wrong, place);
}

bool
check_line(Call *call, const char *path, const char *text, size_t max)
{
    size_t size = utf8_length(text);

    if (size > max)
        return call_fail_field(call, path, "must be at most %zu characters, got %zu", max, size);
    return check_text(call, path, text, VISIBLE_ONE_LINE);
}

static const char *
check_format(FieldFormat format, const char *text)
{
    switch (format) {
    case FORMAT_LINE:
    case FORMAT_LINES:
    case FORMAT_LOOKUP:
        return NULL;
    case FORMAT_SCHEMA_NAME:
        return names_schema_wrong(text);
    case FORMAT_EMAIL:
        return address_wrong(text);
    case FORMAT_HOST: {
        char name[HOST_SIZE];

        return host_normalise(text, false, name);
    }
    case FORMAT_PERMISSION:
        return names_permission_wrong(text);
    case FORMAT_JSON_OBJECT:
        return json_object_wrong(text);
    }
    return NULL;
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
    /* of a secret, what is counted is what it is compared as (access/opaque.h) */
    const char *counted = info->secret ? form_nfc(call, text) : text;
    size_t size = counted == NULL ? 0 : utf8_length(counted);
    /* min and max of a repeated field are about its elements' number */
    uint32_t min = is_element ? 0 : info->min, max = is_element ? 0 : info->max;
    const char *wrong;

    if (counted == NULL)
        return false;
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
    if ((info->format == FORMAT_LINE && !info->secret &&
         !check_text(call, path, text, VISIBLE_ONE_LINE)) ||
        (info->format == FORMAT_LINES && !check_text(call, path, text, VISIBLE_LINES)))
        return false;
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
        char element[LIMIT_FIELD_PATH + 24];

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
        char path[LIMIT_FIELD_PATH];

        if (rule->output_only || (mask != NULL && !mask_names(mask, field->name)) ||
            field_is_absent(message, field))
            continue;
        snprintf(path, sizeof path, "%s%s%s", before, before[0] != '\0' ? "." : "", field->name);
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
        char names[LIMIT_FIELD_PATH] = "";
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
