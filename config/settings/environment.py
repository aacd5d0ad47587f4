"""The process's environment, read once and loudly: a missing or unreadable variable stops the start with its name."""

from __future__ import annotations

import base64
import hmac
import math
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}
PLACEHOLDERS = {"", "change-me", "changeme", "secret", "insecure", "placeholder", "your-secret-key"}


def text(name: str, default: str | None = None) -> str:
    """The variable as text. Without a default a missing variable stops the start."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"The environment variable {name} is not set. See docs/reference/settings.md.")
    return value


def flag(name: str, default: bool) -> bool:
    """The variable as yes or no: 1/true/yes/on or 0/false/no/off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no. Use 1 or 0.")


def choice(name: str, default: str, *, among: Sequence[str]) -> str:
    """The variable as one of a few words."""
    value = os.environ.get(name) or default
    if value not in among:
        raise ImproperlyConfigured(f"{name}={value!r} is none of {', '.join(among)}.")
    return value


def number(name: str, default: int) -> int:
    """The variable as a whole number that is not negative."""
    value = os.environ.get(name)
    if value is None:
        return default
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.")
    return int(value)


def listing(name: str, default: str = "") -> list[str]:
    """The variable as a list: items separated by commas, blanks around them and empty items dropped."""
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def networks(name: str) -> list[str]:
    """The variable as a list of addresses and networks: `10.0.0.0/8, 192.0.2.7`."""
    found = listing(name)
    for entry in found:
        try:
            ip_network(entry, strict=False)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {entry!r} is no address or network, as in 10.0.0.0/8.") from None
    return found


def rate(name: str, default: str) -> str:
    """The variable as a rate, `10/m`, `100/h` or `30/10s`; empty: without limit."""
    value = os.environ.get(name, default).strip()
    if value and not re.fullmatch(r"[1-9]\d{0,8}/([1-9]\d{0,4})?[smhd]", value):
        raise ImproperlyConfigured(f"{name}={value!r} is no rate. Write it as 10/m, 100/h or 30/10s.")
    return value


def plans(name: str, default: str) -> dict[str, str]:
    """The variable as rates by the name of a plan: `free=100/h,pro=1000/h`."""
    found = {}
    for entry in listing(name, default):
        plan, _, written = entry.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", plan) or not re.fullmatch(
            r"[1-9]\d{0,8}/([1-9]\d{0,4})?[smhd]", written
        ):
            raise ImproperlyConfigured(f"{name}: {entry!r} is no plan. Write them as free=100/h,pro=1000/h.")
        found[plan] = written
    return found


def oidc_provider(name: str) -> dict[str, Any]:
    """One of OIDC_PROVIDERS for django-allauth: OIDC_<NAME>_SERVER_URL, …_CLIENT_ID, …_CLIENT_SECRET, …_NAME."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,29}", name):
        raise ImproperlyConfigured(f"OIDC_PROVIDERS: {name!r} is no name; use small letters, digits and dashes.")
    prefix = f"OIDC_{name.upper().replace('-', '_')}"
    server = text(f"{prefix}_SERVER_URL")
    if urlsplit(server).scheme not in ("http", "https") or not urlsplit(server).hostname:
        raise ImproperlyConfigured(f"{prefix}_SERVER_URL={server!r} must begin with https://.")
    return {
        "provider_id": name,
        "name": text(f"{prefix}_NAME", name.replace("-", " ").capitalize()),
        "client_id": text(f"{prefix}_CLIENT_ID"),
        "secret": text(f"{prefix}_CLIENT_SECRET"),
        "settings": {"server_url": server, "oauth_pkce_enabled": True},
    }


def seconds(name: str, default: str) -> list[float]:
    """The variable as a list of lengths of time in seconds, at least one."""
    found = listing(name, default)
    try:
        lengths = [float(item) for item in found]
    except ValueError:
        lengths = []
    if not lengths or not all(0 <= length < math.inf for length in lengths):
        raise ImproperlyConfigured(f"{name}={','.join(found)!r} is not a list of seconds, as in 0,5,300.")
    return lengths


def database(url: str, *, name: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/database?host=/socket/folder&sslmode=…`.

    `name` is the variable the URL came from, for the message when it cannot be read.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name} must begin with postgresql://, not {parts.scheme or 'nothing'}://.")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"The port in {name} is not a number.") from None
    options = dict(parse_qsl(parts.query))
    database_name = unquote(parts.path.lstrip("/"))
    if not database_name:
        raise ImproperlyConfigured(f"{name} names no database: write it after the host, as in …/agentflow.")
    host = options.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        "USER": options.pop("user", None) or unquote(parts.username or ""),
        "PASSWORD": options.pop("password", None) or unquote(parts.password or ""),
        "HOST": host,
        "PORT": options.pop("port", None) or str(port or ""),
        "OPTIONS": options,
    }


def broker(url: str) -> str:
    """The same address as Celery writes it: `unix:///path?db=1` becomes `redis+socket:///path?virtual_host=1`."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    options = dict(parse_qsl(parts.query))
    return f"redis+socket://{parts.path}?virtual_host={options.get('db', '0')}"


