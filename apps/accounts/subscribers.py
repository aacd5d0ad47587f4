"""What accounts send outward."""

from __future__ import annotations

from apps.accounts.services import notices

SENDERS = {notices.CHANNEL: notices.notice_send}
