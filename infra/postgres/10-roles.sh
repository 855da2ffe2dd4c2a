#!/bin/bash
# Runs once, when the database cluster is made: one owner for migrations, one login for each service.
# The services own nothing; what they may do is granted by the migrations.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set=owner_password="$DAYBOOK_OWNER_PASSWORD" \
  --set=journal_password="$DAYBOOK_JOURNAL_PASSWORD" \
  --set=projection_password="$DAYBOOK_PROJECTION_PASSWORD" \
  --set=inbound_password="$DAYBOOK_INBOUND_PASSWORD" \
  --set=cron_password="$DAYBOOK_CRON_PASSWORD" \
  --set=sealer_password="$DAYBOOK_SEALER_PASSWORD" \
  --set=gateway_password="$DAYBOOK_GATEWAY_PASSWORD" <<'SQL'
create role daybook_owner login createrole password :'owner_password';
alter database daybook owner to daybook_owner;
create extension if not exists vector;
-- Made by the owner, so that the owner may grant them.
set role daybook_owner;
create role daybook_reader nologin noinherit;
create role daybook_journal login noinherit password :'journal_password';
create role daybook_projection login noinherit password :'projection_password';
create role daybook_inbound login noinherit password :'inbound_password';
create role daybook_cron login noinherit password :'cron_password';
create role daybook_sealer login noinherit password :'sealer_password';
create role daybook_gateway login noinherit password :'gateway_password';
SQL
