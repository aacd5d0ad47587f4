"""Who belongs where, and whose key it is: with what a workspace asks of people, and its plan."""

from __future__ import annotations

DEFINERS = {
    "accounts_homes_of(uuid)": """
CREATE FUNCTION accounts_homes_of(wanted uuid)
RETURNS TABLE (
    workspace_id uuid, slug varchar, name varchar, created_at timestamptz, role varchar, last_seen_at timestamptz,
    requires_second_factor boolean, plan varchar
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.name, w.created_at, m.role, m.last_seen_at, w.requires_second_factor, w.plan
    FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = wanted AND w.closed_at IS NULL ORDER BY w.name, w.id
$$;
""",
    "accounts_key_by_hash(text)": """
CREATE FUNCTION accounts_key_by_hash(wanted text)
RETURNS TABLE (
    id uuid, name varchar, workspace_id uuid, slug varchar, workspace_name varchar, scopes varchar[],
    expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz, created_by uuid, creator_role varchar,
    places varchar[], plan varchar
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.name, k.workspace_id, w.slug, w.name, k.scopes,
           k.expires_at, k.last_used_at, k.revoked_at, k.created_by_id, CASE WHEN u.is_active THEN m.role END,
           k.places, w.plan
    FROM accounts_api_key k
    JOIN accounts_workspace w ON w.id = k.workspace_id AND w.closed_at IS NULL
    LEFT JOIN accounts_user u ON u.id = k.created_by_id
    LEFT JOIN accounts_membership m ON m.workspace_id = k.workspace_id AND m.user_id = k.created_by_id
    WHERE k.hash = wanted
$$;
""",
}
