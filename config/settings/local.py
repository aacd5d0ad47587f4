"""One machine, nothing installed: what `make run` uses. Everything it needs lies in AGENTFLOW_VAR."""

from __future__ import annotations

from config.settings import environment as env
from config.settings.base import *  # noqa: F403
from config.settings.base import (
    BASE_URL,
    CREDENTIAL_KEEPER,
    CREDENTIAL_KEYS,
    CREDENTIAL_KEYS_FILE,
    DEMO_URL,
    EGRESS_ALLOW,
    VAR_DIR,
)

SECRET_KEY = env.secret_key() if env.text("SECRET_KEY", "") else env.secret_key_in(VAR_DIR)
if not CREDENTIAL_KEYS and not CREDENTIAL_KEYS_FILE and CREDENTIAL_KEEPER.endswith(".LocalKeeper"):
    CREDENTIAL_KEYS_FILE = str(env.credential_keys_in(VAR_DIR))
HEADLESS_JWT_PRIVATE_KEY = env.signing_key(SECRET_KEY)
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# Plain HTTP on the loopback interface.
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False

# Files are served as they lie in static/dist and in the packages: no collectstatic before the first page.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None

# The demo's workflows call this server itself.
DEMO_ENABLED = env.flag("AGENTFLOW_DEMO", True)
if DEMO_ENABLED:
    EGRESS_ALLOW = [*EGRESS_ALLOW, DEMO_URL.removeprefix("http://")]
