/* The rules that stand above permissions, for every handler that changes what somebody may do:
 *
 *   - nobody gives or takes what they do not hold themselves, nor changes somebody who holds more;
 *   - only an admin changes an admin or makes one, and only an owner of the platform an owner;
 *   - a tenant keeps one active admin, and the platform one active owner;
 *   - what is the platform's cannot be granted in a tenant.
 *
 * A refusal by these rules goes into the audit, like one for a missing permission.  */
#ifndef CIQ_SERVER_RIGHTS_H
#define CIQ_SERVER_RIGHTS_H

#include "db/db.h"

/* Fails the call with PERMISSION_DENIED and has it audited. */
MUST_CHECK bool rights_refuse(Call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/* True for what belongs to the platform's apps, of which a tenant's schema has nothing. */
bool rights_is_platforms(const char *permission);

/* Queues the lock under which the rights of one tenant, or of the platform, change one after the
 * other. First in the transaction, before anything is read that the change depends on. */
MUST_CHECK bool rights_lock(Call *call);

/* What the caller holds, as PostgreSQL reads a text[].  NULL: the call has failed. */
MUST_CHECK const char *rights_held(Call *call);

/* What is about to happen to a user. */
typedef struct RightsChange {
    bool is_admin; /* is_admin changes: the caller must be an admin */
    bool goes;     /* the user will not be an active admin any more: another must remain */
} RightsChange;

/* Whether the caller may change this user at all, and in this way.  NOT_FOUND if there is none. */
MUST_CHECK bool rights_check_user(Call *call, int64_t user_id, RightsChange change);

/* The same for a superuser of the platform, whose row is given and becomes the call's target; takes
 * the lock.  goes: they will not be an active owner any more, so another must remain. */
MUST_CHECK bool rights_check_superuser(Call *call, int64_t superuser_id, bool goes,
                                       const DbRow **superuser);

/* Whether the caller may give or take a role of the platform with all that it holds. */
MUST_CHECK bool rights_check_role(Call *call, const char *platform_role, bool can_create_tenants);

/* Whether every permission exists in this tenant and the caller holds it; field names it in what is
 * said. */
MUST_CHECK bool rights_check_permissions(Call *call, const char *field, char *const *permissions,
                                         size_t count);

/* The same for those that an API key is given: on the platform the platform's; in a tenant the
 * tenant's, and auth.check, which only a key can hold.  It tells of a user what
 * users.view_customuser shows anyway, so a caller who holds that may give it. */
MUST_CHECK bool rights_check_key_permissions(Call *call, const char *field,
                                             char *const *permissions, size_t count);

/* What the caller may give to a key, as rights_held. */
MUST_CHECK const char *rights_held_for_keys(Call *call);

#endif
