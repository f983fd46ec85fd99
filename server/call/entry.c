/* Called by dispatch for every message, and where texts come from elsewhere; knows no rpc by name.
 */
#include "call/entry.h"
#include "call/address.h"
#include "call/form.h"

#include <string.h>

static bool
prepare_text(Call *call, const FieldInfo *info, char **text)
{
    const char *prepared = *text;

    /* what is longer is refused */
    if (info->secret || info->output_only || strlen(*text) > LIMIT_STRING)
        return true;
    if (info->format == FORMAT_EMAIL)
        prepared = address_kept(call, *text);
    else if (info->format == FORMAT_LINE || info->format == FORMAT_LINES)
        prepared = form_nfc(call, *text);
    *text = (char *) (uintptr_t) prepared;
    return prepared != NULL;
}

static bool
prepare_field(Call *call, const ProtobufCFieldDescriptor *field, const FieldInfo *info, void *at,
              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (field->type == PROTOBUF_C_TYPE_STRING) {
            if (!prepare_text(call, info, (char **) at + i))
                return false;
        } else {
            ProtobufCMessage *inner = ((ProtobufCMessage **) at)[i];

            if (inner != NULL && info->message != NULL &&
                !entry_prepare(call, info->message, inner))
                return false;
        }
    }
    return true;
}

bool
entry_prepare(Call *call, const MessageInfo *info, ProtobufCMessage *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        void *at = (char *) message + field->offset;
        size_t count = 1;

        if ((field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE) ||
            field_is_absent(message, field))
            continue;
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            memcpy(&count, (char *) message + field->quantifier_offset, sizeof count);
            at = *(void **) at;
        }
        /* more of them are refused */
        if (count <= LIMIT_REPEATED && !prepare_field(call, field, &info->fields[i], at, count))
            return false;
    }
    return true;
}