def mail(url: str) -> Mapping[str, Any]:
    """Django's mail settings for `smtp://user:password@host:port` or `smtps://…`; `smtp://…?tls=1` means STARTTLS."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp://user:password@host:587?tls=1 or smtps://….")
    options = dict(parse_qsl(parts.query))
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": options.get("tls", "0").lower() in _TRUE,
    }


def langfuse(host: str, public_key: str, secret_key: str) -> tuple[str, dict[str, str]] | None:
    """Where a Langfuse takes spans (OTLP over HTTP), and what it asks for; None without a host.

    https://langfuse.com/integrations/native/opentelemetry
    """
    if not host:
        return None
    if not (public_key and secret_key):
        raise ImproperlyConfigured("LANGFUSE_HOST needs LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY.")
    pair = base64.b64encode(f"{public_key}:{secret_key}".encode()).decode()
    return f"{host.rstrip('/')}/api/public/otel/v1/traces", {"Authorization": f"Basic {pair}"}


def object_storage(url: str, *, folder: Path, access_key_id: str = "", secret_access_key: str = "") -> dict[str, str]:
    """Where large values and files are kept: `file:///folder`, or `s3://bucket/prefix?region=…&endpoint=https://…`.

    Empty: `folder`. A bucket also needs the two keys; without `endpoint` it is Amazon's.
    """
    parts = urlsplit(url)
    if not url or parts.scheme == "file":
        if parts.netloc or (url and not parts.path.startswith("/")):
            raise ImproperlyConfigured("OBJECT_STORAGE_URL must name a folder as file:///folder.")
        return {"kind": "folder", "path": unquote(parts.path) or str(folder)}
    options = dict(parse_qsl(parts.query))
    region = options.pop("region", "us-east-1")
    endpoint = options.pop("endpoint", f"https://s3.{region}.amazonaws.com")
    if parts.scheme != "s3" or not parts.netloc or options or urlsplit(endpoint).scheme not in ("http", "https"):
        raise ImproperlyConfigured(
            "OBJECT_STORAGE_URL must look like s3://bucket/prefix?region=eu-central-1&endpoint=https://host, "
            "or file:///folder."
        )
    if not access_key_id or not secret_access_key:
        raise ImproperlyConfigured("OBJECT_STORAGE_URL names a bucket: S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, too.")
    prefix = unquote(parts.path).strip("/")
    return {
        "kind": "s3",
        "endpoint": endpoint,
        "bucket": parts.netloc,
        "prefix": f"{prefix}/" if prefix else "",
        "region": region,
        "access_key_id": access_key_id,
        "secret_access_key": secret_access_key,
    }


def secret_key_in(folder: Path) -> str:
    """The secret key kept in `folder/secret_key` (mode 0600), made on first use; two processes may start at once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secret_key"
    _made_once(path, secrets.token_urlsafe(64))
    try:
        found = path.read_text().strip()
    except PermissionError:
        raise ImproperlyConfigured(
            f"{path} belongs to another user of this machine. Set AGENTFLOW_VAR to a folder of your own."
        ) from None
    if len(found) < 50:
        raise ImproperlyConfigured(f"{path} is damaged. Delete it; people will have to sign in again.")
    return found


def credential_keys_in(folder: Path) -> Path:
    """The file `folder/credential_keys` (mode 0600) with a random key, made on first use; two processes may start at
    once. Whoever loses it loses every secret: nothing decrypts them any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "credential_keys"
    _made_once(path, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
    credential_keys([], str(path))
    return path


def credential_keys(written: Sequence[str], file: str) -> None:
    """Stop the start unless there is a key of 32 bytes in Base64 to encrypt credentials with. Quotes none."""
    name = "CREDENTIAL_KEYS"
    if file:
        name = file
        try:
            written = Path(file).read_text().split()
        except OSError as failed:
            raise ImproperlyConfigured(f"CREDENTIAL_KEYS_FILE={file!r} cannot be read: {failed.strerror}.") from None
    if not written:
        raise ImproperlyConfigured(
            "CREDENTIAL_KEYS is not set: credentials are encrypted with it. Set it to 32 random bytes in Base64, "
            "for example from: manage.py credential_keys_rotate --generate (or: head -c 32 /dev/urandom | base64)"
        )
    for at, text in enumerate(written):
        try:
            key = base64.b64decode(text, validate=True)
        except ValueError:
            key = b""
        if len(key) != 32 or len(set(key)) < 8:
            raise ImproperlyConfigured(f"Key {at + 1} in {name} is not 32 random bytes in Base64.")


def _made_once(path: Path, content: str) -> None:
    """Write a file of mode 0600 unless it is there; never over one that another process has just made."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    if path.exists():
        return
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def signing_key(secret: str) -> str:
    """JWT_SIGNING_KEY from the environment; else one made of the secret key, so that neither tells the other."""
    value = os.environ.get("JWT_SIGNING_KEY", "")
    if not value:
        return hmac.new(secret.encode(), b"agentflow access tokens", "sha256").hexdigest()
    if value.strip().lower() in PLACEHOLDERS or len(value) < 32 or len(set(value)) < 5:
        raise ImproperlyConfigured("JWT_SIGNING_KEY is too short or a placeholder: 32 or more random characters.")
    return value


def secret_key() -> str:
    """SECRET_KEY from the environment; a missing, short or placeholder one stops the start."""
    value = os.environ.get("SECRET_KEY", "")
    if (
        value.strip().lower() in PLACEHOLDERS
        or len(value) < 50
        or len(set(value)) < 5
        or value.startswith("django-insecure-")
    ):
        raise ImproperlyConfigured(
            "SECRET_KEY is missing, too short or a placeholder. Set it to 50 or more random characters, "
            "for example from: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
        )
    return value
