"""What is said to a provider, and what its answers mean. Touches no database."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit, urlunsplit

from django.conf import settings

from apps.core import egress, jsonclean
from apps.core.egress import Answer, EgressError
from apps.core.errors import DomainError
from apps.integrations.oauth.declare import Provider
from apps.integrations.oauth.errors import TokenAway, TokenRefused

SECONDS = 20.0
_MOST_BYTES = 200_000
_LONGEST_TOKEN = 20_000
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Client:
    """The product as the provider knows it."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave. `lifetime`: seconds the access token is good for, None when nobody says."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    lifetime: float | None = None
    scope: str = ""


def authorize_address(provider: Provider, client: Client, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where a person is sent to sign in and allow it."""
    require_secure(provider.authorize_url)
    asked = {
        **provider.authorize_parameters,
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "state": state,
    }
    if provider.scopes:
        asked["scope"] = provider.scope_separator.join(provider.scopes)
    if provider.has_pkce:
        asked |= {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    parts = urlsplit(provider.authorize_url)
    query = "&".join(part for part in (parts.query, urlencode(asked)) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def tokens_of_code(provider: Provider, client: Client, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
    """Tokens for the code that came back. Raises `TokenRefused` and `TokenAway`."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    if provider.has_pkce:
        form["code_verifier"] = verifier
    return _tokens(provider, client, form)


def tokens_refreshed(provider: Provider, client: Client, *, refresh_token: str) -> Tokens:
    """Fresh tokens; without a new refresh token the old one stays good. Raises `TokenRefused` and `TokenAway`."""
    return _tokens(provider, client, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def tokens_of_client(provider: Provider, client: Client) -> Tokens:
    """Tokens of the app itself. Raises `TokenRefused` and `TokenAway`."""
    form = {"grant_type": "client_credentials"}
    if provider.scopes:
        form["scope"] = provider.scope_separator.join(provider.scopes)
    return _tokens(provider, client, form)


def revoke(provider: Provider, client: Client, token: str, kind: str) -> bool:
    """Give a token back (RFC 7009). Whether the provider took it; it is asked once."""
    if not provider.revoke_url or not token:
        return False
    try:
        answer = _post(provider, client, provider.revoke_url, {"token": token, "token_type_hint": kind})
    except (DomainError, EgressError):
        return False
    return 200 <= answer.status < 300


def require_secure(url: str) -> None:
    """Raises `TokenRefused` unless it is https, or an address the operator has named as an exception."""
    parts = urlsplit(url)
    policy = egress.Policy.of(settings.EGRESS_ALLOW)
    port = parts.port or 80
    if parts.scheme != "https" and not (parts.scheme == "http" and policy.allows(parts.hostname or "", port)):
        raise TokenRefused(
            f"{url[:200] or 'The address'} is not secure: tokens are sent over https:// only.",
            hint="Correct the addresses of the credential.",
        )


def _tokens(provider: Provider, client: Client, form: dict[str, str]) -> Tokens:
    answer = _post(provider, client, provider.token_url, {**provider.token_parameters, **form})
    host = urlsplit(provider.token_url).hostname
    found = _read(answer)
    error = found.get("error")
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise TokenAway(f"{host} answered with status {answer.status}.")
    if error or answer.status >= 400:
        why = words(found.get("error_description")) or words(error) or f"It answered with status {answer.status}."
        raise TokenRefused(f"{host} gives no token: {why}", error=words(error))
    token, kind = found.get("access_token"), found.get("token_type", "bearer")
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST_TOKEN or not token.isprintable():
        raise TokenRefused(f"{host} answered without an access token.")
    if str(kind).lower() not in provider.token_kinds:
        raise TokenRefused(f"{host} gave a token of the kind “{words(kind)}”, which nobody here can use.")
    refresh = found.get("refresh_token")
    return Tokens(
        access_token=token,
        refresh_token=refresh if isinstance(refresh, str) and len(refresh) <= _LONGEST_TOKEN else "",
        lifetime=_seconds(found.get("expires_in")),
        scope=words(found.get("scope"), 2_000),
    )


def _post(provider: Provider, client: Client, url: str, form: dict[str, str]) -> Answer:
    require_secure(url)
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if provider.client_auth == "basic":
        pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form = {**form, "client_id": client.id}
        if provider.client_auth == "body":
            form["client_secret"] = client.secret
    door = egress.door(egress.Policy.of(settings.EGRESS_ALLOW))
    try:
        return door.request(
            "POST",
            url,
            headers=headers,
            content=urlencode(form).encode(),
            timeout=SECONDS,
            follow_redirects=False,
            max_bytes=_MOST_BYTES,
        )
    except EgressError as failed:
        if failed.is_passing or failed.is_unknown:
            away = TokenAway(failed.message)
            away.was_sent = failed.is_unknown
            raise away from None
        raise TokenRefused(failed.message, hint=failed.hint) from None


def _read(answer: Answer) -> dict[str, Any]:
    """The answer's fields, from JSON or, as some providers have it, from a form."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = answer.content.decode()
        if kind in ("application/x-www-form-urlencoded", "text/plain") and not text.lstrip().startswith("{"):
            return {name: values[0] for name, values in parse_qs(text).items()}
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def words(value: Any, longest: int = _LONGEST_WORDS) -> str:
    """What a stranger says, short and clean enough to be shown."""
    if isinstance(value, list | tuple):
        value = " ".join(map(str, value))
    text: str = jsonclean.cleaned(value) if isinstance(value, str) else ""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:longest]


def _seconds(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return min(found, 10 * 365 * 86_400.0) if found > 0 else None


def named(answer: Mapping[str, Any], path: str) -> str:
    """The account's name in what the provider says about it."""
    here: Any = answer
    for name in path.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    return words(str(here) if isinstance(here, int) else here, 200)
