"""The page where workflows are listed: searched, filtered, sorted, and looked at by folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.workflows import selectors
from apps.workflows.models import Status, Workflow
from apps.workflows.selectors import NO_FOLDER, SORTS, FolderInfo
from apps.workflows.web.badges import badge, badge_label, status_word

PAGE_SIZE = 25
SHOWN_TAGS = 3
MOST_TAGS = 40
SORTED_BY = "edited"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the list asks for. What it names that is not there counts as not asked."""

    status: str = ""
    q: str = ""
    folder: str = ""
    tags: tuple[str, ...] = ()
    sort: str = SORTED_BY

    @classmethod
    def of(cls, query: QueryDict) -> Asked:
        """Read from the query of the address."""
        status, sort = query.get("status", ""), query.get("sort", "")
        return cls(
            status=status if status in Status.values else "",
            q=query.get("q", "").strip()[:200],
            folder=query.get("folder", "")[:400],
            tags=tuple(dict.fromkeys(tag for tag in query.getlist("tag") if tag))[:10],
            sort=sort if sort in SORTS else SORTED_BY,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether there may be workflows that are not listed because of it."""
        return bool(self.status or self.q or self.folder or self.tags)

    def url(self, *, tags: tuple[str, ...]) -> str:
        """The address of the same list with other tags."""
        query = QueryDict(mutable=True)
        given = {"status": self.status, "q": self.q, "folder": self.folder}
        given["sort"] = "" if self.sort == SORTED_BY else self.sort
        query.update({name: value for name, value in given.items() if value})
        query.setlist("tag", list(tags))
        return f"?{query.urlencode()}"

    def rows(self, workspace_id: UUID) -> QuerySet[Workflow]:
        """The workflows that fit, in the order asked for."""
        given: dict[str, Any] = {"status": self.status, "q": self.q, "folder": self.folder, "tags": self.tags}
        rows = selectors.workflow_list(workspace_id, sort=self.sort, **given)
        return rows.select_related("active_version", "folder")


class WorkflowList(WorkspacePage):
    """Every workflow of the workspace, searched and filtered by the address."""

    permission = Permission.WORKFLOW_READ
    active = "workflows"
    menu = MenuEntry(Menu.MAIN, gettext_lazy("Workflows"), icon="workflow", order=20, keys="g w")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list."""
        asked = Asked.of(request.GET)
        found = asked.rows(self.workspace.id).select_related("active_version", "folder", "created_by")
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        folders = selectors.folder_list(self.workspace.id)
        tags = selectors.tag_list(self.workspace.id)[:MOST_TAGS]
        query = request.GET.copy()
        query.pop("page", None)
        context = {
            "page": page,
            "rows": [_row(self.workspace.slug, workflow) for workflow in page],
            "asked": asked,
            "status": asked.status,
            "statuses": [("", _("All")), *((value, status_word(value)) for value in Status.values)],
            "q": asked.q,
            "is_filtered": asked.is_filtered,
            "folders": folders,
            "folder": next((each for each in folders if each.path == asked.folder), None),
            "folder_word": _("No folder") if asked.folder == NO_FOLDER else asked.folder.replace("/", " / "),
            "inside": _inside(folders, asked.folder),
            "above": _above(asked.folder),
            "tags": [{"tag": tag, "count": n, "url": asked.url(tags=(*asked.tags, tag))} for tag, n in tags],
            "tags_on": [
                {"tag": tag, "url": asked.url(tags=tuple(other for other in asked.tags if other != tag))}
                for tag in asked.tags
            ],
            "sorts": [("edited", _("Last edited")), ("newest", _("Newest first")), ("name", _("Name"))],
            "back": query.urlencode(),
        }
        return self.render("workflows/list.html", context)


def _row(slug: str, workflow: Workflow) -> Mapping[str, Any]:
    return {
        "workflow": workflow,
        "triggers": selectors.trigger_list(slug, workflow),
        "status": badge(workflow),
        "label": badge_label(workflow),
        "tags": workflow.tags[:SHOWN_TAGS],
        "more_tags": workflow.tags[SHOWN_TAGS:],
    }


def _above(path: str) -> list[dict[str, str]]:
    """The folders a folder is in, from the top."""
    parts = path.split("/")[:-1] if path != NO_FOLDER else []
    return [{"path": "/".join(parts[: at + 1]), "name": part} for at, part in enumerate(parts)]


def _inside(folders: list[FolderInfo], path: str) -> list[FolderInfo]:
    """The folders that stand directly in one; those at the top without one."""
    if path == NO_FOLDER:
        return []
    prefix = f"{path}/" if path else ""
    depth = path.count("/") + 1 if path else 0
    return [each for each in folders if each.path.startswith(prefix) and each.depth == depth]
