/* Somebody who writes to a tenant all the time; see writer.h.  */
#include "harness/writer.h"

static void *
writer_loop(void *argument)
{
    Writer *writer = argument;

    while (!atomic_load(&writer->stop)) {
        PGresult *result = PQexec(
            writer->connection,
            "with c as (insert into busy.business_company (name) values (gen_random_uuid()::text) "
            "returning id) insert into busy.business_contact (company_id) select id from c");

        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            atomic_fetch_add(&writer->failures, 1);
        PQclear(result);
        atomic_fetch_add(&writer->rounds, 1);
    }
    return NULL;
}

static bool
writer_has_written(void *argument)
{
    Writer *writer = argument;

    return atomic_load(&writer->rounds) > 20;
}

void
writer_start(Writer *writer, World *world)
{
    *writer = (Writer){.connection = database_connect(&world->database)};
    tenant_new(world->platform, "busy");
    connection_run(
        writer->connection,
        "insert into busy.business_company (name) select n::text from generate_series(1, %d) n; "
        "insert into busy.business_contact (company_id) select id from busy.business_company",
        WRITER_PAIRS);
    assert_int_equal(pthread_create(&writer->thread, NULL, writer_loop, writer), 0);
    wait_until("pairs to come", writer_has_written, writer);
}

void
writer_stop(Writer *writer)
{
    atomic_store(&writer->stop, true);
    pthread_join(writer->thread, NULL);
    PQfinish(writer->connection);
    assert_int_equal(atomic_load(&writer->failures), 0);
}

void
assert_one_moment(const World *world, const char *schema)
{
    assert_value(&world->database, "t",
                 "select (select count(*) from %s.business_company) = "
                 "(select count(*) from %s.business_contact) and "
                 "(select count(*) from %s.business_company) > %d",
                 schema, schema, schema, WRITER_PAIRS);
}
