"""Unit and integration tests: the embedded shape, with what slows tests down or leaves the machine turned off."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, DATABASES, INSTALLED_APPS, RATE_LIMITS, VAR_DIR

SECRET_KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-only-for-tests"
CREDENTIAL_KEYS = ["b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS1hYmNkZWY="]
CREDENTIAL_KEYS_FILE = ""
HEADLESS_JWT_PRIVATE_KEY = "only-for-tests-signing-key-0123456789-abcdefghijklmnopqrstuvwxyz"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
OPEN_REGISTRATION = True
ACCOUNT_RATE_LIMITS = False
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, "")

# Installed, so that tests can configure them; without an app of theirs no page offers them.
INSTALLED_APPS += ["allauth.socialaccount.providers.github", "allauth.socialaccount.providers.openid_connect"]

# A test holds its one connection to the end; a pool would only add threads.
DATABASES["default"]["OPTIONS"].pop("pool", None)


def _manifest() -> Path:
    """Pages are tested without a built front end: a manifest that holds whatever the templates ask for."""
    asked = {
        name
        for template in (BASE_DIR / "templates").rglob("*.html")
        for name in re.findall(r"""vite_asset(?:_url)? ['"]([^'"]+)['"]""", template.read_text())
    }
    entries: dict[str, dict[str, object]] = {
        name: {"file": f"assets/{Path(name).stem}{_BUILT.get(Path(name).suffix, Path(name).suffix)}"} for name in asked
    }
    entries["src/app.ts"] = entries.get("src/app.ts", {}) | {"css": ["assets/app.css"]}
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    path = VAR_DIR / "vite-manifest.json"
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps({name: entry | {"src": name} for name, entry in entries.items()}))
    fresh.replace(path)  # workers of one run write the same file
    return path


_BUILT = {".ts": ".js", ".tsx": ".js"}
DJANGO_VITE = {"default": {"dev_mode": False, "manifest_path": _manifest(), "static_url_prefix": ""}}
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
