"""`/api/v1/auth/…`: tokens for clients that act for a person."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts import selectors, services, tokens
from apps.accounts.access import resolve
from apps.accounts.errors import CodeNeeded, CodeRefused, SignInRefused
from apps.accounts.models import User
from apps.accounts.web.factors import CodeForm
from apps.core.api.serializers import Strict
from apps.core.errors import Unauthenticated
from apps.core.ratelimit import TooMany


class SignInIn(Strict):
    """Who signs in. `code` where the account has a second factor."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1_000, trim_whitespace=False)
    code = serializers.CharField(max_length=20, required=False)


class RefreshIn(Strict):
    """The refresh token that was given last."""

    refresh_token = serializers.CharField(max_length=4_000)


class PairOut(serializers.Serializer[tokens.Pair]):
    """Two tokens, and for how many seconds each is good."""

    token_type = serializers.CharField(default="Bearer")
    access_token = serializers.CharField()
    expires_in = serializers.IntegerField()
    refresh_token = serializers.CharField()
    refresh_expires_in = serializers.IntegerField()


class _Auth(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """What is a token, or tells of one, stays in no cache."""
        found = super().finalize_response(request, response, *args, **kwargs)
        found.headers["Cache-Control"] = "no-store"
        return found


class Token(_Auth):
    """Sign in and out."""

    @extend_schema(operation_id="token_create", request=SignInIn, responses=PairOut, auth=[])
    def post(self, request: Request) -> Response:
        """Sign in with address and password, and `code` where there is a second factor: gives two tokens.

        Send the access token as `Authorization: Bearer …`; exchange the refresh token before it has run out.
        """
        form = SignInIn(data=request.data)
        form.is_valid(raise_exception=True)
        asked = form.validated_data
        user = _known(request, asked["email"], asked["password"])
        _check_second_factor(user, asked.get("code"))
        pair = tokens.issue(user)
        services.session_note(user=user, action="session.started", via="jwt", data={"method": "password"})
        return Response(PairOut(pair).data)

    @extend_schema(operation_id="token_revoke", responses={204: None}, auth=["accessToken"])
    def delete(self, request: Request) -> Response:
        """Sign out: the session of this access token ends, and with it all its tokens."""
        raw = resolve.bearer(request.headers.get("Authorization", ""))
        if raw is None:
            raise Unauthenticated("Send the access token as Authorization: Bearer ….")
        bearer = tokens.check(raw)
        tokens.revoke(bearer)
        services.session_note(user=bearer.user, action="session.ended", via="jwt")
        return Response(status=204)


class TokenRefresh(_Auth):
    """Go on."""

    @extend_schema(operation_id="token_refresh", request=RefreshIn, responses=PairOut, auth=[])
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next two tokens. It is good once; used twice, its session ends."""
        form = RefreshIn(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            pair = tokens.exchange(form.validated_data["refresh_token"])
        except tokens.TokenReused as reused:
            services.session_note(user=reused.user, action="session.ended", via="jwt", data={"reason": "token reused"})
            raise
        return Response(PairOut(pair).data)


def _known(request: Request, email: str, password: str) -> User:
    try:
        user = get_adapter().authenticate(request._request, email=email.lower(), password=password)
    except ValidationError as refused:  # the package counts what went wrong, per account and per address
        raise TooMany(" ".join(refused.messages), headers={"Retry-After": "300"}) from None
    if not isinstance(user, User) or not user.is_active:
        raise SignInRefused(hint="People who sign in by a provider or a link have no password; they use an API key.")
    is_proved = EmailAddress.objects.filter(user=user, email=user.email, verified=True).exists()
    if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory" and not is_proved:
        raise SignInRefused("This address is not confirmed yet: a mail with a link is there.")
    return user


def _check_second_factor(user: User, code: str | None) -> None:
    if not selectors.has_second_factor(user.pk):
        return
    if code is None:
        raise CodeNeeded
    form = CodeForm(user=user, data={"code": code})
    if not form.is_valid():
        raise CodeRefused(" ".join(str(message) for message in form.errors.get("code", [])) or None)
    form.authenticator.record_usage()
