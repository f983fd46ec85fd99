/* One request in flight: its memory, tenant, caller, deadline and first failure.  A Call is made by
 * dispatch on a worker's thread, is used by that thread only, and ends when its reply is packed.
 * It is passed to everything; there is no tenant, caller or error anywhere else.  */
#ifndef CIQ_SERVER_CALL_H
#define CIQ_SERVER_CALL_H

#include "base/arena.h"
#include "base/compiler.h"
#include "base/limits.h"
#include "call/core.h"
#include "proto/method.h"
#include "proto/wire.h"
#include <stdarg.h>

typedef struct Db Db;
struct Call;

/* What a tenant's plan, or the tenant itself, allows; 0 = no limit. */
typedef struct TenantLimits {
    uint32_t users, api_keys, requests_per_second, statement_ms;
} TenantLimits;

/* An app of a tenant that is older than this server can serve. */
typedef struct HeadsBehind {
    const char *app; /* constant data; NULL: the tenant is new enough */
    unsigned have, need;
} HeadsBehind;

/* A tenant as dispatch needs it; id 0 is the platform. */
typedef struct TenantContext {
    int64_t id;
    char schema[LIMIT_SCHEMA_NAME + 1];
    char role[LIMIT_ROLE_NAME + 1];
    char state[16]; /* as in tenants_tenant.state */
    HeadsBehind behind;
    uint32_t users_head; /* the newest migration of app users that it has */
    TenantLimits limits;
    /* of the domain by which it was found, if it was found by one */
    char domain_kind[12];
    bool domain_is_primary, domain_is_verified;
    int64_t domain_create_us; /* Unix time */
} TenantContext;

typedef enum CallerKind {
    CALLER_ANONYMOUS,
    CALLER_USER,      /* a tenant's user, by session */
    CALLER_SUPERUSER, /* a platform superuser, by session */
    CALLER_OPERATOR,  /* the local operator, by the uid at the other end of ipc:// */
    CALLER_ACT_AS, /* one of the platform's inside a tenant, by an act-as session: no user of it */
    CALLER_API_KEY /* a microservice, by a key of the tenant or of the platform */
} CallerKind;

typedef struct Caller {
    CallerKind kind;
    int64_t id;           /* of the user, superuser or API key; 0: none */
    int64_t session_id;   /* 0: none */
    int64_t superuser_id; /* of CALLER_ACT_AS, who acts; 0: the local operator */
    bool is_admin;
    const char *email; /* never NULL */
    /* an API key that was made under Act as: it ends with what a superuser may do, which is the
     * platform's to say */
    bool is_staffs;
    const char *permissions; /* sorted, each ended by NUL, the list by an empty one; never NULL */
} Caller;

/* Where a message came from, as the transport found it. */
typedef struct Peer {
    bool is_operator;      /* one of core->operators, over ipc:// */
    char address[64];      /* "ipc:uid=0", "127.0.0.1:5432", "[::1]:5432" */
    uint64_t connection;   /* its number, of those to this server */
    uint64_t address_hash; /* of the address without its port, or of its network */
} Peer;

/* The first failure of a call; code 0: none so far. */
typedef struct CallFailure {
    Code code;
    const char *text;
    uint32_t retry_after_ms;
    uint32_t pause_ms; /* before the answer is sent; no thread waits for it */
    FieldViolation **violations;
    size_t violations_count;
    bool is_refused; /* it belongs into the audit */
    /* what the connection has prepared, or knows of roles, does not fit any more: nothing is
     * written, and the call may run once more on a new connection */
    bool is_outdated;
    bool is_of_script;         /* of SQL that is not the server's own, and told as it came */
    const char *detail;        /* for the log only, never the client; NULL: none */
    const struct Query *query; /* the statement that failed; NULL: none, or a script */
    char sqlstate[6];          /* of the statement that failed, for the log; "" */
    /* in a script that failed: how many of its statements had not, and the character of the script
     * that PostgreSQL points to, from 1; 0: none */
    size_t script_statement;
    int script_position;
} CallFailure;

/* What a failure leaves behind that nobody can mend by asking again, in a transaction of its own.
 */
typedef struct CallRecord {
    bool (*write)(struct Call *call); /* NULL: nothing */
    const char *id;
    const void *data;
    bool is_platforms; /* that transaction is the platform's, not the tenant's */
} CallRecord;

/* What the call's statements were, if that was asked for and allowed. */
typedef struct CallExplain {
    bool wanted;
    Statement **statements;
    size_t statements_count;
    char **schemas;
    size_t schemas_count;
} CallExplain;

