#!/usr/bin/env bash
# Run once by the PostgreSQL image of compose.yaml, on an empty volume: the four roles and the
# database. The attributes are those of app/database_roles.py; `flask up` makes the tables.
set -euo pipefail

make_role() {  # name, attributes, password
  psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres -v password="$3" <<SQL
create role $1 $2 password :'password';
SQL
}

make_role laudo_owner "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE" "$LAUDO_OWNER_PASSWORD"
make_role laudo_app "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE" "$LAUDO_APP_PASSWORD"
make_role laudo_platform "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE" "$LAUDO_PLATFORM_PASSWORD"
make_role laudo_backup "LOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE" "$LAUDO_BACKUP_PASSWORD"
psql -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
  -c "create database laudo owner laudo_owner template template0 encoding 'UTF8'"
