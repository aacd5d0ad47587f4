"""Who may follow an execution: by session, key and token, and how many at a time."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts import services, tokens
from apps.accounts.errors import SecondFactorNeeded, TokenRefused
from apps.accounts.models import Workspace
from apps.core import streams
from apps.core.tenancy import tenant
from apps.executions.selectors import ExecutionNotFound
from apps.executions.watchers import stream_of
from tests.cast import Cast
from tests.hil import asking

pytestmark = pytest.mark.django_db


def test_by_token_key_and_session(cast: Cast) -> None:
    execution_id = asking.ask(cast.workspace).execution_id
    key = services.api_key_create(workspace=cast.workspace, name="x", actor=cast.owner)
    alice = f"user:{cast.alice.pk}"
    for user, authorization, name in (
        (cast.alice, "", alice),
        (None, f"Bearer {tokens.issue(cast.alice).access_token}", alice),
        (None, f"Bearer {key.secret}", f"api_key:{key.key.id}"),
    ):
        found = stream_of(user=user, authorization=authorization, execution_id=execution_id)
        assert found == (cast.workspace.id, name)


def test_outsiders_and_forgeries_see_nothing(cast: Cast) -> None:
    execution_id = asking.ask(cast.workspace).execution_id
    token = tokens.issue(cast.charlie).access_token
    with pytest.raises(ExecutionNotFound):
        stream_of(user=None, authorization=f"Bearer {token}", execution_id=execution_id)
    with pytest.raises(TokenRefused):
        stream_of(user=cast.alice, authorization="Bearer a.b.c", execution_id=execution_id)


def test_one_too_many_is_refused(cast: Cast, settings: Any) -> None:
    settings.STREAMS_PER_PERSON = 1
    execution_id = asking.ask(cast.workspace).execution_id
    with streams.held_by(f"user:{cast.alice.pk}"):
        with pytest.raises(streams.TooManyStreams):
            stream_of(user=cast.alice, authorization="", execution_id=execution_id)
        stream_of(user=cast.bob, authorization="", execution_id=execution_id)
    stream_of(user=cast.alice, authorization="", execution_id=execution_id)


def test_a_second_factor_is_asked_for_here_too(cast: Cast) -> None:
    execution_id = asking.ask(cast.workspace).execution_id
    with tenant(cast.workspace.id):
        Workspace.objects.filter(id=cast.workspace.id).update(requires_second_factor=True)
    with pytest.raises(SecondFactorNeeded):
        stream_of(user=cast.alice, authorization="", execution_id=execution_id)
