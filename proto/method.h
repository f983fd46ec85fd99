/* The table of methods that tools/protoc-gen-ciq writes from the .proto files.  The server's
 * dispatch, the client's calls and the commands of ciq-client all read it.  Constant data, shared
 * by both sides; nothing here allocates or fails.  */
#ifndef CIQ_PROTO_METHOD_H
#define CIQ_PROTO_METHOD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The same names and numbers as in clientiq/v1/options.proto. */
typedef enum MethodScope { SCOPE_PLATFORM = 1, SCOPE_TENANT = 2, SCOPE_ANY = 3 } MethodScope;
typedef enum MethodAccess {
    ACCESS_PUBLIC = 1,
    ACCESS_AUTHENTICATED = 2,
    ACCESS_PERMISSION = 3
} MethodAccess;
typedef enum MethodDatabase {
    DATABASE_NONE = 1,
    DATABASE_WORKER = 2,
    DATABASE_OWNER = 3
} MethodDatabase;
typedef enum FieldFormat {
    FORMAT_LINE = 0,
    FORMAT_SCHEMA_NAME = 1,
    FORMAT_EMAIL = 2,
    FORMAT_HOST = 3,
    FORMAT_PERMISSION = 4,
    FORMAT_JSON_OBJECT = 5,
    FORMAT_LINES = 6,
    FORMAT_LOOKUP = 7
} FieldFormat;

typedef struct MessageInfo MessageInfo;

/* What a field's option and comment say.  It has the same index as the field's descriptor. */
typedef struct FieldInfo {
    const char *comment;        /* one line or more, without the slashes; never empty */
    const MessageInfo *message; /* of a message field; NULL: not a message */
    const char *const *one_of;  /* the only values, ended by NULL; NULL: any */
    uint32_t min, max; /* characters, bytes or elements; max 0: only the server's own limits hold */
    FieldFormat format;
    bool required, secret, output_only;
} FieldInfo;

/* One message type.  fields is parallel to descriptor->fields, which is sorted by tag. */
struct MessageInfo {
    const ProtobufCMessageDescriptor *descriptor;
    const char *comment;
    const FieldInfo *fields;
};

typedef struct Method {
    const char *name;    /* "clientiq.v1.UserService/GetUser", as in Request.method */
    const char *service; /* "UserService" */
    const char *rpc;     /* "GetUser" */
    const char *command; /* "user get" */
    const char *comment;
    const char *permission; /* "" unless access is ACCESS_PERMISSION */
    /* Takes the place of permission where there is no tenant; "" unless scope is SCOPE_ANY. */
    const char *platform_permission;
    /* Fields of the request that can say that it is about the caller's own data (options.proto),
     * ended by NULL; NULL: none. */
    const char *const *own_fields;
    const MessageInfo *request, *response;
    MethodScope scope;
    MethodAccess access;
    MethodDatabase database;
    bool writes, hashes_password, never_replayed, from_memory, by_api_key;
} Method;

/* All methods, sorted by name (strcmp). */
extern const Method methods[];
extern const size_t methods_count;

/* The method of exactly this name, or NULL. */
const Method *method_find(const char *name);

/* The permission that a call needs, in a tenant or on the platform; "": none. */
const char *method_permission(const Method *method, bool on_platform);

/* True for a member of a oneof that was not chosen: its place in memory holds another member's
 * value. */
bool field_is_absent(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* True for a member of a oneof, of which a request must choose exactly one. */
bool field_is_choice(const ProtobufCFieldDescriptor *field);

/* What is known of a message type that some method's request or response uses, or NULL. */
const MessageInfo *message_info_find(const ProtobufCMessageDescriptor *descriptor);

/* The prefix that an enum's values share: that of "TenantState" is "TENANT_STATE_".  One that is
 * longer than the buffer is cut. */
void enum_prefix(const ProtobufCEnumDescriptor *descriptor, char *prefix, size_t size);

#endif