typedef struct Call {
    Core *core;
    Arena *arena;
    Db *db;                     /* NULL: memory alone must answer */
    char id[LIMIT_CALL_ID + 1]; /* the request id in reply, log and audit */

    /* what was asked, by whom and for whom */
    const Method *method;
    Request *request;          /* the envelope */
    ProtobufCMessage *message; /* the rpc's request, checked */
    Peer peer;
    const char *origin; /* the end user's address, or the peer's; never NULL */
    bool is_counted;    /* by the tenant's limit of calls */
    bool forwards;      /* the token is a key that may say for which end user it calls */
    TenantContext tenant;
    Caller caller;
    const char *subject; /* of a call without a session: the identity that it is about
                          * (sql/part/identity.sql); NULL: none */
    bool must_be_own;    /* the caller lacks the permission for what is not their own */

    /* how long it may take */
    int64_t receive_us, deadline_us; /* monotonic */
    int64_t statement_timeout_ms,
        lock_timeout_ms; /* of each statement, for the server's own work; 0: by the deadline */
    bool is_unfinished;  /* a job's task has stopped at a bound: it runs again at once */
    const int *stop_fd;  /* readable: give up at once, whatever runs; NULL: nothing says so */

    CallFailure failure;
    bool has_defect; /* since the transaction began, by call_defect */
    CallRecord record;
    Changes changes;    /* of the transaction that is open */
    const char *target; /* what was changed, for the audit: "user 5"; NULL: nothing named */
    CallExplain explain;
} Call;

/* Notes what the transaction changes, which must have begun, or the call fails: what was noted
 * before would be forgotten. tenant_id 0: the platform, or the kind is about no tenant. */
void call_change(Call *call, ChangeKind kind, int64_t tenant_id);

/* Tells this server alone, at once, whatever becomes of the transaction. */
void call_tell(const Call *call, ChangeKind kind, int64_t tenant_id);

/* Fails the call and returns false.  The first failure wins; the text reaches the client. */
MUST_CHECK bool call_fail(Call *call, Code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with a text that is in call memory, or constant; NULL: the call has failed before. */
MUST_CHECK bool call_fail_text(Call *call, Code code, const char *text);

/* The same with INTERNAL because of a mistake of the server's own, which must not end it for
 * everybody: the words, which name the statement, go to the log only.  The open transaction cannot
 * be committed any more, whoever goes on. */
MUST_CHECK bool call_defect(Call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/* As if the call had not failed, and had changed nothing. */
void call_forget_failure(Call *call);

/* The same with INVALID_ARGUMENT (or ALREADY_EXISTS by call_fail_field_code) and a violation that
 * names the field; the reply's message is "<field> <text>".  Several fields may fail; the first is
 * the message. */
MUST_CHECK bool call_fail_field(Call *call, const char *field, const char *format, ...)
    PRINTF_LIKE(3, 4);
MUST_CHECK bool call_fail_field_code(Call *call, Code code, const char *field, const char *format,
                                     ...) PRINTF_LIKE(4, 5);
#ifdef __clang_analyzer__ /* it reads one file at a time, and cannot see there that they return    \
                             false */
#define call_fail(...) (call_fail(__VA_ARGS__) && false)
#define call_defect(...) (call_defect(__VA_ARGS__) && false)
#define call_fail_field(...) (call_fail_field(__VA_ARGS__) && false)
#define call_fail_field_code(...) (call_fail_field_code(__VA_ARGS__) && false)
#define call_fail_text(...) (call_fail_text(__VA_ARGS__) && false)
#endif

/* Memory until the reply is sent, zeroed.  NULL: the call has failed with RESOURCE_EXHAUSTED. */
MUST_CHECK void *call_alloc(Call *call, size_t size);

/* A list of pointers with room for one more than count: itself, or a copy with twice the room.
 * *room: how many it has room for; 0: there is no list yet. */
MUST_CHECK void *call_grow(Call *call, void *list, size_t count, size_t *room);
MUST_CHECK char *call_strdup(Call *call, const char *text);
MUST_CHECK char *call_printf(Call *call, const char *format, ...) PRINTF_LIKE(2, 3);
MUST_CHECK char *call_vprintf(Call *call, const char *format, va_list arguments) PRINTF_LIKE(2, 0);

/* True if the caller holds the permission (app.codename). */
bool call_may(const Call *call, const char *permission);

/* Milliseconds left until the deadline, at least 0. */
int64_t call_left_ms(const Call *call);

/* How long one statement may run, in milliseconds: as the server's own work says, as the tenant's
 * limit says, or until the deadline. */
int64_t call_statement_ms(const Call *call);

/* Fails the call of which a statement ran longer than that, with the code and the words of what
 * ended it; returns false. */
MUST_CHECK bool call_fail_statement_ms(Call *call);

/* The number of the user or superuser who calls; 0: an API key, the local operator, or who acts in
 * a tenant. */
int64_t caller_account_id(const Caller *caller);

/* The caller's number in log and audit: the user's, or the superuser's. */
int64_t caller_number(const Caller *caller);

/* The caller's kind in log and audit: anonymous, user, superuser, operator, api_key, act_as. */
const char *caller_kind_name(CallerKind kind);

/* Who calls, for people: "operator", "superuser ann@example.com", "api_key 3".  NULL: the call has
 * failed. */
MUST_CHECK const char *call_actor(Call *call);

#endif
