"""Tokens of API clients that act for a person: a short access token, and a refresh token that is exchanged each time.

django-allauth's headless JWT code makes and reads them; here is what it leaves open: issuer and audience, of two
exchanges at once only one, and the end of a session whose refresh token was used twice. Both tokens of a person belong
to a session in the database; signing out ends it, and with it every token at once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import jwt
from allauth.headless.internal.sessionkit import lookup_session, new_session
from allauth.headless.tokens.strategies.jwt import internal
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction

from apps.accounts.errors import TokenRefused
from apps.accounts.models import User
from apps.core import origin

_SPENT = "spent_refresh_tokens"
_MOST_SPENT = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """What a client gets: both tokens, and for how many seconds each is good."""

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who an access token stands for, and the session it belongs to."""

    user: User
    session_key: str


class TokenReused(TokenRefused):
    """This refresh token was used before. Its session has ended, since somebody else may have it."""

    code = "accounts.token_reused"

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user


def looks_like_one(text: str) -> bool:
    """Whether this could be a token at all: three parts between dots. API keys hold no dot."""
    return text.count(".") == 2


def issue(user: User) -> Pair:
    """A new session of this person, and its first two tokens. Whoever calls has proved who asks."""
    session = new_session()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN)
    session.create()
    where = origin.current()
    # So that it stands among the person's sessions, where they can end it.
    UserSession.objects.create(
        user=user,
        session_key=session.session_key,
        ip=where.address or "0.0.0.0",
        user_agent=where.user_agent[:200],
    )
    return _pair(user, session)


def check(access_token: str) -> Bearer:
    """Who this access token stands for. Raises `TokenRefused` for one that is forged, expired, of another kind or
    issuer, or whose session has ended.
    """
    payload = _payload(access_token, "access")
    session = internal.get_token_session(payload)
    user = None if session is None else internal.validate_token_user(payload, session)
    if session is None or not isinstance(user, User):
        raise TokenRefused("The session of this token has ended.")
    return Bearer(user, str(session.session_key))


def exchange(refresh_token: str) -> Pair:
    """The next two tokens for a refresh token, which is spent.

    Raises `TokenRefused`; for one that is given a second time `TokenReused`: somebody else may have it, so its session
    has ended.
    """
    payload = _payload(refresh_token, "refresh")
    key = internal.session_key_from_sid(payload["sid"])
    with transaction.atomic():
        # Of two exchanges of one token at once only one may win.
        locked = Session.objects.select_for_update().filter(session_key=key).exists()
        session = lookup_session(key) if key and locked else None
        user = None if session is None else internal.validate_token_user(payload, session)
        if session is None or not isinstance(user, User):
            raise TokenRefused("The session of this token has ended.")
        alive = internal.get_refresh_token_state(session)
        is_reused = payload["jti"] not in alive and payload["jti"] in session.get(_SPENT, [])
        if is_reused:
            session.flush()
        elif alive.get(payload["jti"], 0) > time.time():
            internal.invalidate_refresh_token(session, payload)
            session[_SPENT] = [*session.get(_SPENT, []), payload["jti"]][-_MOST_SPENT:]
            session.set_expiry(settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN)
            return _pair(user, session)
    if is_reused:
        raise TokenReused(user)
    raise TokenRefused("This refresh token is not good any more.")


def revoke(bearer: Bearer) -> None:
    """End the session of an access token: none of its tokens is good from now on."""
    Session.objects.filter(session_key=bearer.session_key).delete()
    UserSession.objects.filter(session_key=bearer.session_key).delete()


def _pair(user: User, session: Any) -> Pair:
    claims = {"iss": settings.BASE_URL, "aud": settings.JWT_AUDIENCE}
    pair = Pair(
        internal.create_access_token(user, session, claims),
        internal.create_refresh_token(user, session),
        settings.HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN,
        settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN,
    )
    session.save()
    return pair


def _payload(token: str, use: str) -> dict[str, Any]:
    """What a token says, if we signed it with our algorithm, it is of this use, and not expired."""
    payload: dict[str, Any] | None = internal.decode_token(token, use)
    if payload is None:
        raise TokenRefused(_why(token))
    if use == "access" and (payload.get("iss"), payload.get("aud")) != (settings.BASE_URL, settings.JWT_AUDIENCE):
        raise TokenRefused("This token was made for something else.")
    return payload


def _why(token: str) -> str:
    """Expired, when that is all that is wrong with it; a client then knows to exchange its refresh token."""
    config = internal._get_jwt_config()
    try:
        jwt.decode(token, config.verifying_key, algorithms=[config.algorithm], options={"verify_aud": False})
    except jwt.ExpiredSignatureError:
        return "This token has expired."
    except jwt.PyJWTError:
        pass
    return "This token is not one of ours."
