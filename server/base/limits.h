/* Every bound in the server that is not a setting, each with its reason. */
#ifndef CIQ_SERVER_LIMITS_H
#define CIQ_SERVER_LIMITS_H

enum {
    LIMIT_SCHEMA_NAME = 48, /* design: leaves room under PostgreSQL's 63 for a reserved prefix */
    LIMIT_ROLE_NAME = 63,   /* PostgreSQL cuts longer names silently */
    LIMIT_CALL_ID = 26,     /* 16 hexadecimal digits of the server's run, a dash, a counter */
    LIMIT_REPEATED = 1000,  /* elements of one repeated field in a request */
    LIMIT_STRING = 65536,   /* bytes of one string field whose option names no maximum */
    LIMIT_PASSWORD = 1024,  /* bytes: 256 characters, as the messages' options say, of at most 4 */
    LIMIT_PAGE = 1000, /* rows of one page: 1,000 rows of about 500 bytes stay under a message */
    LIMIT_PAGE_DEFAULT = 100,
    LIMIT_FIELD_PATH = 256, /* of a field in a message to the client; a longer path is cut */
    LIMIT_VIOLATIONS = 16,  /* fields named in one reply; more help nobody */
    LIMIT_STATEMENTS = 64,  /* statements shown by explain */
    LIMIT_TABLES =
        4096, /* of one tenant that is cloned or exported: a name of each is kept in the call */
    LIMIT_ARENA =
        8 * 1024 * 1024,  /* bytes of one call: a message of 1 MiB unpacks to at most this */
    LIMIT_PARAMETERS = 32 /* of one statement */
};

#endif
