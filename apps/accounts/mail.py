"""Mail to people: written from two templates, and sent by the operator's mail server."""

from __future__ import annotations

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from apps.core.subscriptions import Sent

SECONDS = 20


def mail_send(*, to: str, subject: str, template: str, context: dict[str, Any]) -> Sent:
    """Write and send one mail; gives what the mail server said, for the outbox to try again or give up.

    `template` names a pair, `<template>.txt` and `<template>.html`. Without a mail server nothing is sent, and the
    answer says so.
    """
    if not settings.HAS_MAIL:
        return Sent(False, error="This installation has no mail server: set EMAIL_URL.")
    context = {"base_url": settings.BASE_URL, "subject": subject} | context
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string(f"{template}.txt", context),
        to=[to],
        connection=get_connection(timeout=SECONDS),
    )
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    return mail_hand_over(mail)


def mail_hand_over(mail: EmailMultiAlternatives) -> Sent:
    """Send a mail that is written; gives what the operator's mail server said, as `mail_send` does."""
    if not settings.HAS_MAIL:
        return Sent(False, error="This installation has no mail server: set EMAIL_URL.")
    mail.connection = mail.connection or get_connection(timeout=SECONDS)
    try:
        mail.send()
    except SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()), (0, b""))
        return _said(code, answer)
    except SMTPResponseException as error:
        return _said(error.smtp_code, error.smtp_error)
    except (SMTPException, OSError) as error:
        return Sent(False, error=f"The mail server cannot be reached: {error}")
    return Sent(True)


def _said(code: int, answer: bytes | str) -> Sent:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    # 5xx is for good: the mailbox does not exist, the mail is not wanted. What concerns the sender is not.
    return Sent(False, status=code, error=f"The mail server answered {code} {text}", is_refused=550 <= code < 560)
