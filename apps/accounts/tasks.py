"""What beat ticks for this app."""

from __future__ import annotations

from celery import shared_task

from apps.accounts import services
from apps.core import clock


@shared_task(name="accounts.forget_audit", ignore_result=True)
def forget_audit() -> None:
    """Delete some of the oldest audit events."""
    services.audit_forget()


@shared_task(name="accounts.forget_sessions", ignore_result=True)
def forget_sessions() -> None:
    """Delete sessions that have run out."""
    services.sessions_forget(now=clock.now())


@shared_task(name="accounts.forget_notices", ignore_result=True)
def forget_notices() -> None:
    """Delete some of the oldest notices."""
    services.notices_forget()
