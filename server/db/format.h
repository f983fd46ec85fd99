/* What is fixed in PostgreSQL's binary formats.  For the files of db/ only.  */
#ifndef CIQ_SERVER_DB_FORMAT_H
#define CIQ_SERVER_DB_FORMAT_H

/* PostgreSQL's type oids, from pg_type.dat; they never change. */
enum {
    FORMAT_BOOL = 16,
    FORMAT_BYTEA = 17,
    FORMAT_NAME = 19,
    FORMAT_INT8 = 20,
    FORMAT_INT2 = 21,
    FORMAT_INT4 = 23,
    FORMAT_TEXT = 25,
    FORMAT_TEXT_ARRAY = 1009,
    FORMAT_VARCHAR = 1043,
    FORMAT_TIMESTAMPTZ = 1184,
    FORMAT_NUMERIC = 1700
};

/* Seconds from 1970-01-01 to the epoch of timestamptz, 2000-01-01. */
#define FORMAT_EPOCH_S INT64_C(946684800)

#endif
