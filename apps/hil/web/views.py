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
from apps.accounts.models import User
from apps.core import clock, jsonclean
from apps.core.errors import Conflict, DomainError, Forbidden, Invalid
from apps.hil import forms, selectors, services
from apps.hil.models import Ask, AskStatus, Interaction, Kind, Priority, Via, Vote
from apps.hil.services import Answerer, CreatedLink
from apps.hil.web.panel import Panel, panel
from apps.hil.web.question import Question, question
from apps.hil.web.rows import ANSWERED, TABS, WAITING, Filters, Listing, listing


class InboxPage(WorkspacePage):
    """Base of the pages of the inbox."""

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
            workspace_id=self.workspace.id,
            user_id=self.answers_as,
            base_url=self.base_url,
            tab=tab,
            page=asked.get("page"),
            now=clock.now(),
            filters=Filters.of(asked.dict()),
        )

    @property
    def answers_as(self) -> UUID | None:
        """The member, where they may answer."""
        return self.actor.id if self.actor.can(Permission.INTERACTION_ANSWER) else None

    def list_context(self, found: Listing, selected: UUID | None = None) -> dict[str, Any]:
        """What `hil/_list.html` reads."""
        own = ({"tab": found.tab} if found.tab != WAITING else {}) | found.filters.query
        query = {"tab": found.tab, "page": found.page.number, "seen": found.digest} | found.filters.query
        if selected:
            query["selected"] = str(selected)
        return {
            "listing": found,
            "page": found.page,
            "selected": selected,
            "inbox_url": self.base_url,
            "poll_url": f"{self.base_url}list/?{urlencode(query)}",
            "inbox_count": found.waiting,
            "tail": "?" + urlencode(own) if own else "",
            "page_query": urlencode({"tab": found.tab} | found.filters.query),
            "kinds": [(kind.value, kind.label) for kind in Kind if kind != Kind.REVIEW_UNKNOWN],
            "priorities": [priority.label for priority in reversed(Priority)],
        }


class InboxList(InboxPage):
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


