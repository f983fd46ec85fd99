/* The bounds of every call, and those that more than one file of the server must agree on, each
 * with its reason.  What is one file's own, a buffer, a table, a wait, is bounded in that file, at
 * its top; what the client must know too is in proto/wire.h; what people may choose is a setting
 * (config.def).  */
#ifndef CIQ_SERVER_LIMITS_H
#define CIQ_SERVER_LIMITS_H

/* names */
enum {
    LIMIT_SCHEMA_NAME = 48, /* leaves room under PostgreSQL's 63 for a prefix of ours */
    LIMIT_ROLE_NAME = 63,   /* PostgreSQL cuts longer names silently */
    LIMIT_HOST = 253,  /* characters of a host name (RFC 1035, less what stands on the wire only) */
    LIMIT_EMAIL = 254, /* bytes of an e-mail address (RFC 5321, less the brackets) */
    LIMIT_PASSWORD = 1024 /* bytes: 256 characters, as the messages' options say, of at most 4 */
};

/* one call */
enum {
    LIMIT_CALL_ID =
        26, /* 8 hexadecimal digits of the server's run, a dash, at most 16 of a counter */
    LIMIT_ARENA = 8 * 1024 * 1024, /* bytes: a message of 1 MiB unpacks to at most this */
    LIMIT_REPEATED = 1000,         /* elements of one repeated field: as many as a page has */
    LIMIT_STRING = 65536,          /* bytes of one string field whose option names no maximum */
    LIMIT_FIELD_PATH = 256,        /* of a field in a message to the client; a longer path is cut */
    LIMIT_VIOLATIONS = 16,         /* fields named in one reply; more help nobody */
    LIMIT_PAGE = 1000, /* rows of one page: 1,000 rows of about 500 bytes stay under a message */
    LIMIT_SCAN = 5000, /* rows that are read for one page, whatever the filters: milliseconds; more
                          than a page has, which it may therefore end early */
    LIMIT_PAGE_DEFAULT = 100, /* rows of a page if the client does not say: a few screens */
    LIMIT_PARAMETERS = 32,    /* of one statement; embed_sql refuses more */
    LIMIT_STATEMENTS = 64,    /* shown by explain; a call that needs more shows its beginning */
    LIMIT_TABLES = 4096       /* of one tenant that is cloned or exported: a name of each is kept */
};

/* tables in memory */
enum {
    LIMIT_STRIPES = 64 /* locks of one table, each over its part; far more than threads */
};

#endif
