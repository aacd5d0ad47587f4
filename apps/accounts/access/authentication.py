"""How an API request proves who it is: an API key, an access token, or the browser's session with its CSRF token."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as DjangoSession
from rest_framework.request import Request

from apps.accounts import tokens
from apps.accounts.access import resolve
from apps.accounts.access.actor import Access
from apps.accounts.models import User
from apps.core.api.errors import CsrfFailed


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. `request.auth` becomes the `Access` the key gives. No CSRF check is needed."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Access] | None:
        """The access, or None when the request carries no key. Raises `KeyRefused`."""
        key = resolve.bearer(request.headers.get("Authorization", ""))
        if key is None or tokens.looks_like_one(key):
            return None
        return AnonymousUser(), resolve.by_key(key, slug=request.headers.get("X-Workspace") or None)

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return resolve.CHALLENGE


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`, of a person. The workspace is named by `X-Workspace`. No CSRF check."""

    def authenticate(self, request: Request) -> tuple[User, Access] | None:
        """The person and their access, or None when the request carries no token. Raises `TokenRefused`."""
        token = resolve.bearer(request.headers.get("Authorization", ""))
        if token is None or not tokens.looks_like_one(token):
            return None
        named = request.headers.get("X-Workspace") or request.query_params.get("workspace")
        access = resolve.by_token(token, slug=named)
        assert access.actor.user is not None
        return access.actor.user, access

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return resolve.CHALLENGE


class SessionAuthentication(DjangoSession):
    """The browser's session; unsafe methods need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The signed-in user, or None."""
        found: tuple[User, None] | None = super().authenticate(request)
        return found

    def enforce_csrf(self, request: Request) -> None:
        """Raises `CsrfFailed` (403)."""
        from rest_framework.exceptions import PermissionDenied

        try:
            super().enforce_csrf(request)
        except PermissionDenied:
            raise CsrfFailed from None


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The API key in the OpenAPI document."""

    target_class = "apps.accounts.access.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "description": "An API key: `af_…`."}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The access token in the OpenAPI document."""

    target_class = "apps.accounts.access.authentication.TokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A person's access token, from `POST /api/v1/auth/token`. Name the workspace in the header "
            "`X-Workspace` when the person has several.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session in the OpenAPI document."""

    target_class = "apps.accounts.access.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A cookie."""
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
