"""Behind HTTPS: compose and Kubernetes. Refuses to start without a real secret and named hosts."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from config.settings import environment as env
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_URL, CREDENTIAL_KEEPER, CREDENTIAL_KEYS, CREDENTIAL_KEYS_FILE

SECRET_KEY = env.secret_key()
SECRET_KEY_FALLBACKS = env.listing("SECRET_KEY_FALLBACKS")
if CREDENTIAL_KEEPER.endswith(".LocalKeeper"):
    env.credential_keys(CREDENTIAL_KEYS, CREDENTIAL_KEYS_FILE)
HEADLESS_JWT_PRIVATE_KEY = env.signing_key(SECRET_KEY)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts this installation answers for, separated by commas.")
if not BASE_URL.startswith("https://"):
    raise ImproperlyConfigured("BASE_URL must be the https:// address people use.")
CSRF_TRUSTED_ORIGINS = [BASE_URL, *env.listing("CSRF_TRUSTED_ORIGINS")]

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-agentflow_session"
CSRF_COOKIE_NAME = "__Host-agentflow_csrf"
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^api/v1/public/health/?$"]
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# Only a proxy that sets this header itself may be trusted with it; say so by naming it.
if env.flag("TRUST_X_FORWARDED_PROTO", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
