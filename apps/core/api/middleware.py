"""What every request passes: the path put right, refusals turned into answers. Async from end to end, no thread."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from csp.utils import build_policy
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

from apps.core import origin
from apps.core.api.errors import answer, as_domain_error
from apps.core.errors import Invalid

_FORM_CHARSETS = frozenset({"utf-8", "utf8"})
Next = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class Passing:
    """A middleware for both worlds: `before` may end a request; without an event loop and with one."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        refused = self.before(request)
        if refused is None:
            return self.get_response(request)
        return _at_once(refused) if iscoroutinefunction(self) else refused

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """Look at the request; an answer ends it here."""
        return None


async def _at_once(response: HttpResponseBase) -> HttpResponseBase:
    return response


class Security(SecurityMiddleware):
    """Django's security headers without its two trips to a thread: nothing in them waits. For routes that are busy."""

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """One request."""
        redirect = self.process_request(request)
        if redirect is not None:
            return redirect
        response = cast(HttpResponse, await cast(Awaitable[HttpResponseBase], self.get_response(request)))
        return self.process_response(request, response)


class ContentPolicy(Passing):
    """The pages' Content-Security-Policy on what lean stacks answer, error pages above all. No nonces, no thread."""

    def __init__(self, get_response: Next) -> None:
        super().__init__(get_response)
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        answered = self.get_response(request)
        return self._later(answered) if isinstance(answered, Awaitable) else self._with_policy(answered)

    async def _later(self, answered: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        return self._with_policy(await answered)

    def _with_policy(self, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


class AsyncStreams(Passing):
    """Files that WhiteNoise opened are handed out piece by piece instead of being read whole into memory."""

    sync_capable = False  # else Django would run it in the thread of the middleware below, where it can do nothing

    async def _stream(self, request: HttpRequest) -> HttpResponseBase:
        response = await cast(Awaitable[HttpResponseBase], self.get_response(request))
        if isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _piece_by_piece(cast(Iterable[bytes], response.streaming_content))
        return response

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self._stream(request)


async def _piece_by_piece(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


class Origins(Passing):
    """Everything that answers a request, in whatever thread, can ask `origin.current()` where it comes from."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        found = origin.of_request(request)
        if iscoroutinefunction(self.get_response):
            return self._later(request, found)
        with origin.coming_from(found):
            return self.get_response(request)

    async def _later(self, request: HttpRequest, found: origin.Origin) -> HttpResponseBase:
        with origin.coming_from(found):
            return await cast(Awaitable[HttpResponseBase], self.get_response(request))


class Routes(Passing):
    """Tells the server around Django which route a request took, for its figures."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if iscoroutinefunction(self.get_response):
            return self._later(request)
        return self._told(request, cast(HttpResponseBase, self.get_response(request)))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return self._told(request, await cast(Awaitable[HttpResponseBase], self.get_response(request)))

    def _told(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.resolver_match is not None and isinstance(request, ASGIRequest):
            cast(dict[str, Any], request.scope)["route"] = f"/{request.resolver_match.route}"
        return response


class Paths(Passing):
    """API addresses work with and without the final slash, no address holds a NUL character, forms are UTF-8."""

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        """Add the missing slash (the routes end with one) without a redirect, which would lose a POST's body."""
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return answer(request, Invalid("The address holds a NUL character."))
        # Django decodes the parts of a multipart form by any codec of Python, before anybody is asked who they are; for
        # punycode that takes minutes. Of the other form it refuses all but UTF-8 itself.
        if (
            request.content_type == "multipart/form-data"
            and (request.encoding or "utf-8").lower() not in _FORM_CHARSETS
        ):
            return answer(request, Invalid("A form must be sent as UTF-8."))
        if request.path_info.startswith("/api/") and not request.path_info.endswith("/"):
            request.path_info += "/"
        return None


class Problems(Passing):
    """A refusal raised by a view outside DRF becomes its answer; faults pass and are logged by Django."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Django calls this when a view raises. What Django has handlers for (404, 403, 400) goes there."""
        if isinstance(exception, Http404 | PermissionDenied | SuspiciousOperation):
            return None
        refusal = as_domain_error(exception)
        return None if refusal is None else answer(request, refusal)
