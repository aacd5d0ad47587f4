"""What accounts send outward."""

from __future__ import annotations

from apps.accounts.services import invitations, notices

SENDERS = {notices.CHANNEL: notices.notice_send, invitations.CHANNEL: invitations.invitation_mail}
