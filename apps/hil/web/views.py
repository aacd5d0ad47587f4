"""The inbox and its questions. Every page works without JavaScript; with it, the list and the answer bar are live."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import selectors as accounts
from apps.accounts.access.menu import Menu, MenuEntry
from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission, permissions_of_role
from apps.core import clock, jsonclean
from apps.core.errors import Conflict, DomainError, Invalid
from apps.hil import selectors, services
from apps.hil.models import Interaction, Via
from apps.hil.services import Answerer, CreatedLink
from apps.hil.web.question import question
from apps.hil.web.rows import ANSWERED, TABS, WAITING, Listing, listing

SHOWN_PEOPLE = 6


class _InboxPage(WorkspacePage):
    permission = Permission.EXECUTION_READ
    active = "inbox"

    @property
    def base_url(self) -> str:
        """The inbox's address."""
        return f"/w/{self.workspace.slug}/inbox/"

    def listing(self, tab: str | None = None) -> Listing:
        """The list beside the question, as the address asks for it."""
        asked = self.request.GET
        tab = tab or (asked["tab"] if asked.get("tab") in TABS else WAITING)
        return listing(
            workspace_id=self.workspace.id, base_url=self.base_url, tab=tab, page=asked.get("page"), now=clock.now()
        )

    def list_context(self, found: Listing, selected: UUID | None = None) -> dict[str, Any]:
        """What `hil/_list.html` reads."""
        query = {"tab": found.tab, "page": found.page.number, "seen": found.digest}
        if selected:
            query["selected"] = str(selected)
        return {
            "listing": found,
            "page": found.page,
            "selected": selected,
            "inbox_url": self.base_url,
            "poll_url": f"{self.base_url}list/?{urlencode(query)}",
            "inbox_count": found.waiting,
            "tail": "?" + urlencode({"tab": found.tab}) if found.tab != WAITING else "",
        }


class InboxList(_InboxPage):
    """The live part of the list."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, or 204 when nothing a reader sees has changed."""
        found = self.listing()
        if request.GET.get("seen") == found.digest:
            return _uncached(HttpResponse(status=204))
        try:
            selected = UUID(request.GET.get("selected", ""))
        except ValueError:
            selected = None
        context = self.list_context(found, selected) | {"is_live": True}
        return _uncached(self.render("hil/_list.html", context))


class InboxCount(_InboxPage):
    """The number in the sidebar."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """How many questions wait."""
        count = selectors.interaction_pending_count(workspace_id=self.workspace.id)
        return _uncached(self.render("components/inbox_count.html", {"inbox_count": count}))


class _QuestionPage(_InboxPage):
    post_permission = Permission.INTERACTION_ANSWER

    def find(self, interaction_id: UUID) -> Interaction:
        """The question, or 404."""
        return selectors.interaction_with_version(workspace_id=self.workspace.id, interaction_id=interaction_id)

    def page(
        self,
        row: Interaction,
        *,
        status: int = 200,
        error: DomainError | None = None,
        created: CreatedLink | None = None,
        found: Listing | None = None,
    ) -> HttpResponse:
        """The page of a question beside the list it stands in, or with `found` the page of this list with it."""
        is_list = found is not None
        found = found or self.listing(None if "tab" in self.request.GET else WAITING if row.is_pending else ANSWERED)
        context = self.list_context(found, row.id) | self._neighbours(found, row.id)
        context |= {
            "is_list": is_list,
            "question": question(row, clock.now()),
            "interaction": row,
            "people": self._people(),
            "links": selectors.link_list(workspace_id=self.workspace.id, interaction_id=row.id),
            "error": error,
            "created": created,
            "created_url": f"{settings.BASE_URL}{created.path}" if created else "",
            "posted": self.request.POST,
        } | self.addresses(row)
        return self.render("hil/interaction.html", context, status=status)

    def addresses(self, row: Interaction) -> dict[str, str]:
        """Where the question's forms and links lead."""
        own = f"{self.base_url}{row.id}/"
        return {
            "answer_url": own,
            "standing_url": f"{own}standing/",
            "link_url": f"{own}link/",
            "run_url": f"/w/{self.workspace.slug}/executions/{row.execution_id}/",
        }

    def _neighbours(self, found: Listing, selected: UUID) -> dict[str, Any]:
        ids = found.ids
        at = ids.index(selected) if selected in ids else None
        before = ids[at - 1] if at else None
        after = ids[0] if at is None and ids else ids[at + 1] if at is not None and at + 1 < len(ids) else None
        return {"before": before, "after": after}

    def _people(self) -> dict[str, Any]:
        able = [
            member.user
            for member in accounts.members(self.workspace.id)
            if Permission.INTERACTION_ANSWER in permissions_of_role(member.role)
        ]
        me = self.actor.id
        able.sort(key=lambda user: user.id != me)
        return {"count": len(able), "shown": able[:SHOWN_PEOPLE], "more": max(0, len(able) - SHOWN_PEOPLE), "me": me}


class Inbox(_QuestionPage):
    """Everything that waits for people, and what was answered."""

    menu = MenuEntry(Menu.MAIN, gettext_lazy("Inbox"), icon="inbox", order=50, keys="g i")

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, with its first question opened beside it where there is room."""
        found = self.listing()
        if found.ids:
            return self.page(self.find(found.ids[0]), found=found)
        return self.render("hil/inbox.html", self.list_context(found))


class OneQuestion(_QuestionPage):
    """One question, and its answer."""

    def get(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """What is asked, or what became of it."""
        return self.page(self.find(interaction))

    def post(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """Answer, and come back to the record. A refusal is shown with what was typed."""
        try:
            answered = services.interaction_answer(
                workspace_id=self.workspace.id,
                interaction_id=interaction,
                answerer=Answerer.of(self.actor, Via.APP),
                outcome=request.POST.get("outcome", ""),
                comment=request.POST.get("comment", ""),
                data=_output(request.POST.get("data", "")),
                now=clock.now(),
            )
        except Conflict as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(f"{self.base_url}{interaction}/")
        except Invalid as refused:
            return self.page(self.find(interaction), status=422, error=refused)
        messages.success(request, _("%(outcome)s: recorded, the run goes on.") % {"outcome": answered.outcome_word})
        return HttpResponseRedirect(f"{self.base_url}{interaction}/")


class Standing(_QuestionPage):
    """The live part of a question: its answer bar."""

    def get(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """204 while it waits; then, instead of the answer bar, what became of it."""
        row = self.find(interaction)
        if row.is_pending and not row.is_overdue(clock.now()):
            return _uncached(HttpResponse(status=204))
        context = {"question": question(row, clock.now()), "interaction": row}
        return _uncached(self.render("hil/_answer.html", context | self.addresses(row)))


class NewLink(_QuestionPage):
    """A link for somebody without an account."""

    permission = Permission.INTERACTION_ANSWER
    http_method_names = ["post"]

    def post(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """Make it, and show it this once."""
        row = self.find(interaction)
        try:
            created = services.interaction_link_create(
                workspace_id=self.workspace.id,
                interaction_id=interaction,
                recipient=request.POST.get("recipient", ""),
                actor=self.actor,
                now=clock.now(),
            )
        except Conflict as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(f"{self.base_url}{interaction}/")
        except Invalid as refused:
            return self.page(row, status=422, error=refused)
        return _uncached(self.page(row, status=201, created=created))


def _output(text: str) -> Any:
    """The JSON somebody entered as a step's output; empty means none. Raises `NotJson`."""
    return jsonclean.parse(text) if text.strip() else None


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
