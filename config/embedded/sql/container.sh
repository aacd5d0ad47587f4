#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: the same roles and database as on one machine, with passwords.
set -eu
psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres --file /agentflow/cluster.sql
psql --set ON_ERROR_STOP=1 --username postgres --dbname agentflow --file /agentflow/database.sql
psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
     --set owner="$OWNER_PASSWORD" --set app="$APP_PASSWORD" <<'SQL'
ALTER ROLE agentflow_owner PASSWORD :'owner';
ALTER ROLE agentflow_app PASSWORD :'app';
SQL
