"""The only module that imports LiteLLM: it is imported with the first call, once per process, in workers only.

LiteLLM gets no network but `egress.classic`: a request leaves only inside a passage, to the host of the credential,
with the credential's own signature. What LiteLLM takes for a key is a placeholder: no variable of the environment is
used, and no key stands in what it logs or raises. It retries nothing, tells nobody, fetches no prices and drops nothing
silently.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from apps.ai.gateway import structured
from apps.ai.gateway.catalogue import Model
from apps.ai.gateway.dialects import DIALECTS
from apps.ai.gateway.errors import Failure, of_library
from apps.ai.gateway.translating import (
    Heard,
    choice_to,
    functions_to,
    lacks_signature,
    messages_to,
    usage_from,
    with_instruction,
)
from apps.core import egress
from apps.core.egress import classic
from apps.core.redaction import Redactor
from apps.nodes.contract import ChatRequest, ModelRef, Usage

logger = logging.getLogger(__name__)

FIRST_BYTE_SECONDS: Final = 60.0
"""For so long a streamed answer may keep everybody waiting for its beginning."""
_PLACEHOLDER: Final = "signed-at-the-door"
_SAMPLING: Final = {"temperature", "max_tokens", "top_p", "frequency_penalty", "presence_penalty", "stop"}
_loading = threading.Lock()


@cache
def _library() -> Any:
    """LiteLLM, set up. Takes seconds and some 200 MB the first time."""
    began = time.perf_counter()
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"  # else it reads a .env file into the environment
    import litellm

    library: Any = litellm
    library.client_session = classic.client()
    library.sync_transport = classic.ClassicTransport()
    library.disable_aiohttp_transport = True
    library.telemetry = False
    library.suppress_debug_info = True
    library.drop_params = False
    library.modify_params = False
    library.num_retries = library.DEFAULT_MAX_RETRIES = 0
    library.turn_off_message_logging = True
    library.disable_streaming_logging = True
    library.disable_end_user_cost_tracking = True
    # For Ollama it looks through all models of the world several times a call; those of other providers are not asked.
    ours = {each.library for each in DIALECTS.values()} | {"ollama"}
    for name in [name for name, known in library.model_cost.items() if known.get("litellm_provider") not in ours]:
        del library.model_cost[name]
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it quotes what was asked; we log what became of it
    logger.info("LiteLLM was imported in %.1f s", time.perf_counter() - began)
    return library


def load() -> Any:
    """LiteLLM, imported once however many threads ask at the same time."""
    with _loading:
        return _library()


def warm(*, after: float = 15.0) -> None:
    """Import LiteLLM in a thread, so that the first call does not wait for it. For workers, when they have begun their
    work: importing takes a core for some seconds.
    """
    timer = threading.Timer(after, load)
    timer.name, timer.daemon = "warm-litellm", True
    timer.start()


@dataclass(frozen=True, slots=True)
class Line:
    """Where a model is reached, how a request there is signed, and what must not be seen of either."""

    ref: ModelRef
    base: str
    sign: egress.Sign
    door: egress.HttpDoor
    redactor: Redactor

    @property
    def who(self) -> str:
        """Whom people know it by."""
        return DIALECTS[self.ref.provider].name if self.ref.provider != "custom" else urlsplit(self.base).netloc


class Failed(Exception):
    """An attempt failed. `heard`: what came before."""

    def __init__(self, failure: Failure, heard: Heard, status: int) -> None:
        super().__init__(failure.error.code)
        self.failure, self.heard, self.status = failure, heard, status


def chat(
    line: Line, request: ChatRequest, known: Model | None, on_text: Callable[[str], None] | None
) -> tuple[Heard, list[str]]:
    """One attempt: what the model said, and what of the request it does not know.

    Raises `Failed`, or what `on_text` raises.
    """
    library, provider = load(), line.ref.provider
    dialect = DIALECTS[provider]
    given, notes = _given(library, line.ref, request, known)
    streamed = on_text is not None
    heard = Heard(provider)
    first = min(FIRST_BYTE_SECONDS, request.timeout_seconds) if streamed else request.timeout_seconds
    with classic.passage(
        line.door,
        line.base,
        sign=line.sign,
        seconds=request.timeout_seconds,
        first_byte=first,
        keeps=dialect.keeps,
    ) as passage:
        answer = _asked(library, line, request, given, notes, heard, passage, is_streamed=streamed)
        _listen(answer if streamed else [answer], heard, on_text, passage, line)
    heard.without(line.redactor.text)
    if not (heard.text or heard.calls or heard.usage):  # LiteLLM takes what is no stream for one that says nothing
        raise Failed(of_library(ValueError("no answer"), passage, line.who, line.ref.model), heard, passage.status)
    return heard, notes


def _asked(
    library: Any,
    line: Line,
    request: ChatRequest,
    given: dict[str, Any],
    notes: list[str],
    heard: Heard,
    passage: classic.Passage,
    *,
    is_streamed: bool,
) -> Any:
    """What LiteLLM gives. A setting that it knows the model not to take is left out, and said so."""
    if is_streamed:
        given = given | {"stream": True, "stream_options": {"include_usage": True}}
    while True:
        try:
            return library.completion(
                model=line.ref.model,
                custom_llm_provider=DIALECTS[line.ref.provider].library,
                api_base=line.base,
                api_key=_PLACEHOLDER,
                timeout=request.timeout_seconds,
                max_retries=0,
                num_retries=0,
                **given,
            )
        except Exception as error:
            dropped = next((name for name in given.keys() & _SAMPLING if name in str(error)), None)
            if passage.sent or dropped is None or not isinstance(error, library.UnsupportedParamsError):
                failure = of_library(error, passage, line.who, line.ref.model)
                raise Failed(failure, heard, passage.status) from None
            given.pop(dropped)
            notes.append(_unknown(line.ref, dropped))


def embed(line: Line, texts: Sequence[str], seconds: float) -> tuple[list[tuple[float, ...]], Usage]:
    """One attempt: a vector per text, and what was used. Raises `Failed`."""
    library, dialect = load(), DIALECTS[line.ref.provider]
    heard = Heard(line.ref.provider)
    with classic.passage(
        line.door, line.base, sign=line.sign, seconds=seconds, first_byte=seconds, keeps=dialect.keeps
    ) as passage:
        try:
            answer = library.embedding(
                model=line.ref.model,
                input=list(texts),
                custom_llm_provider=dialect.embeds,
                api_base=line.base,
                api_key=_PLACEHOLDER,
                timeout=seconds,
                max_retries=0,
                num_retries=0,
            )
            rows = sorted(answer.data, key=lambda row: row["index"])
            found = [tuple(float(each) for each in row["embedding"]) for row in rows]
        except Exception as error:
            raise Failed(of_library(error, passage, line.who, line.ref.model), heard, passage.status) from None
    if len(found) != len(texts):
        raise Failed(of_library(ValueError("too few"), passage, line.who, line.ref.model), heard, passage.status)
    return found, usage_from(answer.usage) if answer.usage else Usage()


def _listen(
    chunks: Any, heard: Heard, on_text: Callable[[str], None] | None, passage: classic.Passage, line: Line
) -> None:
    pieces, held = iter(chunks), ""
    while True:
        try:
            chunk = next(pieces)
            new = heard.take(chunk)
        except StopIteration:
            if held and on_text is not None:
                on_text(held)
            return
        except Exception as error:
            raise Failed(of_library(error, passage, line.who, line.ref.model), heard, passage.status) from None
        if new and on_text is not None:  # what it raises is its own affair
            shown, held = line.redactor.parted(held + new)  # an endpoint may say back its key, letter by letter
            if shown:
                on_text(shown)


def _given(library: Any, ref: ModelRef, request: ChatRequest, known: Model | None) -> tuple[dict[str, Any], list[str]]:
    """The request in LiteLLM's words, and what of it the model does not know."""
    provider, notes = ref.provider, []
    dialect, sampling = DIALECTS[provider], request.sampling
    messages = messages_to(request.messages, provider)
    wanted: dict[str, Any] = {name: getattr(sampling, name) for name in _SAMPLING}
    wanted["stop"] = list(sampling.stop) or None
    wanted["reasoning_effort"] = sampling.reasoning
    if sampling.reasoning not in (None, "none") and lacks_signature(request.messages, provider):
        wanted["reasoning_effort"] = None
        notes.append("reasoning was left out: the calls before were made by another provider")
    if request.functions:
        wanted["tools"] = functions_to(request.functions, provider)
        if request.choice != "auto":
            wanted["tool_choice"] = choice_to(request.choice)
        if not request.is_parallel:
            wanted["parallel_tool_calls"] = False
    if request.functions and not dialect.picks_tools and request.choice != "auto":
        del wanted["tool_choice"]
        if request.choice == "none":
            del wanted["tools"]
        else:
            notes.append(_unknown(ref, "tool_choice"))
    if request.result_schema is not None:
        means = structured.means_of(provider, known, has_functions=bool(request.functions))
        wanted["response_format"] = structured.response_format(means, request.result_schema, provider)
        if means != "schema":
            messages = with_instruction(messages, structured.instruction(request.result_schema))
    if provider == "ollama":
        _make_known(library, ref.model)
    supported = library.get_supported_openai_params(model=ref.model, custom_llm_provider=dialect.library) or []
    given: dict[str, Any] = {"messages": messages}
    for name, value in wanted.items():
        if value is None:
            continue
        if name in supported or provider == "custom":
            given[name] = value
        elif name == "response_format" and request.result_schema is not None:
            given["messages"] = with_instruction(messages, structured.instruction(request.result_schema))
        elif name != "reasoning_effort" or value != "none":
            notes.append(_unknown(ref, name))
    return given, notes


def _unknown(ref: ModelRef, name: str) -> str:
    return f"{name} was left out: {ref.model} does not know it"


def _make_known(library: Any, model: str) -> None:
    """Of a model of Ollama it does not know, LiteLLM would ask the server for its price, at every call."""
    nothing = {"litellm_provider": "ollama", "mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0}
    library.model_cost.setdefault(f"ollama/{model}", nothing)
