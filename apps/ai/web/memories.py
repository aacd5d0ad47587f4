"""The pages of what agents remember."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.ai.models import MemoryKind, MemoryMessage, MemorySession
from apps.ai.models.memories import LONGEST_KEY
from apps.nodes.contract import Media, Message

PAGE_SIZE = 50
ENTRIES_SHOWN = 100
KINDS = {
    MemoryKind.BUFFER: (gettext_lazy("Conversation"), "message-square"),
    MemoryKind.SUMMARY: (gettext_lazy("Summary"), "file-text"),
    MemoryKind.VECTOR: (gettext_lazy("Recall by meaning"), "search"),
    MemoryKind.ENTITY: (gettext_lazy("Facts"), "users"),
    MemoryKind.KEY_VALUE: (gettext_lazy("Notes"), "sticky-note"),
}
"""What each kind is called, as on its node, and its icon."""

TILES = [{"type": "MEMORY", "icon": icon} for icon in ("message-square", "brain", "sticky-note")]


@dataclass(frozen=True, slots=True)
class Row:
    """One session of the list."""

    session: MemorySession
    name: str
    icon: str

    @classmethod
    def of(cls, session: MemorySession) -> Row:
        """The session as it is shown."""
        name, icon = KINDS[MemoryKind(session.kind)]
        return cls(session, str(name), icon)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation. `calls` holds names of tools, and what they were called with."""

    id: UUID
    row: MemoryMessage
    role: str
    text: str
    calls: Sequence[tuple[str, str]]
    media: Sequence[str]
    is_error: bool

    @classmethod
    def of(cls, row: MemoryMessage) -> Turn:
        """The message as it is shown."""
        message = Message.model_validate(row.message)
        return cls(
            row.id,
            row,
            message.role,
            message.text,
            [(call.name, json.dumps(call.arguments, ensure_ascii=False, indent=2)) for call in message.calls],
            [part.name or part.media_type or part.kind for part in message.parts if isinstance(part, Media)],
            message.is_error,
        )


class MemoryList(WorkspacePage):
    """The sessions of the workspace, the last used first."""

    permission = Permission.EXECUTION_READ
    menu = MenuEntry(
        Menu.AI, gettext_lazy("Memories"), icon="brain", order=30, words=gettext_lazy("agents conversations")
    )

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        q = request.GET.get("q", "").strip()[:LONGEST_KEY].replace("\0", "")
        kind = request.GET.get("kind", "")
        kind = kind if kind in KINDS else ""
        found = selectors.memories(self.workspace.id, sought=q, kind=kind)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
        kinds = [(value, name) for value, (name, _icon) in KINDS.items()]
        rows = [Row.of(session) for session in page]
        shown = {"page": page, "rows": rows, "q": q, "kind": kind, "kinds": kinds, "tiles": TILES}
        return self.render("ai/memories.html", shown)


class MemoriesClear(WorkspacePage):
    """The buttons that forget sessions."""

    permission = Permission.WORKFLOW_UPDATE
    active = "settings"
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Forget what was chosen, and go back to the list."""
        cleared = services.memory_clear(
            workspace_id=self.workspace.id, session_ids=_ids(request.POST.getlist("ids")), actor=self.actor
        )
        if cleared:
            told = ngettext("%(n)d memory was cleared.", "%(n)d memories were cleared.", cleared) % {"n": cleared}
            messages.success(request, told)
        else:
            messages.info(request, _("Nothing was chosen."))
        return redirect("memories", workspace=self.workspace.slug)


class MemoryPage(WorkspacePage):
    """What is in one session."""

    permission = Permission.EXECUTION_READ
    active = "settings"
    menu_under = "memories"

    def get(self, request: HttpRequest, memory: UUID) -> HttpResponse:
        """The page; of many entries the last ones first in view."""
        session = selectors.memory(self.workspace.id, memory)
        shown: dict[str, Any] = {"row": Row.of(session), "session": session}
        if session.kind in (MemoryKind.BUFFER, MemoryKind.SUMMARY):
            page = _page(selectors.memory_messages(session), request, begins_at_end=True)
            shown |= {"page": page, "turns": [Turn.of(row) for row in page]}
        elif session.kind == MemoryKind.VECTOR:
            shown["page"] = shown["pieces"] = _page(selectors.memory_pieces(session), request)
        else:
            shown["page"] = shown["facts"] = _page(selectors.memory_facts(session), request)
        return self.render("ai/memory.html", shown)


class EntryDelete(WorkspacePage):
    """The button that takes one message, fact or piece out."""

    permission = Permission.WORKFLOW_UPDATE
    active = "settings"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, memory: UUID, entry: UUID) -> HttpResponse:
        """Take it out, and go back to the session."""
        services.memory_entry_delete(
            workspace_id=self.workspace.id, session_id=memory, entry_id=entry, actor=self.actor
        )
        messages.success(request, _("Deleted."))
        return redirect("memory", workspace=self.workspace.slug, memory=memory)


def _page(found: Any, request: HttpRequest, *, begins_at_end: bool = False) -> Any:
    pages = Paginator(found, ENTRIES_SHOWN)
    return pages.get_page(request.GET.get("page") or (pages.num_pages if begins_at_end else 1))


def _ids(given: Sequence[str]) -> list[UUID]:
    found = []
    for each in given:
        try:
            found.append(UUID(each))
        except ValueError:  # nothing of ours
            continue
    return found
