"""Who may do what in the database, before any table exists."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations
from pgvector.django import VectorExtension

_ROLES = """
DO $$
DECLARE
    wanted text;
BEGIN
    IF current_setting('server_version_num')::int < 150000 THEN
        RAISE EXCEPTION 'AgentFlow needs PostgreSQL 15 or newer; this server is %.', current_setting('server_version');
    END IF;
    FOREACH wanted IN ARRAY ARRAY['agentflow_app', 'agentflow_definer'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'The role % does not exist and % may not create it.', wanted, current_user
                    USING HINT = 'As a superuser: CREATE ROLE ' || wanted || '; then migrate again.';
            WHEN duplicate_object THEN
                NULL;  -- another database of this server made it at the same moment
            END;
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'agentflow_app' AND (rolsuper OR rolbypassrls)) THEN
        RAISE EXCEPTION 'agentflow_app may pass row-level security, so the wall between workspaces would not hold.'
            USING HINT = 'ALTER ROLE agentflow_app NOSUPERUSER NOBYPASSRLS;';
    END IF;
    -- The owner hands functions over to agentflow_definer, so it must be able to become that role.
    IF NOT pg_has_role(current_user, 'agentflow_definer', 'USAGE') THEN
        EXECUTE format('GRANT agentflow_definer TO %I', current_user);
    END IF;
    -- One login for both jobs (a DATABASE_URL without DATABASE_OWNER_URL) must be able to step down to agentflow_app.
    IF current_user <> 'agentflow_owner' AND NOT pg_has_role(current_user, 'agentflow_app', 'USAGE') THEN
        EXECUTE format('GRANT agentflow_app TO %I', current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO agentflow_app', current_schema());
    EXECUTE format('GRANT USAGE, CREATE ON SCHEMA %I TO agentflow_definer', current_schema());
END
$$;
"""

# Tables of other packages belong to no workspace and never see `tenancy.protect`; ours get the same grants and then the
# wall. Partitions take the grant back in the migration that makes them.
_GRANTS = """
ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO agentflow_app;
ALTER DEFAULT PRIVILEGES GRANT USAGE, SELECT ON SEQUENCES TO agentflow_app;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
GRANT SELECT ON django_migrations TO agentflow_app;
"""


class Migration(migrations.Migration):
    """Runs first of all, also before the packages' own tables."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    run_before = [
        ("contenttypes", "0001_initial"),
        ("auth", "0001_initial"),
        ("sessions", "0001_initial"),
        ("django_celery_beat", "0001_initial"),
    ]
    operations = [
        VectorExtension(),
        migrations.RunSQL(_ROLES, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(_GRANTS, reverse_sql=migrations.RunSQL.noop),
    ]
