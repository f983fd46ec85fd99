/* How an enum's values are named, for the two sides that show them without their prefix.  */
#include "proto/method.h"

#include <ctype.h>
#include <string.h>

void
enum_prefix(const ProtobufCEnumDescriptor *descriptor, char *prefix, size_t size)
{
    const char *name = strrchr(descriptor->name, '.');
    size_t used = 0;

    name = name == NULL ? descriptor->name : name + 1;
    for (size_t i = 0; name[i] != '\0' && used + 3 < size; i++) {
        if (i > 0 && isupper((unsigned char) name[i]))
            prefix[used++] = '_';
        prefix[used++] = (char) toupper((unsigned char) name[i]);
    }
    prefix[used++] = '_';
    prefix[used] = '\0';
}
