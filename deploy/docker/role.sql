-- Once, when the container of PostgreSQL makes its files: the role with which the dashboard works. It owns its own
-- database, and may do nothing else on this server. Its password is DATABASE_PASSWORD, or the secret of that name.
\set ON_ERROR_STOP on
\set word `printf %s "${DATABASE_PASSWORD:-$(cat /run/secrets/database_password)}"`
-- An empty one would make a role that nobody can sign in with. The server has its files by then, and would ask no more.
SELECT :'word' = '' AS is_empty \gset
\if :is_empty
    DO 'BEGIN RAISE EXCEPTION $$DATABASE_PASSWORD is missing, and the secret database_password is empty or not readable by
the user postgres. Set one of them, and begin anew: docker compose --profile postgres down, then
docker volume rm flinkey-admin_postgres$$; END';
\endif
CREATE ROLE flinkey LOGIN PASSWORD :'word' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE flinkey OWNER flinkey;
REVOKE CONNECT ON DATABASE flinkey FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
