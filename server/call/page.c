/* Called where a list is read (db/bind.c, db/bind_answer.c) and where an audit is compared.  Asks
 * nobody.  */
#include "call/page.h"
#include "base/digest.h"
#include "base/secret.h"
#include "call/core.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum {
    MAC_SIZE = 16,     /* bytes: 128 bits are more than anybody can try over the network */
    PAGE_KEY_MAX = 256 /* bytes of the key in a token: a few columns of one row */
};

static void *
field_of(ProtobufCMessage *message, const char *name)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

    return field == NULL ? NULL : (char *) message + field->offset;
}

/* What the token is good for: this method, in this tenant, with these filters. */
static bool
bind_request(Call *call, const ProtobufCMessage *request, uint8_t binding[DIGEST_SIZE])
{
    ProtobufCMessage *copy = call_alloc(call, request->descriptor->sizeof_message);

    if (copy == NULL)
        return false;
    memcpy(copy, request, request->descriptor->sizeof_message);

    const char **token = field_of(copy, "page_token");
    int32_t *size = field_of(copy, "page_size");

    if (token == NULL)
        return call_defect(call, "%s has no page_token", request->descriptor->name);
    *token = "";
    if (size != NULL)
        *size = 0;

    size_t packed_size = protobuf_c_message_get_packed_size(copy);
    uint8_t *packed = call_alloc(call, packed_size + 1);

    if (packed == NULL)
        return false;
    protobuf_c_message_pack(copy, packed);
    digest_parts((DigestPart[]){{call->method->name, strlen(call->method->name)},
                                {&call->tenant.id, sizeof call->tenant.id},
                                {packed, packed_size}},
                 3, binding);
    return true;
}

static void
page_mac(const Call *call, const uint8_t binding[DIGEST_SIZE], const char *page_key,
         uint8_t mac[MAC_SIZE])
{
    uint8_t key[32];
    crypto_generichash_state state;

    crypto_kdf_derive_from_key(key, sizeof key, 1, "ciq-page", call->core->installation.key);
    crypto_generichash_init(&state, key, sizeof key, MAC_SIZE);
    crypto_generichash_update(&state, binding, DIGEST_SIZE);
    crypto_generichash_update(&state, (const uint8_t *) page_key, strlen(page_key));
    crypto_generichash_final(&state, mac, MAC_SIZE);
    secret_wipe(key, sizeof key);
}

char *
page_token(Call *call, const ProtobufCMessage *request, const char *page_key)
{
    uint8_t raw[MAC_SIZE + PAGE_KEY_MAX], binding[DIGEST_SIZE];
    size_t size = strnlen(page_key, PAGE_KEY_MAX + 1);

    if (size > PAGE_KEY_MAX) {
        (void) !call_fail(call, CODE_INTERNAL, "the key of a page is too long");
        return NULL;
    }
    if (!bind_request(call, request, binding))
        return NULL;
    page_mac(call, binding, page_key, raw);
    memcpy(raw + MAC_SIZE, page_key, size);

    size_t text_size =
        sodium_base64_encoded_len(MAC_SIZE + size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    char *text = call_alloc(call, text_size);

    if (text != NULL)
        sodium_bin2base64(text, text_size, raw, MAC_SIZE + size,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return text;
}

/* The key that stands in the token, if its MAC is right. */
static bool
read_token(const Call *call, const char *token, const uint8_t binding[DIGEST_SIZE],
           char key[PAGE_KEY_MAX + 1])
{
    uint8_t raw[MAC_SIZE + PAGE_KEY_MAX], mac[MAC_SIZE];
    size_t size = 0;
    const char *end = NULL;

    if (sodium_base642bin(raw, sizeof raw, token, strlen(token), NULL, &size, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        *end != '\0' || size < MAC_SIZE || memchr(raw + MAC_SIZE, 0, size - MAC_SIZE) != NULL)
        return false;
    memcpy(key, raw + MAC_SIZE, size - MAC_SIZE);
    key[size - MAC_SIZE] = '\0';
    page_mac(call, binding, key, mac);
    return secret_is_equal(mac, raw, MAC_SIZE);
}

bool
page_key(Call *call, const ProtobufCMessage *request, const char **page_key)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "page_token");
    uint8_t binding[DIGEST_SIZE];

    if (field == NULL)
        return call_defect(call, "%s has no page_token", request->descriptor->name);

    const char *token = *(char *const *) ((const char *) request + field->offset);

    if (token[0] == '\0') {
        *page_key = NULL;
        return true;
    }

    char *key = call_alloc(call, PAGE_KEY_MAX + 1);

    if (key == NULL || !bind_request(call, request, binding))
        return false;
    if (!read_token(call, token, binding, key))
        return call_fail_field(call, "page_token", "is not one that this list has given");
    *page_key = key;
    return true;
}

bool
page_size(Call *call, const ProtobufCMessage *request, int32_t *size)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field_by_name(request->descriptor, "page_size");

    if (field == NULL)
        return call_defect(call, "%s has no page_size", request->descriptor->name);

    int32_t asked = *(const int32_t *) ((const char *) request + field->offset);

    if (asked < 0)
        return call_fail_field(call, "page_size", "must not be negative, got %" PRId32, asked);
    *size = asked == 0 ? LIMIT_PAGE_DEFAULT : asked > LIMIT_PAGE ? LIMIT_PAGE : asked;
    return true;
}
