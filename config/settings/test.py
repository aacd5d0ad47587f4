"""Unit and integration tests: the embedded shape, with what slows tests down or leaves the machine turned off."""

from __future__ import annotations

from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, DATABASES

SECRET_KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-only-for-tests"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
OPEN_REGISTRATION = True
ACCOUNT_RATE_LIMITS = False

# A test holds its one connection to the end; a pool would only add threads.
DATABASES["default"]["OPTIONS"].pop("pool", None)

# Pages are tested without a built front end.
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "tests" / "fakes" / "vite-manifest.json",
        "static_url_prefix": "",
    },
}
STATIC_ROOT = None
