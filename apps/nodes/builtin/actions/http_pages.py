"""Answers that come in pages: how the next one is found, and when it is enough."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urljoin, urlsplit

from pydantic import Field

from apps.core.jsonkind import kind_of
from apps.nodes.builtin.actions.http_call import CallParams, send
from apps.nodes.builtin.actions.http_pace import Pace
from apps.nodes.contract import Context, Json, NodeError, NodeParams, asked
from apps.nodes.params import OPENING, truth
from apps.nodes.paths import Path, PathBlocked, PathOrWhole, identity, look_up, put

_LINK = re.compile(r"<([^<>]*+)>([^<]*+)")
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))', re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_UPGRADED = re.compile(r"^http://", re.IGNORECASE)

Found: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=2_000, json_schema_extra={"x-expression": True}, title="Path or expression")
]
"""A path in the answer's body, or an expression over the answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page that came: `answer` has `status`, `headers`, `body`, `url`, and what its step keeps beside."""

    index: int
    call: CallParams
    answer: Mapping[str, Json]
    items: list[Json]
    passed: int  # items of the pages before it


class _Pages(NodeParams):
    items: Annotated[PathOrWhole, asked("Items are at")] = ""
    """Where in each body the list of items stands, as in `data.orders`. Empty: the body itself."""
    stop_when: Annotated[
        str, Field(max_length=2_000, json_schema_extra={"x-expression": True, "x-condition": True})
    ] = ""
    """Ends with the page this is true for. `$json` is its answer (`status`, `headers`, `body`), `$index` its place."""
    end_statuses: Annotated[
        list[Annotated[int, Field(ge=400, le=599)]], Field(max_length=20), asked("Statuses that end it")
    ] = Field(default_factory=list)
    """Statuses that mean “there is no such page” instead of a failure."""
    max_pages: Annotated[int, Field(ge=1, le=5_000), asked("Most pages")] = 100
    """At most so many pages."""
    max_items: Annotated[Annotated[int, Field(ge=1, le=1_000_000)] | None, asked("Most items")] = None
    """At most so many items; further ones are left out. Empty: no limit."""
    max_bytes: Annotated[int, Field(ge=1, le=16_000_000), asked("Largest total")] = 10_000_000
    """Ends with the page with which all answers together have so many bytes."""
    pause_seconds: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False), asked("Pause between pages")] = 0
    """How long to wait before each further page."""

    def first(self, call: CallParams) -> CallParams:
        """The call that gives the first page."""
        return call

    def following(self, page: Page, ctx: Context) -> CallParams | None:
        """The call that gives the page behind this one; None when there is none. Raises `NodeError`."""
        raise TypeError(f"{type(self).__name__} does not say how it goes on.")


class OnePage(NodeParams):
    """The answer is all there is."""

    type: Annotated[Literal["none"], asked(words={"none": "One call"})] = "none"
    """One call."""


class LinkPages(_Pages):
    """The header `Link` names the next page (`rel="next"`), as GitHub does."""

    type: Annotated[Literal["link"], asked(words={"link": "Link header"})]
    """The header `Link` names the next page (`rel="next"`)."""

    def following(self, page: Page, ctx: Context) -> CallParams | None:
        """Where the header leads."""
        for target, attributes in _LINK.findall(str(page.answer["headers"].get("link", ""))):
            relation = _RELATION.search(attributes)
            if relation and "next" in (relation[1] or relation[2]).lower().split():
                return _elsewhere(page, target)
        return None


class UrlPages(_Pages):
    """The answer holds the address of the next page."""

    type: Annotated[Literal["next_url"], asked(words={"next_url": "Address in the answer"})]
    """The answer holds the address of the next page; none ends it."""
    next: Found
    """A path in the body, as in `paging.next`, or an expression: `{{ $json.headers["x-next"] }}`."""

    def following(self, page: Page, ctx: Context) -> CallParams | None:
        """Where the answer says."""
        target = _found(self.next, page, ctx)
        if target in (None, "", False):
            return None
        if not isinstance(target, str):
            raise _wrong(f"What {self.next} gives is {kind_of(target)}, not the address of the next page.")
        return _elsewhere(page, target)


