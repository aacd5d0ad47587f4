"""Why a model gave no answer, in our words. LiteLLM's own words name the library and may quote the request: they are
never shown; what the provider itself said is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from apps.core.egress import CircuitOpen, EgressError
from apps.core.egress.classic import Passage
from apps.nodes.contract import NodeError

_TOO_LONG: Final = re.compile(
    r"context.?(length|window)|too long|maximum (number of tokens|context)|input token count", re.I
)
_NO_MONEY: Final = ("insufficient_quota", "credit balance", "billing")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed, and what may be done about it.

    `is_passing`: the same model may well answer in a moment. `is_final`: nobody else is to be asked either.
    `is_theirs`: the provider, or the way there, is out of order.
    """

    error: NodeError
    is_passing: bool = False
    is_final: bool = False
    is_theirs: bool = False


def nothing_connected(provider: str = "") -> NodeError:
    """No credential is there to ask with."""
    what = f"No credential for {provider} is connected" if provider else "No model is connected"
    return NodeError(
        "ai.no_credential",
        f"{what} to this workspace.",
        "Connect one under Settings, Models.",
        details={"link": "settings/models/"},
    )


def left_alone(refused: CircuitOpen) -> Failure:
    """The provider kept failing for this workspace."""
    error = NodeError("ai.overloaded", refused.message, refused.hint, retryable=True, retry_after=refused.retry_after)
    return Failure(error)


def of_egress(failed: EgressError, who: str) -> Failure:
    """No answer came, or nothing could be sent."""
    if failed.code == "egress.hung_up":
        return Failure(NodeError("ai.no_answer", "Nobody waits for the answer any more.", ""), is_final=True)
    if failed.is_other_side:
        is_late = failed.code == "egress.timeout"
        error = NodeError(
            "ai.no_answer",
            f"{who} gave no answer: {failed.message}",
            failed.hint or "Try again later, or name a fallback model.",
            retryable=True,
        )
        return Failure(error, is_passing=failed.is_passing and not is_late, is_theirs=True)
    return Failure(NodeError("ai.bad_request", f"{who} cannot be asked: {failed.message}", failed.hint))


def of_library(error: Exception, passage: Passage, who: str, model: str) -> Failure:
    """What LiteLLM raised: by the status on the wire where there is one, by its class where that says little."""
    if passage.failed is not None:
        return of_egress(passage.failed, who)
    kinds = {cls.__name__ for cls in type(error).__mro__}
    status, said = passage.status, _said(passage.refusal)
    why = f": {said}" if said else "."
    if "ContextWindowExceededError" in kinds or (status in (400, 413) and _TOO_LONG.search(said)):
        return Failure(
            _plain(
                "ai.too_long",
                f"This is more than {model} can read{why}",
                "Send less, or choose a model that reads more.",
            )
        )
    if status in (401, 403) or kinds & {"AuthenticationError", "PermissionDeniedError"}:
        return Failure(
            _plain(
                "ai.refused_key", f"{who} does not accept the key{why}", "Check the credential under Settings, Models."
            )
        )
    if status == 404:
        return Failure(
            _plain("ai.model_unknown", f"{who} does not know the model “{model}”{why}", "Choose another model.")
        )
    if status == 429:
        return _limited(passage, who, why)
    if status >= 500:
        words = _plain(
            "ai.overloaded",
            f"{who} is out of order (status {status}){why}",
            "Try again later, or name a fallback model.",
        )
        words.retryable, words.retry_after = True, _retry_after(passage)
        return Failure(words, is_passing=True, is_theirs=True)
    if 0 < status < 400:
        found = _plain(
            "ai.answer_unreadable",
            f"What {who} answered cannot be read.",
            "Check the address of the endpoint, or try again.",
        )
        found.retryable = True
        return Failure(found, is_passing=True, is_theirs=True)
    if status >= 400 or kinds & {"BadRequestError", "UnprocessableEntityError"}:
        reason = said or _own_words(error)
        return Failure(
            _plain(
                "ai.bad_request",
                f"{who} does not take the request: {reason}",
                "Check what is asked, and the model's settings.",
            )
        )
    return Failure(
        _plain("ai.bad_request", f"{who} cannot be asked like this: {_own_words(error)}", "Check the model's settings.")
    )


def _limited(passage: Passage, who: str, why: str) -> Failure:
    is_spent = any(word in passage.refusal for word in _NO_MONEY)
    found = _plain(
        "ai.rate_limited",
        f"{who} takes no more requests{why}",
        "The account has no credit left there." if is_spent else "Try again later, or name a fallback model.",
    )
    if is_spent:
        return Failure(found)
    found.retryable, found.retry_after = True, _retry_after(passage)
    return Failure(found, is_passing=True, is_theirs=True)


def _plain(code: str, message: str, hint: str) -> NodeError:
    return NodeError(code, message[:1_000], hint)


def _retry_after(passage: Passage) -> float | None:
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            return max(0.0, float(passage.headers.get(name, "")) * unit)
        except ValueError:
            continue
    return None


def _said(refusal: str) -> str:
    """What the provider said, out of whatever form it has."""
    try:
        found: Any = json.loads(refusal)
    except ValueError:
        return "" if refusal.lstrip().startswith("<") else refusal.strip()[:300]
    for name in ("error", "message", "detail"):
        if isinstance(found, list) and found:
            found = found[0]
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found.strip()[:500] if isinstance(found, str) else ""


def _own_words(error: Exception) -> str:
    """The library's words without its names."""
    words = str(getattr(error, "message", "") or error).partition("\n")[0]
    return re.sub(r"^(litellm\.)?\w+(Error|Exception)\b:?[ -]*", "", re.sub(r"^litellm\.\w+: ", "", words))[:300]
