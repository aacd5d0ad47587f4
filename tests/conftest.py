"""Fixtures for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from apps.accounts.models import User, Workspace
    from tests.cast import Cast


# A busy machine draws slowly; that says nothing about the product.
settings.register_profile("agentflow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("agentflow")


@pytest.fixture
def cast(request: pytest.FixtureRequest) -> Cast:
    """Alice, bob and charlie in their workspaces: rolled back, or committed for tests that ask for `committed_db`."""
    request.getfixturevalue("committed_db" if "committed_db" in request.fixturenames else "db")
    from tests.cast import make_cast

    return make_cast()


@pytest.fixture
def alice(cast: Cast) -> User:
    """Owner of `workspace`."""
    return cast.alice


@pytest.fixture
def bob(cast: Cast) -> User:
    """Member of `workspace`."""
    return cast.bob


@pytest.fixture
def charlie(cast: Cast) -> User:
    """Owner of `other_workspace`, outsider everywhere else."""
    return cast.charlie


@pytest.fixture
def workspace(cast: Cast) -> Workspace:
    """Where alice and bob are at home; slug `acme`."""
    return cast.workspace


@pytest.fixture
def other_workspace(cast: Cast) -> Workspace:
    """Where charlie is at home; slug `umbrella`."""
    return cast.other_workspace


@pytest.fixture
def api() -> Callable[..., APIClient]:
    """A client of somebody: `api(alice)` by session, `api("af_…")` by key, `api()` of nobody.

    Sends JSON. Give `headers={"X-Workspace": …}` per call or for all: `api(alice, **{"HTTP_X_WORKSPACE": "acme"})`.
    """
    from rest_framework.test import APIClient

    def client(who: User | str | None = None, **extra: Any) -> APIClient:
        made = APIClient(raise_request_exception=True)
        if isinstance(who, str):
            made.credentials(HTTP_AUTHORIZATION=f"Bearer {who}", **extra)
        else:
            made.credentials(**extra)
            if who is not None:
                made.force_login(who)
        return made

    return client
