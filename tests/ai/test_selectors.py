"""Which models a workspace uses where nothing else is said."""

from __future__ import annotations

import pytest

from apps.ai import selectors
from apps.ai.models import ModelChoices
from apps.core.ids import uuid7
from apps.core.tenancy import tenant
from apps.nodes.contract import ModelRef
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_choices_come_back_as_models_and_credentials(cast: Cast) -> None:
    credential = uuid7()
    workspace = cast.workspace.id
    with tenant(workspace):
        assert selectors.model_choices(workspace) == selectors.Choices()
        chain = [{"provider": "openai", "model": "small"}, {"provider": "ollama", "model": "llama"}]
        ModelChoices.objects.create(workspace_id=workspace, chain=chain, credentials={"openai": str(credential)})
        found = selectors.model_choices(workspace)
    assert found.chain == (ModelRef(provider="openai", model="small"), ModelRef(provider="ollama", model="llama"))
    assert found.embedding is None
    assert found.credentials == {"openai": credential}
