"""Variables: what they may be, how many, and who changed them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.models import AuditEvent
from apps.core.errors import Invalid
from apps.core.tenancy import tenant
from apps.workflows import selectors, variables
from apps.workflows.errors import VariablesFull, VariableTaken, VariableTooLarge, VariableUnknown
from apps.workflows.models import Variable
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def make(cast: Cast, key: str = "region", value: Any = "eu", **more: Any) -> Variable:
    """A variable of alice's workspace."""
    return variables.variable_create(workspace_id=cast.workspace.id, actor=cast.owner, key=key, value=value, **more)


def values(cast: Cast) -> dict[str, Any]:
    """What `$vars` is in alice's workspace."""
    with tenant(cast.workspace.id):
        return selectors.variable_values(cast.workspace.id)


def test_what_is_written_is_read_and_recorded(cast: Cast) -> None:
    made = make(cast, "rates", {"eur": 1.1, "list": [1, None]}, note="  monthly ")
    assert (made.note, made.updated_by_label) == ("monthly", cast.owner.label)
    make(cast, "is_live", False)
    assert values(cast) == {"rates": {"eur": 1.1, "list": [1, None]}, "is_live": False}

    here: Any = {"workspace_id": cast.workspace.id, "variable_id": made.id, "actor": cast.owner}
    variables.variable_update(**here, value=7)
    variables.variable_update(**here, value=7)
    assert variables.variable_update(**here, note="yearly").value == 7
    variables.variable_delete(**here)
    assert values(cast) == {"is_live": False}
    with pytest.raises(VariableUnknown):
        variables.variable_update(**here, value=8)
    with tenant(cast.workspace.id):
        events = AuditEvent.objects.filter(target="rates").order_by("id")
        assert [(event.action, event.data) for event in events] == [
            ("variable.created", {}),
            ("variable.changed", {"changed": ["value"]}),
            ("variable.changed", {"changed": ["note"]}),
            ("variable.deleted", {}),
        ]


@pytest.mark.parametrize("key", ["", "1a", "a-b", "a b", "a.b", "é", "$a", "a" * 65, "a\u200b"])
def test_a_key_can_follow_the_dot(cast: Cast, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(cast, key)
    assert refused.value.errors[0].path == "key"


def test_a_key_stands_once_in_a_workspace(cast: Cast) -> None:
    make(cast)
    with pytest.raises(VariableTaken, match="region"):
        make(cast)
    make(cast, "Region")
    other = variables.variable_create(
        workspace_id=cast.other_workspace.id, actor=cast.owner, key="region", value="elsewhere"
    )
    assert values(cast) == {"region": "eu", "Region": "eu"}
    with pytest.raises(VariableUnknown):
        variables.variable_update(workspace_id=cast.workspace.id, variable_id=other.id, actor=cast.owner, value=1)


@pytest.mark.parametrize("value", [None, "\0", "\ud800", float("nan")])
def test_what_json_or_the_database_cannot_hold_is_refused(cast: Cast, value: Any) -> None:
    with pytest.raises(Invalid):
        make(cast, value=value)


def test_one_is_small(cast: Cast) -> None:
    make(cast, "fits", "x" * (variables.MAX_BYTES - 2))
    with pytest.raises(VariableTooLarge):
        make(cast, "large", "x" * (variables.MAX_BYTES - 1))
    with pytest.raises(VariableTooLarge):
        make(cast, "large", "é" * (variables.MAX_BYTES // 2))
    with pytest.raises(Invalid, match="note"):
        make(cast, "noted", 1, note="x" * 501)


def test_all_are_small_together(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "MAX_TOGETHER", 100)
    monkeypatch.setattr(variables, "MAX_VARIABLES", 3)
    first = make(cast, "a", "x" * 50)
    make(cast, "b", "x" * 40)
    with pytest.raises(VariablesFull, match="bytes together"):
        make(cast, "c", "x" * 10)
    with pytest.raises(VariablesFull, match="bytes together"):
        variables.variable_update(
            workspace_id=cast.workspace.id, variable_id=first.id, actor=cast.owner, value="x" * 60
        )
    assert sorted(values(cast)) == ["a", "b"]
    make(cast, "c", 1)
    with pytest.raises(VariablesFull, match="3 variables"):
        make(cast, "d", 1)
