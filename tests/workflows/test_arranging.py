"""Folders, tags and copies of workflows."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.access.actor import Actor
from apps.accounts.models import AuditEvent
from apps.core.errors import Conflict, DomainError, Invalid
from apps.core.tenancy import tenant
from apps.workflows import arranging, copies, selectors, services
from apps.workflows.models import Folder, Workflow
from tests.cast import Cast
from tests.workflows.definitions import small


class TestWords:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [("", ""), (" / ", ""), ("Finance", "Finance"), (" Finance //  Old   invoices/", "Finance/Old invoices")],
    )
    def test_a_path_is_cleaned(self, given: str, kept: str) -> None:
        assert arranging.clean_path(given) == kept

    @pytest.mark.parametrize("given", ["a" * 81, "/".join("abcdefghi"), "/".join(["x" * 79] * 6), "a\x00b"])
    def test_a_path_that_is_none_is_refused(self, given: str) -> None:
        with pytest.raises(DomainError):
            arranging.clean_path(given)

    def test_tags_are_kept_once(self) -> None:
        assert arranging.clean_tags([" sales ", "Sales", "", "two  words"]) == ["sales", "two words"]
        for refused in (["a,b"], ["x" * 41], [str(n) for n in range(21)]):
            with pytest.raises(Invalid):
                arranging.clean_tags(refused)


def create(cast: Cast, name: str, **given: Any) -> Workflow:
    return services.workflow_create(
        workspace_id=cast.workspace.id, actor=cast.owner, name=name, definition=small(name.lower()), **given
    )


def paths(cast: Cast) -> dict[str, int]:
    with tenant(cast.workspace.id):
        return {each.path: each.count for each in selectors.folder_list(cast.workspace.id)}


def names(cast: Cast, **asked: Any) -> list[str]:
    with tenant(cast.workspace.id):
        return [each.name for each in selectors.workflow_list(cast.workspace.id, sort="name", **asked)]


@pytest.fixture
def who(cast: Cast) -> dict[str, Any]:
    return {"workspace_id": cast.workspace.id, "actor": cast.owner}


@pytest.mark.django_db
class TestFolders:
    def test_a_path_makes_what_is_missing_and_counts_below(self, cast: Cast) -> None:
        create(cast, "A", folder="Finance/Invoices")
        create(cast, "B", folder="Finance")
        create(cast, "C", folder="Financial")
        create(cast, "D")
        assert paths(cast) == {"Finance": 2, "Finance/Invoices": 1, "Financial": 1}
        assert names(cast, folder="Finance") == ["A", "B"]
        assert names(cast, folder="/") == ["D"]

    def test_renaming_takes_along_what_is_inside(self, cast: Cast, who: dict[str, Any]) -> None:
        create(cast, "A", folder="Finance/Invoices/Old")
        with tenant(cast.workspace.id):
            ids = dict(Folder.objects.values_list("path", "id"))
        arranging.folder_rename(**who, folder_id=ids["Finance/Invoices"], path="Archive/Bills")
        assert paths(cast) == {"Archive": 1, "Archive/Bills": 1, "Archive/Bills/Old": 1, "Finance": 0}
        with pytest.raises(Conflict, match="already"):
            arranging.folder_rename(**who, folder_id=ids["Finance"], path="Archive")
        with pytest.raises(Invalid, match="into itself"):
            arranging.folder_rename(**who, folder_id=ids["Finance"], path="Finance/More")

    def test_deleting_leaves_the_workflows(self, cast: Cast, who: dict[str, Any]) -> None:
        create(cast, "A", folder="Finance/Invoices/Old")
        with tenant(cast.workspace.id):
            ids = dict(Folder.objects.values_list("path", "id"))
        arranging.folder_delete(**who, folder_id=ids["Finance/Invoices"])
        assert paths(cast) == {"Finance": 1}
        arranging.folder_delete(**who, folder_id=ids["Finance"])
        assert (paths(cast), names(cast, folder="/")) == ({}, ["A"])


@pytest.mark.django_db
class TestWorkflows:
    def test_moving_and_tagging_is_no_edit_but_on_record(self, cast: Cast, who: dict[str, Any]) -> None:
        first, second = create(cast, "A", tags=["sales"]), create(cast, "B")
        both = [first.id, second.id]
        assert arranging.workflows_move(**who, workflow_ids=both, folder="Orders") == 2
        assert arranging.workflows_move(**who, workflow_ids=both, folder="Orders") == 0
        assert arranging.workflows_tag(**who, workflow_ids=both, add=["critical"], remove=["SALES"]) == 2
        with tenant(cast.workspace.id):
            found = selectors.workflow_get(cast.workspace.id, first.id)
            assert (found.tags, found.updated_at, found.draft_revision) == (["critical"], first.updated_at, 1)
            assert selectors.tag_list(cast.workspace.id) == [("critical", 2)]
            assert AuditEvent.objects.filter(action__in=["workflow.moved", "workflow.tagged"]).count() == 4

    def test_words_are_looked_for_everywhere(self, cast: Cast) -> None:
        create(cast, "Order approval", folder="Sales", tags=["critical"], description="Asks a manager")
        create(cast, "Stock", tags=["sales"])
        assert names(cast, q="sales") == ["Order approval", "Stock"]
        assert names(cast, q="sales manager") == ["Order approval"]
        assert names(cast, q="crit") == ["Order approval"]
        assert names(cast, tags=["sales"]) == ["Stock"]
        assert names(cast, q="%") == []

    def test_a_copy_is_a_draft_beside_it(self, cast: Cast, who: dict[str, Any]) -> None:
        first = create(cast, "A", folder="Sales", tags=["x"], description="Why")
        services.workflow_activate(**who, workflow_id=first.id)
        made = [copies.workflow_duplicate(**who, workflow_id=first.id) for _ in range(2)]
        again = copies.workflow_duplicate(**who, workflow_id=made[0].id)
        assert [each.name for each in (*made, again)] == ["A (copy)", "A (copy 2)", "A (copy 3)"]
        with tenant(cast.workspace.id):
            copy = selectors.workflow_get(cast.workspace.id, made[0].id)
            assert (copy.status, copy.draft, copy.tags, copy.description) == ("draft", first.draft, ["x"], "Why")
            assert copy.folder is not None
            assert copy.folder.path == "Sales"

    def test_another_workspace_is_not_reached(self, cast: Cast) -> None:
        first = create(cast, "A")
        stranger = Actor(kind="system", id=None, label="x")
        moved = arranging.workflows_move(
            workspace_id=cast.other_workspace.id, workflow_ids=[first.id], actor=stranger, folder="Mine"
        )
        assert (moved, paths(cast)) == (0, {})
