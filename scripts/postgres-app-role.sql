-- A role for the running server that can use everything and rewrite nothing of the audit.
--
-- Run it once as the owner of the tables, after `reeve migrate` and again after each upgrade:
--
--     psql "$OWNER_URL" --set=ON_ERROR_STOP=1 --file=scripts/postgres-app-role.sql
--     psql "$OWNER_URL" --command="ALTER ROLE reeve_app LOGIN PASSWORD '...'"
--
-- Then give `reeve serve` the URL of reeve_app, and `reeve migrate` the owner's.

DO $$
BEGIN
    CREATE ROLE reeve_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;

GRANT USAGE ON SCHEMA public TO reeve_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO reeve_app;
REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_seals FROM reeve_app;
REVOKE UPDATE, TRUNCATE ON audit_unsealed FROM reeve_app;
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON __diesel_schema_migrations FROM reeve_app;