class _Counted(_Pages):
    place: Annotated[Literal["query", "body"], asked("Sent in")] = "query"
    """Where it is sent: behind the `?`, or in the body (JSON or form)."""

    def sent(self, call: CallParams, name: str, value: Json) -> CallParams:
        """The call with this in its place."""
        if self.place == "query":
            return call.model_copy(update={"query": {**call.query, name: value}})
        if call.form:
            return call.model_copy(update={"form": {**call.form, name: value}})
        if call.json_body is not None and not isinstance(call.json_body, dict):
            raise _wrong(f"“{name}” cannot be put into a body that is {kind_of(call.json_body)}.")
        body = dict(call.json_body or {})
        put(body, name, value)
        return call.model_copy(update={"json_body": body})


class CursorPages(_Counted):
    """The answer holds a cursor or token that the next call sends."""

    type: Annotated[Literal["cursor"], asked(words={"cursor": "Cursor in the answer"})]
    """The answer holds a cursor that the next call sends; none ends it."""
    next: Found
    """A path in the body, as in `meta.cursor`, or an expression: `{{ $json.body.rows.last().id }}`."""
    name: Path = "cursor"
    """What the parameter is called; in a JSON body a path such as `variables.after`."""

    def following(self, page: Page, ctx: Context) -> CallParams | None:
        """The same call with the cursor of this page."""
        cursor = _found(self.next, page, ctx)
        if cursor in (None, "", False) or isinstance(cursor, dict | list):
            return None
        return self.sent(page.call, self.name, cursor)


class NumberPages(_Counted):
    """Pages are numbered. An empty one ends it."""

    type: Annotated[Literal["page"], asked(words={"page": "Page numbers"})]
    """Pages are numbered; the first empty one ends it."""
    name: Path = "page"
    """What the parameter is called."""
    start: Annotated[int, Field(ge=0, le=1_000_000)] = 1
    """Number of the first page."""

    def first(self, call: CallParams) -> CallParams:
        """Page `start`."""
        return self.sent(call, self.name, self.start)

    def following(self, page: Page, ctx: Context) -> CallParams | None:
        """The next number."""
        return self.sent(page.call, self.name, self.start + page.index + 1) if page.items else None


class OffsetPages(_Counted):
    """Calls say how many items to leave out. An empty page ends it."""

    type: Annotated[Literal["offset"], asked(words={"offset": "Offsets"})]
    """Each call says how many items to leave out; the first empty page ends it."""
    name: Path = "offset"
    """What the parameter is called."""
    start: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    """How many the first call leaves out."""

    def first(self, call: CallParams) -> CallParams:
        """From `start` on."""
        return self.sent(call, self.name, self.start)

    def following(self, page: Page, ctx: Context) -> CallParams | None:
        """Behind the items of this page."""
        passed = self.start + page.passed + len(page.items)
        return self.sent(page.call, self.name, passed) if page.items else None


Pages: TypeAlias = LinkPages | UrlPages | CursorPages | NumberPages | OffsetPages
Pagination: TypeAlias = Annotated[OnePage | Pages, Field(discriminator="type")]


def walk(call: CallParams, pages: Pages, ctx: Context, pace: Pace, *, prefix: str = "") -> dict[str, Json]:
    """Every page, each a step of the node: `body` holds all items, the rest is the last page's.

    Raises `NodeError`, and `Later` when the node should go on another time.
    """
    items: list[Json] = []
    asked: set[Hashable] = set()
    size, why = 0, ""
    page: Page | None = None
    following: CallParams | None = pages.first(call)
    while following is not None and not why:
        _refuse_repeat(following, asked)
        fresh = _page(page, following, pages, ctx, pace, prefix)
        if page is not None and fresh.answer["status"] in pages.end_statuses:
            break
        page, size = fresh, size + fresh.answer["size"]
        items += page.items
        ctx.progress(page.index + 1, None, f"{len(items):,} items")
        following = None if _is_last(pages, page, ctx) else pages.following(page, ctx)
        why = _limit(pages, page.index + 1, len(items), size, is_over=following is None)
    assert page is not None
    if why:
        ctx.log(f"Ended with page {page.index + 1}, since {why} is reached: there may be more.", level="warning")
    return {
        "status": page.answer["status"],
        "headers": page.answer["headers"],
        "body": items if pages.max_items is None else items[: pages.max_items],
        "url": page.answer["url"],
        "pages": page.index + 1,
        "is_complete": not why,
    }


