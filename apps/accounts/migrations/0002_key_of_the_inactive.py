"""A key allows nothing any more once its maker is switched off."""

from __future__ import annotations

from django.db import migrations

from apps.core.tenancy import definer

_KEY_BY_HASH = """
CREATE OR REPLACE FUNCTION accounts_key_by_hash(wanted text)
RETURNS TABLE (
    id uuid, name varchar, workspace_id uuid, slug varchar, workspace_name varchar, scopes varchar[],
    expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz, created_by uuid, creator_role varchar
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.name, k.workspace_id, w.slug, w.name, k.scopes,
           k.expires_at, k.last_used_at, k.revoked_at, k.created_by_id, CASE WHEN u.is_active THEN m.role END
    FROM accounts_api_key k
    JOIN accounts_workspace w ON w.id = k.workspace_id
    LEFT JOIN accounts_user u ON u.id = k.created_by_id
    LEFT JOIN accounts_membership m ON m.workspace_id = k.workspace_id AND m.user_id = k.created_by_id
    WHERE k.hash = wanted
$$;
"""


class Migration(migrations.Migration):
    """The function that finds keys, changed."""

    dependencies = [("accounts", "0001_initial")]
    operations = [definer("accounts_key_by_hash(text)", _KEY_BY_HASH)]
