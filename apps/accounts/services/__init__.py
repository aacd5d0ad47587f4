"""Named writes. Each is one transaction in one workspace and leaves an audit event in it."""

from __future__ import annotations

from apps.accounts.services.audit import audit_forget, audit_record
from apps.accounts.services.given import token_hash
from apps.accounts.services.keys import CreatedKey, api_key_create, api_key_revoke, api_key_touch
from apps.accounts.services.links import LINK_LIFETIME, sign_in_link_create, sign_in_link_use
from apps.accounts.services.members import Added, member_add, member_remove, member_role_change
from apps.accounts.services.notices import Telling, notice_put, notice_read, notice_settle, notices_forget
from apps.accounts.services.profile import profile_update
from apps.accounts.services.sessions import session_note
from apps.accounts.services.workspaces import workspace_create, workspace_rename

__all__ = [
    "LINK_LIFETIME",
    "Added",
    "CreatedKey",
    "Telling",
    "api_key_create",
    "api_key_revoke",
    "api_key_touch",
    "audit_forget",
    "audit_record",
    "member_add",
    "member_remove",
    "member_role_change",
    "notice_put",
    "notice_read",
    "notice_settle",
    "notices_forget",
    "profile_update",
    "session_note",
    "sign_in_link_create",
    "sign_in_link_use",
    "token_hash",
    "workspace_create",
    "workspace_rename",
]
