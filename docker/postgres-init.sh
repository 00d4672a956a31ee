#!/usr/bin/env bash
# Run once by the PostgreSQL image on an empty volume: the second database, for the contents of
# tables (CKAN's DataStore), and the role that may only read it.
set -euo pipefail

psql --set=ON_ERROR_STOP=1 --set=password="$DATASTORE_READER_PASSWORD" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE datastore_reader LOGIN PASSWORD :'password';
CREATE DATABASE datastore OWNER ckan;
SQL
