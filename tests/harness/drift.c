#include "harness/drift.h"
#include "harness/cases.h"
#include "harness/expect.h"

CiqVerifySchemaResponse *
drift_verify(CiqClient *platform, const char *schema)
{
    CiqError *error = NULL;
    CiqVerifySchemaRequest request = CLIENTIQ__V1__VERIFY_SCHEMA_REQUEST__INIT;

    request.schema_name = TEXT(schema);

    CiqVerifySchemaResponse *response = ciq_verify_schema(platform, &request, &error);

    assert_ok(error);
    return response;
}

void
drift_print(const CiqVerifySchemaResponse *response)
{
    for (size_t i = 0; i < response->n_differences; i++)
        print_error("%s: %s %s: expected \"%s\", got \"%s\"\n",
                    response->differences[i]->schema_name, response->differences[i]->object,
                    response->differences[i]->problem, response->differences[i]->expected,
                    response->differences[i]->got);
}
