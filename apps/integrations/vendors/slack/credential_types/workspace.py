"""A Slack workspace, connected by an app of one's own there."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from pydantic import Field, SecretStr

from apps.core import jsonclean
from apps.core.errors import DomainError
from apps.integrations.declare import Refused
from apps.integrations.oauth.declare import OAuthFields, OAuthType, Provider
from apps.nodes.contract import Http, Json

SCOPES = (
    "chat:write",
    "chat:write.public",
    "im:history",
    "im:write",
    "channels:history",
    "groups:history",
    "users:read",
    "users:read.email",
)
"""What the app asks for: to write, to read the threads below its own messages, and to know who answers."""


class SlackWorkspace(OAuthType):
    """A Slack workspace, connected by an app of your own there.

    The guide “Ask people in Slack” has the manifest from which Slack makes the app in one step.
    """

    type, name, icon = "slack", "Slack workspace", "message-square"
    fits = frozenset({"http"})

    class Fields(OAuthFields):
        client_id: Annotated[str, Field(min_length=3, max_length=200)]
        """From “Basic Information” of the app, as in 1234567890.1234567890."""
        client_secret: Annotated[SecretStr, Field(min_length=8, max_length=500)]
        """From the same page."""
        signing_secret: Annotated[SecretStr, Field(min_length=8, max_length=500)]
        """From the same page. It proves that what arrives here was sent by Slack."""

    def provider(self, fields: Any) -> Provider:
        """Slack gives tokens that do not end, and calls them bot tokens."""
        base = settings.SLACK_URL
        return Provider(
            authorize_url=f"{base}/oauth/v2/authorize",
            token_url=f"{base}/api/oauth.v2.access",
            scopes=SCOPES,
            scope_separator=",",
            has_pkce=False,
            token_kinds=("bot", "bearer"),
        )

    def account(self, fields: Any, http: Http) -> str:
        """The name of the workspace. Raises `Refused` when Slack does not accept the token."""
        return str(_tested(http).get("team") or "")

    def account_id(self, fields: Any, http: Http) -> str:
        """The id that every delivery of Slack names."""
        return str(_tested(http).get("team_id") or "")

    def test_address(self, fields: Any) -> str:
        """Answers only to a valid token."""
        return f"{settings.SLACK_URL}/api/auth.test"

    def test(self, fields: Any, http: Http) -> str:
        """Ask Slack whose token it is."""
        found = _tested(http)
        return f"Connected to {found.get('team')} as {found.get('user')}."


def _tested(http: Http) -> dict[str, Json]:
    """What Slack says of the token; its refusals come with status 200."""
    answer = http.request("POST", f"{settings.SLACK_URL}/api/auth.test", timeout=10.0, max_bytes=1_000_000)
    try:
        found = jsonclean.parse(answer.content)
    except DomainError:
        found = None
    if not isinstance(found, dict) or not found.get("ok"):
        why = found.get("error") if isinstance(found, dict) else f"status {answer.status}"
        raise Refused(f"Slack does not accept the token: {str(why)[:100]}.")
    return found
