-- What a tenant's calls may not do in their own schema: change what was applied, or what was recorded.
revoke insert, update, delete on core_migration from :"role";
revoke update, delete on core_audit from :"role";
