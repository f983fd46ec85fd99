-- After the shared migrations: what even calls to the platform may not do.
revoke insert, update, delete on public.core_migration from :"platform";
revoke insert, update, delete on public.core_installation from :"platform";
revoke update, delete on public.core_audit from :"platform";
revoke insert, update, delete on public.audit_seal from :"platform";
revoke insert, update, delete on public.audit_anchor from :"platform";
revoke all on public.role_pool from :"platform";
revoke all on public.role_rest from :"platform";
revoke insert, update, delete on public.migration_file from :"platform";
revoke insert, update, delete on public.migration_accepted from :"platform";
