/* What protoc-gen-ciq knows of the .proto files: every method with its rule, every message that a
 * method uses, and the comment of each.  It is built and checked once, then read by the writers. */
#ifndef CIQ_GENERATOR_MODEL_H
#define CIQ_GENERATOR_MODEL_H

#include "plugin.pb-c.h"
#include "text.h"

#include <stdbool.h>
#include <stddef.h>

typedef Ciq__Plugin__CodeGeneratorRequest PluginRequest;
typedef Ciq__Plugin__FileDescriptor ProtoFile;
typedef Ciq__Plugin__Message ProtoMessage;
typedef Ciq__Plugin__Field ProtoField;
typedef Ciq__Plugin__Enum ProtoEnum;
typedef Clientiq__V1__Rule Rule;
typedef Clientiq__V1__FieldRule FieldRule;

/* FieldDescriptorProto's numbers. */
enum { LABEL_REPEATED = 3, TYPE_INT64 = 3, TYPE_STRING = 9, TYPE_MESSAGE = 11, TYPE_ENUM = 14 };

typedef struct Message Message;
typedef struct Field {
    const ProtoField *proto;
    const char *comment;
    const FieldRule *rule; /* never NULL */
    Message *message;      /* of a message field; NULL: none, or not known */
} Field;

struct Message {
    const ProtoFile *file;
    const ProtoMessage *proto;
    char *name;    /* "clientiq.v1.User" */
    char *c_name;  /* "Clientiq__V1__User" */
    char *c_lower; /* "clientiq__v1__user" */
    const char *comment;
    Field *fields; /* sorted by number, as protobuf-c's descriptors are */
    size_t fields_count;
    bool used; /* by a request or response */
    int visit; /* for the search for circles */
};

typedef struct Enumeration {
    const ProtoFile *file;
    const ProtoEnum *proto;
    char *name, *c_name;
    const char *comment;
    const char **value_comments;
} Enumeration;

typedef struct Method {
    const ProtoFile *file;
    char *name; /* "clientiq.v1.UserService/GetUser" */
    const char *service, *rpc;
    char *service_snake, *rpc_snake;
    const char *comment;
    Rule rule;
    Message *request, *response;
    bool is_sql; /* sql/rpc/<service>/<rpc>.sql exists */
    size_t line;
} Method;

typedef struct Service {
    const char *name, *comment;
} Service;

typedef struct Model {
    Message *messages;
    size_t messages_count;
    Enumeration *enums;
    size_t enums_count;
    Method *methods; /* sorted by name */
    size_t methods_count;
    Service *services;
    size_t services_count;
} Model;

/* Builds the model.  Mistakes are added to errors. */
void model_build(Model *model, const PluginRequest *request, const char *sql_folder, Text *errors);

/* Adds a line "file:line: what is wrong and what is allowed". */
void add_mistake(Text *errors, const ProtoFile *file, size_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
