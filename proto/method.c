/* What both sides ask of the generated table of methods and no generator has to write.  */
#include "method.h"

const char *
method_permission(const Method *method, bool on_platform)
{
    return on_platform && method->platform_permission[0] != '\0' ? method->platform_permission
                                                                 : method->permission;
}
