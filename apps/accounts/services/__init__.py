"""Named writes. Each is one transaction in one workspace and leaves an audit event in it."""

from __future__ import annotations

from apps.accounts.mail import mail_hand_over
from apps.accounts.services.accounts import account_create, account_delete
from apps.accounts.services.audit import audit_forget, audit_record, audit_record_all, audit_recorded
from apps.accounts.services.given import token_hash
from apps.accounts.services.invitations import (
    Invited,
    invitation_accept,
    invitation_accept_new,
    invitation_decline,
    invitation_find,
    invitation_resend,
    invitation_revoke,
    invitations_create,
)
from apps.accounts.services.keys import CreatedKey, api_key_create, api_key_revoke, api_key_touch
from apps.accounts.services.links import LINK_LIFETIME, sign_in_link_create, sign_in_link_use
from apps.accounts.services.members import (
    member_add,
    member_leave,
    member_remove,
    member_role_change,
    member_seen,
    ownership_hand_over,
)
from apps.accounts.services.notices import Telling, notice_put, notice_read, notice_settle, notices_forget
from apps.accounts.services.operators import operator_set, user_switch
from apps.accounts.services.profile import picture_remove, picture_set, profile_update, tour_seen
from apps.accounts.services.sessions import (
    second_factor_reset,
    session_note,
    sessions_forget,
    workspace_require_second_factor,
)
from apps.accounts.services.sharing import object_share
from apps.accounts.services.workspaces import (
    workspace_close,
    workspace_create,
    workspace_move,
    workspace_open,
    workspace_rename,
)

__all__ = [
    "LINK_LIFETIME",
    "CreatedKey",
    "Invited",
    "Telling",
    "account_create",
    "account_delete",
    "api_key_create",
    "api_key_revoke",
    "api_key_touch",
    "audit_forget",
    "audit_record",
    "audit_record_all",
    "audit_recorded",
    "invitation_accept",
    "invitation_accept_new",
    "invitation_decline",
    "invitation_find",
    "invitation_resend",
    "invitation_revoke",
    "invitations_create",
    "mail_hand_over",
    "member_add",
    "member_leave",
    "member_remove",
    "member_role_change",
    "member_seen",
    "notice_put",
    "notice_read",
    "notice_settle",
    "notices_forget",
    "object_share",
    "operator_set",
    "ownership_hand_over",
    "picture_remove",
    "picture_set",
    "profile_update",
    "second_factor_reset",
    "session_note",
    "sessions_forget",
    "sign_in_link_create",
    "sign_in_link_use",
    "token_hash",
    "tour_seen",
    "user_switch",
    "workspace_close",
    "workspace_create",
    "workspace_move",
    "workspace_open",
    "workspace_rename",
    "workspace_require_second_factor",
]
