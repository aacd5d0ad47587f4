"""A node that ends its process is to blame; nodes that were merely there are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from apps.executions.worker.quarantine import Quarantine
from apps.nodes.contract import Done, NodeError


class Child(Quarantine):
    """A quarantine whose child answers as it is told, `None` for a death."""

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = list(answers)

    def _ask(self, job: Any) -> Any:
        from apps.executions.worker.quarantine import ChildDied

        answer = self.answers.pop(0)
        if answer is None:
            raise ChildDied
        return answer, []


def perform(child: Quarantine, effect: str = "read", honours: bool = False) -> Any:
    run: Any = SimpleNamespace(
        id=None,
        claimed=SimpleNamespace(workspace_id=None, fence=1),
        graph=SimpleNamespace(nodes={"n": SimpleNamespace(name="N")}),
    )
    call: Any = SimpleNamespace(
        key=("", "n"),
        timeout_seconds=1.0,
        effect=effect,
        honours_key=honours,
        context=SimpleNamespace(repeat=lambda said: None),
    )
    return child.perform(run, call)


def test_the_third_death_is_the_nodes_fault() -> None:
    found = perform(Child(None, None, None))
    assert isinstance(found, NodeError)
    assert (found.code, found.is_unknown, found.retryable) == ("executions.worker_lost", False, False)


def test_fewer_deaths_are_not() -> None:
    assert perform(Child(None, None, Done(1))) == Done(1)


def test_a_write_is_not_sent_again() -> None:
    child = Child(None, Done(1))
    found = perform(child, "write")
    assert (found.code, found.is_unknown) == ("executions.worker_lost", True)
    assert child.answers == [Done(1)]
    assert perform(Child(None, Done(1)), "write", honours=True) == Done(1)
