"""Slack's Web API, as far as questions to people need it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.core import jsonclean
from apps.core.egress import EgressError
from apps.core.errors import DomainError
from apps.nodes.contract import Http

SECONDS = 20.0
_PASSING = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})
_HINTS = {
    "channel_not_found": "Check the channel's name, or invite the app into it.",
    "not_in_channel": "Invite the app into the channel: /invite @AgentFlow.",
    "is_archived": "Name a channel that is not archived.",
    "invalid_auth": "Connect the Slack workspace again.",
    "token_revoked": "Connect the Slack workspace again.",
    "account_inactive": "Connect the Slack workspace again.",
    "not_authed": "Connect the Slack workspace again.",
    "missing_scope": "Install the app again with the scopes of its manifest.",
    "users_not_found": "The person has no account in this Slack workspace with that e-mail address.",
    "user_not_found": "Check the Slack user's id.",
}


class SlackFailed(DomainError):
    """Slack did not do what it was asked. `is_passing`: asked again later, it may."""

    code = "integrations.slack_failed"
    status = 502

    def __init__(self, method: str, error: str, *, is_passing: bool = False, retry_after: float | None = None) -> None:
        super().__init__(f"Slack answered {method} with “{error[:200]}”.", hint=_HINTS.get(error, ""))
        self.error, self.is_passing, self.retry_after = error, is_passing, retry_after


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message stands: what it is changed and answered by."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user. `email` is empty where Slack does not say it or has not confirmed it; `team` is the workspace
    their account is of.
    """

    id: str
    name: str
    email: str
    team: str
    is_bot: bool


class Client:
    """Slack with one workspace's token. Give it a door that signs. Every failure is a `SlackFailed`."""

    def __init__(self, http: Http, *, seconds: float = SECONDS) -> None:
        self._http, self._seconds = http, seconds

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        *,
        thread: str = "",
        broadcast: bool = False,
    ) -> Posted:
        """Write a message; `text` is what notifications and screen readers say. A user's id as channel: their messages
        with the app."""
        asked: dict[str, Any] = {"channel": channel, "text": text, "unfurl_links": False, "unfurl_media": False}
        if blocks:
            asked["blocks"] = list(blocks)
        if thread:
            asked |= {"thread_ts": thread, "reply_broadcast": broadcast}
        found = self._call("chat.postMessage", asked)
        return Posted(str(found["channel"]), str(found["ts"]))

    def update(self, where: Posted, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """Put something else into the place of a message."""
        self._call("chat.update", {"channel": where.channel, "ts": where.ts, "text": text, "blocks": list(blocks)})

    def whisper(self, channel: str, user: str, text: str, *, thread: str = "") -> None:
        """Say something that only one person in the channel sees."""
        asked = {"channel": channel, "user": user, "text": text}
        self._call("chat.postEphemeral", asked | ({"thread_ts": thread} if thread else {}))

    def open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a dialog for whoever pressed a button; Slack allows it for three seconds."""
        self._call("views.open", {"trigger_id": trigger, "view": view})

    def person(self, user: str) -> Person:
        """Who a user's id is."""
        return _person(self._call("users.info", {"user": user}, is_form=True)["user"])

    def person_of(self, email: str) -> Person:
        """Who has this e-mail address. `SlackFailed` with `users_not_found` when nobody has."""
        return _person(self._call("users.lookupByEmail", {"email": email}, is_form=True)["user"])

    def whoami(self) -> Mapping[str, Any]:
        """The workspace and the app's own user."""
        return self._call("auth.test", {})

    def _call(self, method: str, asked: Mapping[str, Any], *, is_form: bool = False) -> dict[str, Any]:
        url = f"{settings.SLACK_URL}/api/{method}"
        sent: dict[str, Any] = {"params": asked} if is_form else {"json": asked}
        try:
            answer = self._http.request(
                "GET" if is_form else "POST", url, timeout=self._seconds, follow_redirects=False, **sent
            )
        except EgressError as failed:
            raise SlackFailed(method, failed.message, is_passing=failed.is_passing or failed.is_unknown) from None
        pause = answer.headers.get("retry-after", "")
        wait = float(pause) if pause.isdigit() and len(pause) < 6 else None
        try:
            found = jsonclean.parse(answer.content)
        except DomainError:
            found = None
        if answer.status == 429:
            raise SlackFailed(method, "ratelimited", is_passing=True, retry_after=wait)
        if answer.status >= 500 or not isinstance(found, dict):
            raise SlackFailed(method, f"status {answer.status}", is_passing=True, retry_after=wait)
        if not found.get("ok"):
            error = str(found.get("error") or f"status {answer.status}")
            raise SlackFailed(method, error, is_passing=error in _PASSING, retry_after=wait)
        return found


def _person(user: Mapping[str, Any]) -> Person:
    profile = user.get("profile") or {}
    name = profile.get("real_name") or user.get("real_name") or user.get("name") or user["id"]
    is_bot = bool(user.get("is_bot")) or user["id"] == "USLACKBOT"
    is_proven = user.get("is_email_confirmed") is not False  # what somebody says of themselves proves nothing
    email = str(profile.get("email") or "").lower() if is_proven else ""
    return Person(str(user["id"]), str(name), email, str(user.get("team_id") or ""), is_bot)


def manifest(base_url: str) -> str:
    """The app as Slack makes it in one step (“Create an app”, “From a manifest”), in JSON."""
    from apps.integrations.vendors.slack.credential_types.workspace import SCOPES

    events = f"{base_url}/integrations/slack/events"
    return json.dumps(
        {
            "display_information": {
                "name": "AgentFlow",
                "description": "Asks people what a workflow needs to know",
                "background_color": "#19191c",
            },
            "features": {
                "app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
                "bot_user": {"display_name": "AgentFlow", "always_online": True},
            },
            "oauth_config": {
                "redirect_urls": [f"{base_url}/integrations/oauth/callback"],
                "scopes": {"bot": list(SCOPES)},
            },
            "settings": {
                "event_subscriptions": {
                    "request_url": events,
                    "bot_events": ["message.channels", "message.groups", "message.im"],
                },
                "interactivity": {"is_enabled": True, "request_url": events},
                "org_deploy_enabled": False,
                "socket_mode_enabled": False,
                "token_rotation_enabled": False,
            },
        },
        indent=2,
    )
