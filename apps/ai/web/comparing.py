"""One prompt on several models, side by side: asking, watching, and what was asked before."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError

from apps.accounts.access.pages import WorkspacePage
from apps.accounts.access.permissions import Permission
from apps.ai import selectors, services
from apps.ai.models import Answer, Comparison
from apps.ai.services.comparing import KEPT_DAYS, LONGEST_PROMPT, MOST_MODELS
from apps.ai.web.showing import Via, answer_facts, clip_of, shown, suggestions, via_of, vias
from apps.core.errors import DomainError
from apps.nodes.contract import ModelRef, Sampling

PAGE_SIZE = 20
OPEN_ROWS = 3
TILES = [
    {"type": "AI_AGENT", "icon": "bot"},
    {"type": "FLOW", "icon": "columns-3"},
    {"type": "AI_AGENT", "icon": "gauge"},
]


class CompareForm(forms.Form):
    """The prompt, and how the models are to write. The models stand beside it, row by row."""

    prompt = forms.CharField(
        label=gettext_lazy("Prompt"),
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    system = forms.CharField(
        label=gettext_lazy("System prompt"),
        required=False,
        max_length=LONGEST_PROMPT,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Who the model is, and what it keeps to."),
    )
    temperature = forms.FloatField(label=gettext_lazy("Temperature"), required=False, min_value=0, max_value=2)
    max_tokens = forms.IntegerField(
        label=gettext_lazy("Most tokens to write"), required=False, min_value=1, max_value=1_000_000
    )

    def given(self) -> dict[str, Any]:
        """What `comparison_start` takes besides the models."""
        cleaned = self.cleaned_data
        sampling = Sampling(temperature=cleaned["temperature"], max_tokens=cleaned["max_tokens"])
        return {"prompt": cleaned["prompt"], "system": cleaned["system"], "sampling": sampling}


class Compare(WorkspacePage):
    """The form, and the comparisons of the last 30 days. `?again=` fills it with one of them."""

    permission = Permission.CREDENTIAL_USE
    menu_under = "models"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        again = self._again(request.GET.get("again", ""))
        if again is None:
            chain = selectors.model_choices(self.workspace.id).chain
            return self._page(CompareForm(), [(_via(ref), ref.model) for ref in chain[:OPEN_ROWS]])
        initial = {"prompt": again.prompt, "system": again.system, **again.sampling}
        picked = [(_via(ref_of(answer)), answer.model) for answer in again.answers.all()]
        return self._page(CompareForm(initial=initial), picked)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin, and look at it; what is wrong is shown beside its field."""
        form = CompareForm(request.POST)
        picked = [
            (via, model.strip())
            for via, model in zip(request.POST.getlist("via"), request.POST.getlist("model"), strict=False)
            if model.strip()
        ][:MOST_MODELS]
        if form.is_valid():
            try:
                made = services.comparison_start(
                    workspace_id=self.workspace.id,
                    actor=self.actor,
                    models=[_ref(via, model) for via, model in picked],
                    **form.given(),
                )
                return redirect("comparison", self.workspace.slug, made.id)
            except ValidationError:
                form.add_error(None, _("Choose for each model what to call it with."))
            except DomainError as refused:
                if refused.status == 403:
                    raise
                for error in refused.errors:
                    name = error.path.removeprefix("sampling.")
                    said = f"{error.message} {error.hint}".strip()
                    form.add_error(name if name in form.fields else None, said)
        return self._page(form, picked, status=422)

    def _page(self, form: CompareForm, picked: list[tuple[str, str]], *, status: int = 200) -> HttpResponse:
        usable = vias(self.actor, selectors.provider_credentials(self.workspace.id, self.actor), is_shared=False)
        rows = [
            {
                "via": via,
                "model": model,
                "suggestions": suggestions(via.partition(":")[0] or (usable[0].provider if usable else "openai")),
            }
            for via, model in [*picked, *[("", "")] * MOST_MODELS][:MOST_MODELS]
        ]
        shown_rows = max(OPEN_ROWS, len(picked))
        page = Paginator(selectors.comparisons(self.workspace.id), PAGE_SIZE).get_page(self.request.GET.get("page"))
        context = {
            "form": form,
            "rows": rows[:shown_rows],
            "more_rows": rows[shown_rows:],
            "vias": usable,
            "page": page,
            "kept_days": KEPT_DAYS,
            "tiles": TILES,
            "tab": "compare",
        }
        return self.render("ai/compare.html", context, status=status)

    def _again(self, given: str) -> Comparison | None:
        try:
            return selectors.comparisons(self.workspace.id).filter(id=UUID(given)).first()
        except ValueError:
            return None


class ComparisonPage(WorkspacePage):
    """One comparison. `?part=answers` is its live part, which asks for itself until every model has answered."""

    permission = Permission.CREDENTIAL_USE
    menu_under = "models"

    def get(self, request: HttpRequest, comparison: UUID) -> HttpResponse:
        """The page, or its live part."""
        found = selectors.comparison(self.workspace.id, comparison)
        known = selectors.provider_credentials(self.workspace.id, self.actor)
        answers = [
            {
                "row": answer,
                "model": shown(ref_of(answer), known),
                "clip": clip_of(found, answer),
                **answer_facts(answer),
            }
            for answer in found.answers.all()
        ]
        context = {
            "comparison": found,
            "answers": answers,
            "is_live": any(not answer["row"].has_ended for answer in answers),
            "tab": "compare",
        }
        part = request.GET.get("part") == "answers"
        response = self.render("ai/_answers.html" if part else "ai/comparison.html", context)
        response["Cache-Control"] = "no-store"
        return response


class ComparisonCancel(WorkspacePage):
    """The button that stops one."""

    permission = Permission.CREDENTIAL_USE
    menu_under = "models"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, comparison: UUID) -> HttpResponse:
        """Stop asking, and look."""
        try:
            services.comparison_cancel(workspace_id=self.workspace.id, actor=self.actor, comparison_id=comparison)
        except DomainError as refused:
            if refused.status != 409:
                raise
            messages.info(request, refused.message)
        return redirect("comparison", self.workspace.slug, comparison)


def ref_of(answer: Answer) -> ModelRef:
    """The model that answers."""
    return ModelRef.model_validate(
        {"provider": answer.provider, "model": answer.model, "credential": answer.credential_id}
    )


def _ref(text: str, model: str) -> ModelRef:
    via = via_of(text) or Via("", "", None)
    return ModelRef.model_validate({"provider": via.provider, "model": model, "credential": via.credential})


def _via(ref: ModelRef) -> str:
    return Via(ref.provider, "", ref.credential).value
