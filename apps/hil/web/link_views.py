"""`/i/<token>/`: one question for somebody outside. Looking changes nothing (scanners open links); a form answers once.

Whoever holds the link is its recipient. The page says nothing that is not part of the question: no addresses of the
product, no members, no run.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import render
from django.utils.decorators import decorator_from_middleware, method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from apps.core import clock
from apps.core.errors import Conflict, DomainError, Forbidden, Invalid
from apps.core.tenancy import tenant
from apps.hil import forms, selectors, services
from apps.hil.errors import AlreadyAnswered, LinkExpired, LinkUnknown, TimedOut, Undeliverable, Withdrawn
from apps.hil.models import Interaction, InteractionLink, Via
from apps.hil.services import Answerer
from apps.hil.web.question import question

GONE = 410


class CsrfOfPrivatePage(CsrfViewMiddleware):
    """Django's check for a page with `Referrer-Policy: no-referrer`.

    From such a page browsers send `Origin: null` with its own forms. The token in the form and in the cookie must match
    as ever, and no other page can read or set either.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META.get("HTTP_ORIGIN") == "null":
            return True
        return bool(super()._origin_verified(request))  # type: ignore[misc]

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponseBase:
        """The refusal is a page of this address, too."""
        return _private(super()._reject(request, reason))  # type: ignore[misc]


_checks_csrf = decorator_from_middleware(CsrfOfPrivatePage)


@method_decorator([csrf_exempt, _checks_csrf], name="dispatch")
class LinkPage(View):
    """The page behind a link."""

    http_method_names = ["get", "head", "post"]

    @method_decorator(sensitive_variables("token"))
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find the link; whatever the answer is, it is kept out of caches, referrers and search engines."""
        try:
            self.link = services.link_find(token=kwargs.pop("token"), now=clock.now())
        except (LinkUnknown, LinkExpired) as refused:
            return _private(self._gone(refused, status=refused.status))
        return _private(super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question, or why it needs no answer any more."""
        with tenant(self.link.workspace_id):
            row = self._row()
            closed = services.refusal(row, clock.now()) or self._objection(row)
            return self._gone(closed, status=GONE, row=row) if closed else self._page(row)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer once, as the recipient of the link."""
        with tenant(self.link.workspace_id):
            try:
                answered = services.interaction_answer_by_link(
                    link=self.link,
                    outcome=request.POST.get("outcome", ""),
                    comment=request.POST.get("comment", ""),
                    data=forms.data_of(self._row().form, request.POST),
                    now=clock.now(),
                )
            except (Conflict, Forbidden) as refused:
                return self._gone(refused, status=refused.status, row=self._row())
            except Invalid as refused:
                return self._page(self._row(), status=422, error=refused)
            said = answered.outcome or request.POST.get("outcome", "")
            context = {
                "link": self.link,
                "interaction": answered,
                "said": answered.word_of(said),
                "comment": request.POST.get("comment", "").strip(),
                "now": clock.now(),
            }
            return render(request, "hil/link_thanks.html", context)

    def _objection(self, row: Interaction) -> DomainError | None:
        """Why whoever the link is for may not answer now: it is not their turn, or they have."""
        ask = self.link.ask
        if ask is None:
            return None
        return services.objection(interaction=row, answerer=Answerer.asked(ask, Via.LINK, link_id=self.link.id))

    def _row(self) -> Interaction:
        link: InteractionLink = self.link
        return selectors.interaction_with_version(workspace_id=link.workspace_id, interaction_id=link.interaction_id)

    def _page(self, row: Interaction, *, status: int = 200, error: DomainError | None = None) -> HttpResponse:
        context = {
            "link": self.link,
            "interaction": row,
            "question": question(row, clock.now(), posted=self.request.POST, refused=error),
            "error": error,
            "posted": self.request.POST,
        }
        return render(self.request, "hil/link_question.html", context, status=status)

    def _gone(self, refused: DomainError, *, status: int, row: Interaction | None = None) -> HttpResponse:
        context = {
            "refused": refused,
            "interaction": row,
            "link": self.link if row else None,
            "is_answered": isinstance(refused, AlreadyAnswered),
            "is_late": isinstance(refused, TimedOut | LinkExpired),
            "is_withdrawn": isinstance(refused, Withdrawn | Undeliverable),
            "is_not_now": row is not None,
            "is_mine": row is not None and self.link.used_at is not None,
        }
        return render(self.request, "hil/link_gone.html", context, status=status)


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
