"""Every refusal of the API as a problem document, every refusal of a page as a page: one place for both."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core import problems
from apps.core.errors import Conflict, DomainError, FieldError, Forbidden, Invalid, NotFound, TooLarge, Unavailable
from apps.core.jsonclean import cleaned

logger = logging.getLogger(__name__)
_STOPPED = "57014"  # query_canceled: what statement_timeout raises
PROBLEM_PREFIXES = ("/api/", "/webhooks/", "/callbacks/", "/integrations/")
PAGE_PREFIXES = ("/integrations/oauth/",)


class CsrfFailed(Forbidden):
    """The form was sent without its security token."""

    code = "core.csrf_failed"
    default_hint = "Reload the page and send it again. Programs: use an API key instead of a session."


class StaleRow(Conflict):
    """Another change got in between, or the value refers to something that does not exist."""

    code = "core.constraint"
    default_hint = "Read it again and repeat the change."


class TooSlow(Unavailable):
    """This took the database too long, so it was stopped."""

    code = "core.too_slow"
    default_hint = "Ask for less: a shorter time, one workflow, a smaller page. Operators: WEB_STATEMENT_SECONDS."


def wants_problem(request: HttpRequest) -> bool:
    """Whether this request is answered with a problem document rather than a page."""
    is_for_programs = request.path.startswith(PROBLEM_PREFIXES) and not request.path.startswith(PAGE_PREFIXES)
    if is_for_programs or request.headers.get("HX-Request") == "true":
        return True
    accept = request.headers.get("Accept", "")
    return "json" in accept and "text/html" not in accept


def as_domain_error(error: BaseException) -> DomainError | None:
    """The refusal a known exception stands for, or None when it is a fault of the product."""
    match error:
        case DomainError():
            return error
        case Http404():
            return NotFound()
        case PermissionDenied():
            return Forbidden()
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation() | UnicodeDecodeError():
            return Invalid()
        case ValidationError():
            return Invalid("Some values are wrong.", errors=_of_django(error))
        case DataError():
            return Invalid("A value does not fit: it is too long, out of range, or of the wrong kind.")
        case IntegrityError():
            return StaleRow()
        case OperationalError() if getattr(error.__cause__, "sqlstate", None) == _STOPPED:
            return TooSlow(headers={"Retry-After": "30"})
        case OperationalError() | InterfaceError():
            return Unavailable("The database cannot be reached right now.", headers={"Retry-After": "2"})
        case RedisError():
            return Unavailable("The cache cannot be reached right now.", headers={"Retry-After": "2"})
        case ValueError() if "NUL" in str(error):
            return Invalid("A text holds a NUL character, which cannot be stored.")
    return None


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. Returns None for faults, which then are logged and become a 500."""
    request = context.get("request")
    instance = request.path if request is not None else ""
    if isinstance(error, exceptions.APIException):
        return _of_drf(error, instance)
    refusal = as_domain_error(error)
    if refusal is None:
        return None
    if isinstance(error, IntegrityError | OperationalError | InterfaceError | RedisError):
        logger.warning("%s answered with %s", instance, refusal.status, exc_info=error)
    return Response(
        cleaned(problems.of(refusal, instance=instance)),
        status=refusal.status,
        headers=refusal.headers,
        content_type=problems.CONTENT_TYPE,
    )


def _of_drf(error: exceptions.APIException, instance: str) -> Response:
    status = error.status_code
    headers: dict[str, str] = {}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(int(wait) + 1)
    findings: list[FieldError] = []
    if isinstance(error, exceptions.ValidationError):
        findings = _findings(error.detail)
        detail = "Some values are wrong." if len(findings) != 1 or findings[0].path else findings[0].message
    else:
        detail = str(error.detail)
    document = problems.document(
        status=status,
        detail=detail,
        code=problems.CODES.get(status, "core.refused"),
        errors=[finding.as_dict() for finding in findings],
        instance=instance,
    )
    return Response(cleaned(document), status=status, headers=headers, content_type=problems.CONTENT_TYPE)


def _findings(detail: Any, path: str = "") -> list[FieldError]:
    if isinstance(detail, dict):
        found = []
        for key, inner in detail.items():
            found += _findings(inner, _below(path, key))
        return found
    if isinstance(detail, list):
        found = []
        for index, inner in enumerate(detail):
            # Messages are a list of texts about one place; a list of objects is one per item.
            is_text = not isinstance(inner, dict | list)
            found += _findings(inner, path if is_text else f"{path}[{index}]")
        return found
    return [FieldError(path=path, message=str(detail), code=str(getattr(detail, "code", "") or ""))]


def _below(path: str, key: Any) -> str:
    if key == "non_field_errors":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)


def _of_django(error: ValidationError) -> list[FieldError]:
    if hasattr(error, "error_dict"):
        return [
            FieldError(path="" if name == "__all__" else name, message=message)
            for name, messages in error.message_dict.items()
            for message in messages
        ]
    return [FieldError(path="", message=message) for message in error.messages]


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The whole answer to a refusal outside DRF: a problem document (which HTMX shows as a toast) or a page."""
    headers = dict(error.headers)
    if wants_problem(request):
        return JsonResponse(
            cleaned(problems.of(error, instance=request.path)),
            status=error.status,
            headers=headers,
            content_type=problems.CONTENT_TYPE,
        )
    return page(status=error.status, message=error.message, hint=error.hint, headers=headers)


def page(*, status: int, message: str = "", hint: str = "", headers: dict[str, str] | None = None) -> HttpResponse:
    """The error page of a status."""
    template = {403: "errors/403.html", 404: "errors/404.html", 500: "errors/500.html"}.get(
        status, "errors/refused.html"
    )
    context = {"status": status, "title": HTTPStatus(status).phrase, "message": message, "hint": hint}
    # Without context processors: they would ask the session and the database, which may be what has failed.
    return HttpResponse(render_to_string(template, context), status=status, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return answer(request, as_domain_error(exception) or Invalid())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return answer(request, Forbidden())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return answer(request, NotFound())


def failed(request: HttpRequest) -> HttpResponse:
    """Django's handler500: says nothing about the fault, which is in the log."""
    if wants_problem(request):
        document = problems.document(
            status=500,
            detail="The product failed while doing this. The fault has been logged.",
            code=problems.CODES[500],
            instance=request.path,
        )
        return JsonResponse(document, status=500, content_type=problems.CONTENT_TYPE)
    return page(status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return answer(request, CsrfFailed())
