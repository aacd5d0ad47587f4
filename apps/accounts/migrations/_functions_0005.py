"""The chain of the audit log: what the database does by itself."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from decimal import Decimal
from typing import Any

LINK = """
CREATE OR REPLACE FUNCTION accounts_audit_chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    before accounts_audit_head%ROWTYPE;
    fresh text;
BEGIN
    -- Runs at the end of the transaction: whoever comes second waits for a commit, not for somebody's work.
    SELECT * INTO before FROM accounts_audit_head WHERE workspace_id = NEW.workspace_id FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO accounts_audit_head (workspace_id, seq, hash, first_seq, first_hash)
        VALUES (NEW.workspace_id, 0, '', 0, '') ON CONFLICT DO NOTHING;
        SELECT * INTO before FROM accounts_audit_head WHERE workspace_id = NEW.workspace_id FOR UPDATE;
    END IF;
    fresh := encode(sha256(convert_to(before.hash || (before.seq + 1)::text || NEW.digest, 'UTF8')), 'hex');
    INSERT INTO accounts_audit_link (event_id, workspace_id, seq, hash)
    VALUES (NEW.id, NEW.workspace_id, before.seq + 1, fresh);
    UPDATE accounts_audit_head SET seq = before.seq + 1, hash = fresh WHERE workspace_id = NEW.workspace_id;
    RETURN NULL;
END
$$;
"""

REFUSE = """
CREATE OR REPLACE FUNCTION accounts_audit_refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    -- Only what accounts_audit_forget removes goes, which runs as the definer role; nothing is ever changed.
    IF TG_OP = 'DELETE' AND current_user = 'agentflow_definer' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'The audit log is never changed: % of % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER accounts_audit_event_stays BEFORE UPDATE OR DELETE ON accounts_audit_event
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_refuse();
CREATE TRIGGER accounts_audit_link_stays BEFORE UPDATE OR DELETE ON accounts_audit_link
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_refuse();
CREATE CONSTRAINT TRIGGER accounts_audit_event_chained AFTER INSERT ON accounts_audit_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_audit_chain();
"""

FORGET = """
CREATE OR REPLACE FUNCTION accounts_audit_forget(keep_days int, most int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head accounts_audit_head%ROWTYPE;
    cut accounts_audit_link%ROWTYPE;
    gone int := 0;
    removed int;
BEGIN
    -- Always the oldest part of a chain, up to the first row that is young enough: what is left stays one chain.
    FOR head IN SELECT * FROM accounts_audit_head ORDER BY workspace_id LOOP
        SELECT l.* INTO cut FROM accounts_audit_link l
        WHERE l.workspace_id = head.workspace_id AND l.seq <= head.first_seq + most AND l.seq < COALESCE((
            SELECT y.seq FROM accounts_audit_link y
            LEFT JOIN accounts_audit_event e ON e.id = y.event_id
            WHERE y.workspace_id = head.workspace_id AND y.seq > head.first_seq
              AND (e.at IS NULL OR e.at > now() - make_interval(days => GREATEST(keep_days, 30)))
            ORDER BY y.seq LIMIT 1), head.seq + 1)
        ORDER BY l.seq DESC LIMIT 1;
        CONTINUE WHEN NOT FOUND;
        DELETE FROM accounts_audit_event e USING accounts_audit_link l
        WHERE l.event_id = e.id AND l.workspace_id = head.workspace_id AND l.seq <= cut.seq;
        GET DIAGNOSTICS removed = ROW_COUNT;
        DELETE FROM accounts_audit_link WHERE workspace_id = head.workspace_id AND seq <= cut.seq;
        UPDATE accounts_audit_head SET first_seq = cut.seq, first_hash = cut.hash
        WHERE workspace_id = head.workspace_id;
        gone := gone + removed;
    END LOOP;
    RETURN gone;
END
$$;
"""

AUDITED = """
CREATE OR REPLACE FUNCTION accounts_audited() RETURNS TABLE (workspace_id uuid, slug varchar, name varchar)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT w.id, w.slug, w.name FROM accounts_workspace w ORDER BY w.slug
$$;
"""


# ── As `apps.accounts.chain` computed them when this migration was written ───────────────────────────────────────────


def digest_of(event: Any) -> str:
    """The digest of an event."""
    fields = ("actor_kind", "actor_label", "action", "target", "via", "address", "user_agent")
    said = {name: getattr(event, name) for name in fields} | {
        "id": str(event.id),
        "workspace_id": str(event.workspace_id),
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "data": _plain(event.data),
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def link_hash(before: str, seq: int, digest: str) -> str:
    """The hash of a link."""
    return hashlib.sha256(f"{before}{seq}{digest}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
