/* Fields of messages by name, for what binds them to statements.  For the files of db/ only.  */
#ifndef CIQ_SERVER_DB_FIELD_H
#define CIQ_SERVER_DB_FIELD_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

typedef const ProtobufCFieldDescriptor Field;

/* Where a message holds the field, and how many elements a repeated one has. */
const void *field_at(const ProtobufCMessage *message, Field *field);
void *field_of(ProtobufCMessage *message, Field *field);
size_t field_count(const ProtobufCMessage *message, Field *field);

/* The field of this name, which has size bytes.  NULL: there is none. */
Field *field_find(const ProtobufCMessageDescriptor *descriptor, const char *name, size_t size);

/* Follows "user.email".  *message becomes the message that holds the field, NULL if a message on
 * the way is absent; message may be NULL.  NULL: there is no such field. */
Field *field_path(const ProtobufCMessageDescriptor *descriptor, const char *path,
                  const ProtobufCMessage **message);

/* True for a field that holds a message of this type. */
bool field_is_type(Field *field, const ProtobufCMessageDescriptor *descriptor);

#endif
