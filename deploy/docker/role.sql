-- Once, when the container of PostgreSQL makes its files: the role with which the dashboard works. It owns its own
-- database, and may do nothing else on this server. Its password is DATABASE_PASSWORD, or the secret of that name.
\set ON_ERROR_STOP on
\set word `echo "${DATABASE_PASSWORD:-$(cat /run/secrets/database_password)}"`
CREATE ROLE flinkey LOGIN PASSWORD :'word' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE flinkey OWNER flinkey;
REVOKE CONNECT ON DATABASE flinkey FROM PUBLIC;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
