"""A credential of the fake provider, and the way a person connects it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apps.accounts.access.actor import Actor
from apps.integrations import services
from apps.integrations.models import Credential
from apps.integrations.oauth import connecting
from tests.cast import Cast
from tests.fakes.oauth import OAuthServer

SESSION = "the secret of one browser session"


def credential(cast: Cast, server: OAuthServer, **fields: Any) -> Credential:
    """A credential that is not connected yet."""
    return services.credential_create(
        workspace_id=cast.workspace.id,
        actor=cast.owner,
        name="Orders",
        type="oauth2",
        fields=server.fields | fields,
    )


def answer_of(address: str) -> dict[str, str]:
    """What the provider sends along with the person."""
    return dict(parse_qsl(urlsplit(address).query))


def connect(cast: Cast, server: OAuthServer, made: Credential, actor: Actor | None = None) -> Credential:
    """Go there, allow it, come back."""
    who = actor or cast.owner
    start = connecting.connect_start(workspace_id=cast.workspace.id, credential_id=made.id, actor=who, session=SESSION)
    return come_back(cast, server.consent(start.url), who)


def come_back(cast: Cast, address: str, actor: Actor | None = None, *, session: str = SESSION) -> Credential:
    """Come back with an address of the provider's."""
    answer = answer_of(address)
    who = actor or cast.owner
    taken = connecting.connect_take(place=connecting.place_of(answer["state"]), actor=who, session=session)
    return connecting.connect_finish(taken=taken, actor=who, answer=answer)
