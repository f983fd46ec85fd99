/* Tenants and whoever is in them, made and asked for by rpc.  */
#ifndef CIQ_TESTS_PEOPLE_H
#define CIQ_TESTS_PEOPLE_H

#include "harness/expect.h"
#include "harness/server.h"

extern const char world_email[];    /* admin@same.example */
extern const char world_password[]; /* the password of every user that is made here */

/* Creates a tenant <schema> with the domain <schema>.localhost and the admin above. */
void tenant_new(CiqClient *platform, const char *schema);

/* Creates a user and gives its number. */
int64_t user_new(CiqClient *client, const char *email, bool is_admin);

/* Signs in and gives a client with the token.  Fails the test if it cannot. */
CiqClient *sign_in(const TestServer *server, const char *tenant, const char *email,
                   const char *password);

/* What the tokens of sessions and keys fit in. */
enum { TOKEN_SIZE = 160 };

/* Signs in and gives the token alone. */
void token_new(const TestServer *server, const char *tenant, const char *email,
               char token[TOKEN_SIZE]);

/* Makes an API key with these permissions ("\"a.b\", \"c.d\"", or "" for none), and gives its token
 * and number. */
int64_t key_new(CiqClient *client, const char *name, const char *permissions,
                char token[TOKEN_SIZE]);

/* Makes a group with these permissions (as for a key) and gives its number. */
int64_t group_new(CiqClient *client, const char *name, const char *permissions);

/* One user by number; *error as with ciq_get_user. */
CiqGetUserResponse *user_get(CiqClient *client, int64_t id, CiqError **error);

/* Reads user 1, which every tenant has, and fails the test unless it ends so (as assert_code). */
void assert_user_code(CiqClient *client, Code code, const char *text);

/* How many users the client sees whose address or name contains search. */
size_t user_count(CiqClient *client, const char *search);

#endif