def _page(before: Page | None, call: CallParams, pages: Pages, ctx: Context, pace: Pace, prefix: str) -> Page:
    index = before.index + 1 if before else 0
    key = f"{prefix}page:{index + 1}"
    if not ctx.is_done(key):
        pace.before_call(pages.pause_seconds)
    ends = frozenset(pages.end_statuses) if before else frozenset()

    def fetch(step_key: str) -> Json:
        answer, content = send(call, ctx, key=step_key, accepts=ends)
        return {**answer, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

    answer = ctx.step(key, fetch, effect=call.effect, honours_key=call.honours_key)
    items = [] if answer["status"] in ends else _items(answer["body"], pages.items)
    is_same = before is not None and items and answer["sha256"] == before.answer["sha256"]
    if is_same and isinstance(pages, _Counted):
        raise _endless(index)
    return Page(index, call, answer, items, before.passed + len(before.items) if before else 0)


def _items(body: Json, path: str) -> list[Json]:
    try:
        found = look_up(body, path)
    except PathBlocked as blocked:
        raise _wrong(f"No items at {path}: {blocked}.") from None
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _is_last(pages: Pages, page: Page, ctx: Context) -> bool:
    if not pages.stop_when:
        return False
    try:
        return truth(ctx.resolve(pages.stop_when, given=_seen(page), index=page.index))
    except ValueError as wrong:
        raise NodeError("expressions.failed", f"stop_when of the pages: {wrong}") from None


def _limit(pages: Pages, at: int, count: int, size: int, *, is_over: bool) -> str:
    """Which limit ends it although there may be more."""
    if pages.max_items is not None and (count > pages.max_items or (count == pages.max_items and not is_over)):
        return "max_items"
    if is_over:
        return ""
    if at >= pages.max_pages:
        return "max_pages"
    return "max_bytes" if size >= pages.max_bytes else ""


def _refuse_repeat(call: CallParams, asked: set[Hashable]) -> None:
    """What was asked before would be answered as before, and so on for ever."""
    what = identity([call.url, call.query, call.json_body, call.form])
    if what in asked:
        raise _endless(len(asked))
    asked.add(what)


def _endless(index: int) -> NodeError:
    return _wrong(
        f"Page {index + 1} is the same as the one before it, so this would never end.",
        "Check how the other side wants to be asked for the next page.",
    )


def _seen(page: Page) -> dict[str, Json]:
    return {name: page.answer[name] for name in ("status", "headers", "body", "url")}


def _found(where: str, page: Page, ctx: Context) -> Json:
    if OPENING in where:
        return ctx.resolve(where, given=_seen(page), index=page.index)
    try:
        return look_up(page.answer["body"], where)
    except PathBlocked as blocked:
        raise _wrong(f"No next page at {where}: {blocked}.") from None


def _elsewhere(page: Page, target: str) -> CallParams:
    """The same call of another address, which must lie on the same host: what proves who calls goes along."""
    first = page.call.url
    try:
        url = urljoin(page.answer["url"], target)
        is_same = _origin(url) in (_origin(first), _origin(_UPGRADED.sub("https://", first)))
    except ValueError:
        raise _wrong(f"“{target[:200]}” is no address of a next page.") from None
    if not is_same:
        raise _wrong(
            f"The next page lies elsewhere, at {_host(url)} instead of {_host(first)}.",
            "What is sent along is meant for the first host only. Page by cursor or number instead, if it offers that.",
        )
    return page.call.model_copy(update={"url": url, "query": {}})


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme.lower())


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"[:200]


def _wrong(message: str, hint: str = "Look at what the first page answers.") -> NodeError:
    return NodeError("http.pages", message, hint)
