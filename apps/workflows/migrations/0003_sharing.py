"""A workflow that is hidden from somebody is hidden with its versions; former addresses of workspaces are found."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer, veil

_WEBHOOK_METHODS = """
CREATE OR REPLACE FUNCTION workflows_webhook_methods(workspace_slug text, path text)
RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT split_part(t.key, ' ', 1)
    FROM workflows_active_trigger t
    WHERE t.workspace_id = accounts_workspace_at($1) AND t.subtype = 'WEBHOOK'
      AND t.key = ANY (ARRAY['GET ' || $2, 'POST ' || $2, 'PUT ' || $2, 'PATCH ' || $2, 'DELETE ' || $2])
    ORDER BY 1
$$;
"""


class Migration(migrations.Migration):
    """See `apps.accounts.access.objects`."""

    dependencies = [("workflows", "0002_variables"), ("accounts", "0003_people")]
    operations = [
        veil("workflows_workflow", column="id"),
        veil("workflows_version", column="workflow_id"),
        definer("workflows_webhook_methods(text, text)", _WEBHOOK_METHODS),
    ]
