/* grpc.health.v1: from memory.  */
#include "proto/method.h"
#include "rpc/handlers.h"

#include <string.h>

static bool
is_service(const char *name)
{
    for (size_t i = 0; i < methods_count; i++) {
        size_t size = strcspn(methods[i].name, "/");

        if (strlen(name) == size && memcmp(methods[i].name, name, size) == 0)
            return true;
    }
    return false;
}

bool
rpc_check(Call *call, const HealthCheckRequest *request, HealthCheckResponse *response)
{
    if (request->service[0] != '\0' && !is_service(request->service))
        return call_fail(call, CODE_NOT_FOUND, "no service %.100s", request->service);
    response->status = atomic_load(&call->core->serving)
                           ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                           : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
    return true;
}
