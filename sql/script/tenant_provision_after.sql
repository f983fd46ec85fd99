-- What a tenant's calls may not do in their own schema: write to the ledger, or change the audit.
revoke insert, update, delete on core_migration from :"role";
revoke update, delete on core_audit from :"role";
