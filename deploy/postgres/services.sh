#!/bin/sh
# Run once, when PostgreSQL is first started: a database and a login for each service; none can open another's.
set -eu

for service in pep scheduling virtual_school; do
    variable="PEP_SUITE_$(echo "$service" | tr '[:lower:]' '[:upper:]')_PASSWORD"
    eval "password=\$$variable"
    psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v name="$service" -v password="$password" \
        -U "${POSTGRES_USER:-postgres}" -d postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
ALTER ROLE :"name" SET lock_timeout = '10s';
ALTER ROLE :"name" SET idle_in_transaction_session_timeout = '60s';
SQL
done
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
    -c 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'
