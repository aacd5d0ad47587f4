"""What beat ticks for questions."""

from __future__ import annotations

from celery import shared_task

from apps.hil.channels import mailbox


@shared_task(name="hil.read_mailboxes", ignore_result=True)
def read_mailboxes() -> None:
    """Look for replies by mail."""
    mailbox.mailboxes_read()
