"""A Slack workspace, connected as people do it."""

from __future__ import annotations

from apps.integrations import services
from apps.integrations.models import Credential
from apps.integrations.oauth import connecting
from tests.cast import Cast
from tests.fakes.slack import Slack
from tests.integrations.oauth.connected import SESSION, answer_of


def connected(cast: Cast, slack: Slack, name: str = "Slack of Acme") -> Credential:
    """Make the credential, go to Slack, allow it, come back."""
    made = services.credential_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name=name, type="slack", fields=slack.fields
    )
    start = connecting.connect_start(
        workspace_id=cast.workspace.id, credential_id=made.id, actor=cast.owner, session=SESSION
    )
    answer = answer_of(slack.consent(start.url))
    taken = connecting.connect_take(place=connecting.place_of(answer["state"]), actor=cast.owner, session=SESSION)
    return connecting.connect_finish(taken=taken, actor=cast.owner, answer=answer)
