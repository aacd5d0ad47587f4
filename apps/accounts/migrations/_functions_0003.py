"""What looks across workspaces: who belongs where, whose address this is, and what is kept from whom.

A closed workspace is one that is not there: nobody enters it, and its keys, links and addresses lead nowhere.
"""

from __future__ import annotations

NEW = {
    # It returns more than before, so the old one has to go.
    "accounts_homes_of(uuid)": """
DROP FUNCTION IF EXISTS accounts_homes_of(uuid);
CREATE FUNCTION accounts_homes_of(wanted uuid)
RETURNS TABLE (
    workspace_id uuid, slug varchar, name varchar, created_at timestamptz, role varchar, last_seen_at timestamptz
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.name, w.created_at, m.role, m.last_seen_at
    FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = wanted AND w.closed_at IS NULL ORDER BY w.name, w.id
$$;
""",
    "accounts_workspace_by_slug(text)": """
CREATE OR REPLACE FUNCTION accounts_workspace_by_slug(wanted text)
RETURNS TABLE (workspace_id uuid, slug varchar, name varchar, created_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.name, w.created_at FROM accounts_workspace w
    WHERE w.id = accounts_workspace_at(wanted)
$$;
""",
    "accounts_workspace_at(text)": """
CREATE OR REPLACE FUNCTION accounts_workspace_at(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id FROM accounts_workspace w
    WHERE w.closed_at IS NULL AND w.id = COALESCE(
        (SELECT now.id FROM accounts_workspace now WHERE now.slug = wanted),
        (SELECT f.workspace_id FROM accounts_former_slug f WHERE f.slug = wanted)
    )
$$;
""",
    "accounts_slug_is_taken(text)": """
CREATE OR REPLACE FUNCTION accounts_slug_is_taken(wanted text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM accounts_workspace w WHERE w.slug = wanted)
        OR EXISTS (SELECT FROM accounts_former_slug f WHERE f.slug = wanted)
$$;
""",
    "accounts_key_by_hash(text)": """
CREATE OR REPLACE FUNCTION accounts_key_by_hash(wanted text)
RETURNS TABLE (
    id uuid, name varchar, workspace_id uuid, slug varchar, workspace_name varchar, scopes varchar[],
    expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz, created_by uuid, creator_role varchar
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.id, k.name, k.workspace_id, w.slug, w.name, k.scopes,
           k.expires_at, k.last_used_at, k.revoked_at, k.created_by_id, CASE WHEN u.is_active THEN m.role END
    FROM accounts_api_key k
    JOIN accounts_workspace w ON w.id = k.workspace_id AND w.closed_at IS NULL
    LEFT JOIN accounts_user u ON u.id = k.created_by_id
    LEFT JOIN accounts_membership m ON m.workspace_id = k.workspace_id AND m.user_id = k.created_by_id
    WHERE k.hash = wanted
$$;
""",
    "accounts_link_workspace(text)": """
CREATE OR REPLACE FUNCTION accounts_link_workspace(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT l.workspace_id FROM accounts_sign_in_link l
    JOIN accounts_workspace w ON w.id = l.workspace_id AND w.closed_at IS NULL
    WHERE l.hash = wanted AND l.used_at IS NULL AND l.expires_at > now()
$$;
""",
    "accounts_invitation_workspace(text)": """
CREATE OR REPLACE FUNCTION accounts_invitation_workspace(wanted text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.workspace_id FROM accounts_invitation i
    JOIN accounts_workspace w ON w.id = i.workspace_id AND w.closed_at IS NULL
    WHERE i.hash = wanted
$$;
""",
    "accounts_closed_of(uuid)": """
CREATE OR REPLACE FUNCTION accounts_closed_of(wanted uuid)
RETURNS TABLE (workspace_id uuid, slug varchar, name varchar, created_at timestamptz, closed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.name, w.created_at, w.closed_at
    FROM accounts_membership m JOIN accounts_workspace w ON w.id = m.workspace_id
    WHERE m.user_id = wanted AND m.role = 'owner' AND w.closed_at IS NOT NULL ORDER BY w.closed_at DESC
$$;
""",
    "accounts_hidden_from(uuid, uuid)": """
CREATE OR REPLACE FUNCTION accounts_hidden_from(workspace uuid, person uuid) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT COALESCE(array_agg(theirs.object_id), '{}') FROM (
        SELECT DISTINCT ON (g.object_id) g.object_id, g.level FROM accounts_object_grant g
        WHERE g.workspace_id = workspace AND (g.user_id = person OR g.user_id IS NULL)
        ORDER BY g.object_id, g.user_id NULLS LAST
    ) AS theirs
    WHERE theirs.level = 'none' AND NOT EXISTS (
        SELECT FROM accounts_membership m
        WHERE m.workspace_id = workspace AND m.user_id = person AND m.role IN ('owner', 'admin')
    )
$$;
""",
}
ORDER = (
    "accounts_workspace_at(text)",
    "accounts_workspace_by_slug(text)",
    "accounts_homes_of(uuid)",
    "accounts_slug_is_taken(text)",
    "accounts_key_by_hash(text)",
    "accounts_link_workspace(text)",
    "accounts_invitation_workspace(text)",
    "accounts_closed_of(uuid)",
    "accounts_hidden_from(uuid, uuid)",
)
