"""A real engine for the stories that need one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from apps.accounts.models import User, Workspace
    from tests.cast import Cast
    from tests.executions.conftest import Engine


@pytest.fixture
def engine(committed_db: None, workspace: Workspace) -> Iterator[Engine]:
    """An engine with one dispatcher, in alice's workspace."""
    from tests.executions.conftest import Engine

    found = Engine(workspace)
    found.add_dispatcher()
    yield found
    found.stop()


@pytest.fixture
def vera(cast: Cast) -> User:
    """Viewer of `workspace`: she may look, not answer."""
    from apps.accounts import services
    from apps.accounts.models import User

    user = User.objects.create_user("vera@example.com", "a long enough password", name="Vera")
    services.member_add(workspace=cast.workspace, email=user.email, role="viewer", actor=cast.owner)
    return user