class InboxCount(InboxPage):
    """The number in the sidebar."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """How many questions wait."""
        count = selectors.inbox_counts(workspace_id=self.workspace.id, user_id=self.answers_as).mine
        return _uncached(self.render("components/inbox_count.html", {"inbox_count": count}))


class _QuestionPage(InboxPage):
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
        asks, votes = self.said(row)
        context |= {
            "is_list": is_list,
            "question": self.shown(row, asks, error),
            "interaction": row,
            "panel": self._panel(row, asks, votes),
            "entries": selectors.entries_of(workspace_id=self.workspace.id, interaction_id=row.id),
            "links": selectors.link_list(workspace_id=self.workspace.id, interaction_id=row.id),
            "can_hand_on": self._can_hand_on(row, asks),
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
            "delegate_url": f"{own}delegate/",
            "withdraw_url": f"{own}withdraw/",
            "run_url": f"/w/{self.workspace.slug}/executions/{row.execution_id}/",
        }

    def _neighbours(self, found: Listing, selected: UUID) -> dict[str, Any]:
        ids = found.ids
        at = ids.index(selected) if selected in ids else None
        before = ids[at - 1] if at else None
        after = ids[0] if at is None and ids else ids[at + 1] if at is not None and at + 1 < len(ids) else None
        return {"before": before, "after": after}

    def said(self, row: Interaction) -> tuple[list[Ask], list[Vote]]:
        """Who is asked and what they said, looked up only where there can be any of it."""
        of_it: Any = {"workspace_id": self.workspace.id, "interaction_id": row.id}
        asks = selectors.asks_of(**of_it) if row.has_asks else []
        return asks, selectors.votes_of(**of_it) if row.has_asks or row.policy is not None else []

    def shown(self, row: Interaction, asks: list[Ask], error: DomainError | None = None) -> Question:
        """The question as this member sees it."""
        refused = None
        if row.is_pending and self.actor.can(Permission.INTERACTION_ANSWER):
            refused = services.objection(interaction=row, answerer=Answerer.of(self.actor, Via.APP), asks=asks)
        return question(row, clock.now(), posted=self.request.POST, refused=error, objection=refused)

    def _panel(self, row: Interaction, asks: list[Ask], votes: list[Vote]) -> Panel:
        members: list[User] = []
        if not row.has_asks and row.is_pending:
            members = [
                member.user
                for member in accounts.members(self.workspace.id)
                if Permission.INTERACTION_ANSWER in permissions_of_role(member.role)
            ]
        return panel(row, asks, votes, members, self.actor.id)

    def _can_hand_on(self, row: Interaction, asks: list[Ask]) -> bool:
        if not row.is_pending or row.is_review or not row.can_delegate or self.actor.id == row.barred_user_id:
            return False
        if not row.has_asks:
            return row.policy is None and self.actor.can(Permission.INTERACTION_ANSWER)
        open_ones = [ask for ask in asks if ask.status in (AskStatus.ASKED, AskStatus.WAITING)]
        is_mine = any(ask.user_id == self.actor.id for ask in open_ones)
        return is_mine or (self.actor.can(Permission.MEMBER_MANAGE) and len(open_ones) == 1)


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
        row = self.find(interaction)
        if row.is_pending and row.has_asks and self.actor.id is not None:
            ask = selectors.ask_of(workspace_id=self.workspace.id, interaction_id=row.id, user_id=self.actor.id)
            if ask is not None:
                services.ask_opened(ask=ask, now=clock.now())
        return self.page(row)

    def post(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """Answer, and come back to the record. A refusal is shown with what was typed."""
        try:
            form = self.find(interaction).form
            answered = services.interaction_answer(
                workspace_id=self.workspace.id,
                interaction_id=interaction,
                answerer=Answerer.of(self.actor, Via.APP),
                outcome=request.POST.get("outcome", ""),
                comment=request.POST.get("comment", ""),
                data=forms.data_of(form, request.POST) if form else _output(request.POST.get("data", "")),
                now=clock.now(),
            )
        except (Conflict, Forbidden) as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(f"{self.base_url}{interaction}/")
        except Invalid as refused:
            return self.page(self.find(interaction), status=422, error=refused)
        if answered.is_pending:
            messages.success(request, _("Recorded: %(progress)s.") % {"progress": answered.progress})
        else:
            messages.success(request, _("%(outcome)s: recorded, the run goes on.") % {"outcome": answered.outcome_word})
        return HttpResponseRedirect(f"{self.base_url}{interaction}/")


class Standing(_QuestionPage):
    """The live part of a question: its answer bar."""

    def get(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """204 while it waits; then, instead of the answer bar, what became of it."""
        row = self.find(interaction)
        if row.is_pending and not row.is_overdue(clock.now()):
            return _uncached(HttpResponse(status=204))
        context = {"question": self.shown(row, self.said(row)[0]), "interaction": row}
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
        except (Conflict, Forbidden) as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(f"{self.base_url}{interaction}/")
        except Invalid as refused:
            return self.page(row, status=422, error=refused)
        return _uncached(self.page(row, status=201, created=created))


class HandOn(_QuestionPage):
    """Somebody else answers instead."""

    permission = Permission.INTERACTION_ANSWER
    http_method_names = ["post"]

    def post(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """Hand the question on, and say to whom."""
        row = self.find(interaction)
        try:
            made = services.interaction_delegate(
                workspace_id=self.workspace.id,
                interaction_id=interaction,
                actor=self.actor,
                to=request.POST.get("to", ""),
                note=request.POST.get("note", ""),
                now=clock.now(),
            )
        except (Conflict, Forbidden) as refused:
            messages.error(request, refused.message)
        except Invalid as refused:
            return self.page(row, status=422, error=refused)
        else:
            messages.success(request, _("%(who)s is asked now.") % {"who": made.label})
        return HttpResponseRedirect(f"{self.base_url}{interaction}/")


class Withdrawal(_QuestionPage):
    """Nobody is asked any more."""

    permission = post_permission = Permission.EXECUTION_CANCEL
    http_method_names = ["post"]

    def post(self, request: HttpRequest, interaction: UUID) -> HttpResponse:
        """Withdraw it, with a reason."""
        reason = " ".join(request.POST.get("reason", "").split())[:500] or _("No reason was given.")
        try:
            services.interaction_give_up(
                workspace_id=self.workspace.id,
                interaction_id=interaction,
                message=reason,
                actor=self.actor,
                now=clock.now(),
            )
        except Conflict as refused:
            messages.error(request, refused.message)
        else:
            messages.success(request, _("Withdrawn. Nobody is asked any more."))
        return HttpResponseRedirect(f"{self.base_url}{interaction}/")


def _output(text: str) -> Any:
    """The JSON somebody entered as a step's output; empty means none. Raises `NotJson`."""
    return jsonclean.parse(text) if text.strip() else None


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
