"""What every deployment shape shares. Values that differ come from the environment or from the shape's own module."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.settings import environment as env
from config.settings.logs import for_sentry, logging_for

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("AGENTFLOW_VAR", str(BASE_DIR / "var")))

DEBUG = False
BASE_URL = env.text("BASE_URL", f"http://127.0.0.1:{env.number('AGENTFLOW_PORT', 8000)}").rstrip("/")
if urlsplit(BASE_URL).scheme not in ("http", "https"):
    raise ImproperlyConfigured(f"BASE_URL={BASE_URL!r} must begin with http:// or https://.")
REVISION = env.text("AGENTFLOW_REVISION", "")

# ── Applications ─────────────────────────────────────────────────────────────────────────────────────────────────────

INSTALLED_APPS = [
    "daphne",
    "config.apps.CompositionConfig",
    "apps.core",
    "apps.accounts",
    "apps.nodes",
    "apps.integrations",
    "apps.ai",
    "apps.workflows",
    "apps.executions",
    "apps.triggers",
    "apps.hil",
    "apps.insights",
    "unfold.apps.BasicAppConfig",
    "config.apps.OperatorsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_vite",
    "csp",
    "django_celery_beat",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.core.api.middleware.Origins",
    "apps.core.api.middleware.Routes",
    "apps.core.api.middleware.Paths",
    "apps.accounts.web.limits.StrangerLimits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.web.providers.OutwardRedirects",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.core.api.middleware.Problems",
]
# Routes with a proof of their own (no session, no form): a webhook must not pay for sign-in machinery, and static files
# are served by a middleware that would hold a thread for every other request.
LEAN_MIDDLEWARE = [
    "apps.core.api.middleware.ContentPolicy",
    "apps.core.api.middleware.Security",
    "apps.core.api.middleware.Origins",
    "apps.core.api.middleware.Routes",
    "apps.core.api.middleware.Paths",
    "apps.accounts.web.limits.StrangerLimits",
    "apps.core.api.middleware.Problems",
]
STATIC_MIDDLEWARE = [
    "apps.core.api.middleware.ContentPolicy",
    "apps.core.api.middleware.AsyncStreams",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.web.context.entrance",
            ],
        },
    }
]

# ── Database: `default` runs as agentflow_app behind the tenant wall, `owner` exists for migrations only ─────────────

DATABASE_URL = env.text("DATABASE_URL")
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", DATABASE_URL)
DATABASE_REPLICA_URL = env.text("DATABASE_REPLICA_URL", "")


def _runtime_database(url: str, *, name: str) -> dict[str, Any]:
    found = env.database(url, name=name)
    found["CONN_MAX_AGE"] = 0
    found["CONN_HEALTH_CHECKS"] = True  # a restarted database must not cost one failure per pooled connection
    found["DISABLE_SERVER_SIDE_CURSORS"] = True
    given = found["OPTIONS"].get("options", "")
    found["OPTIONS"] |= {
        # Not Django's `assume_role`: together with the pool it waits for itself. The server sets the role at the start
        # of the session, so that even RESET ROLE leads back to it.
        # A process that is frozen inside a transaction keeps its locks no longer than a minute.
        "options": f"{given} -c role=agentflow_app -c idle_in_transaction_session_timeout=60s".strip(),
        "pool": {"min_size": 1, "max_size": env.number("DATABASE_POOL_SIZE", 16), "timeout": 10},
    }
    return found


# How long one statement of a web request may take; set by config.asgi. Workers and commands take the time they need.
WEB_STATEMENT_SECONDS = env.number("WEB_STATEMENT_SECONDS", 30)

DATABASES: dict[str, dict[str, Any]] = {
    "default": _runtime_database(DATABASE_URL, name="DATABASE_URL"),
    "owner": env.database(DATABASE_OWNER_URL, name="DATABASE_OWNER_URL") | {"CONN_MAX_AGE": 0},
}
if DATABASE_REPLICA_URL:
    # Nobody waits long for it, and no connection is kept by processes that never read there.
    DATABASES["replica"] = _runtime_database(DATABASE_REPLICA_URL, name="DATABASE_REPLICA_URL")
    DATABASES["replica"]["OPTIONS"].setdefault("connect_timeout", "2")
    DATABASES["replica"]["OPTIONS"]["pool"] |= {"min_size": 0, "timeout": 2, "reconnect_timeout": 2}
    DATABASE_ROUTERS = ["apps.core.replica.Router"]

# ── Redis: cache, live layer, broker ─────────────────────────────────────────────────────────────────────────────────

REDIS_URL = env.text("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "cache"}
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "live"},
    }
}

CELERY_BROKER_URL = env.broker(env.text("CELERY_BROKER_URL", REDIS_URL))
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "retry_on_timeout": True,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
# Messages are hints without content: the truth is in PostgreSQL, so a message is done when it is taken, and none ever
# waits for the visibility timeout of a dead worker.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# Nobody gives workers orders through the broker; on RabbitMQ it would take a name of its own for each worker.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_EVENT_SERIALIZER = "json"
CELERY_TASK_PUBLISH_RETRY = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True

ENGINE_LEASE_SECONDS = env.number("ENGINE_LEASE_SECONDS", 30)
EGRESS_ALLOW = env.listing("EGRESS_ALLOW")

# Which sandbox runs code that people write in nodes, and how many of them at once in one process (0: twice the CPUs).
SANDBOX_TIER = env.choice("SANDBOX_TIER", "auto", among=("auto", "bwrap", "landlock", "off"))
SANDBOX_PARALLEL = env.number("SANDBOX_PARALLEL", 0)
SANDBOX_MAX_SECONDS = env.number("SANDBOX_MAX_SECONDS", 60)
SANDBOX_MAX_MEMORY_MB = env.number("SANDBOX_MAX_MEMORY_MB", 1024)

# What the keys of the workspaces' credentials are encrypted with: the first encrypts, all decrypt. In a file they can
# be exchanged while the product runs. Another keeper asks a service.
CREDENTIAL_KEYS = env.listing("CREDENTIAL_KEYS")
CREDENTIAL_KEYS_FILE = env.text("CREDENTIAL_KEYS_FILE", "")
CREDENTIAL_KEEPER = env.text("CREDENTIAL_KEEPER", "apps.integrations.vault.local.LocalKeeper")
VAULT_ADDR = env.text("VAULT_ADDR", "").rstrip("/")
VAULT_TOKEN = env.text("VAULT_TOKEN", "")
VAULT_TOKEN_FILE = env.text("VAULT_TOKEN_FILE", "")
VAULT_TRANSIT_MOUNT = env.text("VAULT_TRANSIT_MOUNT", "transit")
VAULT_TRANSIT_KEY = env.text("VAULT_TRANSIT_KEY", "agentflow")

# Values above 64 KB, artifacts and archives. How long a workspace keeps what has ended, unless it says otherwise.
OBJECT_STORAGE = env.object_storage(
    env.text("OBJECT_STORAGE_URL", ""),
    folder=VAR_DIR / "objects",
    access_key_id=env.text("S3_ACCESS_KEY_ID", ""),
    secret_access_key=env.text("S3_SECRET_ACCESS_KEY", ""),
)
RETENTION_SUCCESS_DAYS = env.number("RETENTION_SUCCESS_DAYS", 30)
RETENTION_FAILURE_DAYS = env.number("RETENTION_FAILURE_DAYS", 90)
RETENTION_TEST_DAYS = env.number("RETENTION_TEST_DAYS", 7)
RETENTION_DELIVERY_DAYS = env.number("RETENTION_DELIVERY_DAYS", 30)
RETENTION_ARCHIVE = env.flag("RETENTION_ARCHIVE", False)
if min(RETENTION_SUCCESS_DAYS, RETENTION_FAILURE_DAYS, RETENTION_TEST_DAYS, RETENTION_DELIVERY_DAYS) < 1:
    raise ImproperlyConfigured("RETENTION_*_DAYS must be at least 1.")
# How many days single calls of models stay in the ledger; 0: for ever. Their sums by day stay in any case.
AI_LEDGER_DAYS = env.number("AI_LEDGER_DAYS", 400)
NODE_PACKAGES = env.listing("NODE_PACKAGES")

# What a workspace may have at once, unless its own row says otherwise. 0: no limit.
WORKSPACE_MAX_CONCURRENT = env.number("WORKSPACE_MAX_CONCURRENT", 0)
WORKSPACE_QUEUE_DEPTH = env.number("WORKSPACE_QUEUE_DEPTH", 20_000)
OUTBOX_DELAYS = env.seconds("OUTBOX_DELAYS", "0,5,300,1800,7200,18000,36000,36000")

# Where Slack is; organisations of the United States' government have one of their own (https://slack-gov.com).
SLACK_URL = env.text("SLACK_URL", "https://slack.com").rstrip("/")

# The demo workspace and the small systems its workflows call, at DEMO_URL; the local shape turns it on.
DEMO_ENABLED = False
DEMO_URL = f"http://127.0.0.1:{env.number('AGENTFLOW_PORT', 8000)}"

# ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────────

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

# How often somebody may ask (10/m, 100/h, 30/10s; empty: without limit), and how many live connections they may hold.
# Limits of people and keys are those of the plan, where plans are on.
RATE_LIMITS = {
    "anonymous": env.rate("RATE_LIMIT_ANONYMOUS", "10/m"),
    "sign-in": env.rate("RATE_LIMIT_SIGN_IN", "20/m"),
    "link": env.rate("RATE_LIMIT_LINK", "120/m"),
    "user": env.rate("RATE_LIMIT_USER", ""),
    "key": env.rate("RATE_LIMIT_KEY", ""),
    "webhook": env.rate("RATE_LIMIT_WEBHOOK", ""),
    "webhooks": env.rate("RATE_LIMIT_WEBHOOKS_OF_WORKSPACE", ""),
}
RATE_LIMIT_PLAN = env.text("RATE_LIMIT_PLAN", "")
RATE_LIMIT_PLANS = env.plans("RATE_LIMIT_PLANS", "free=100/h,pro=1000/h,enterprise=10000/h")
if RATE_LIMIT_PLAN and RATE_LIMIT_PLAN not in RATE_LIMIT_PLANS:
    raise ImproperlyConfigured(f"RATE_LIMIT_PLAN={RATE_LIMIT_PLAN!r} is not one of RATE_LIMIT_PLANS.")
STREAMS_PER_PERSON = env.number("STREAMS_PER_PERSON", 50)

# Whose X-Forwarded-For is believed, and how long the audit log is kept.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
AUDIT_RETENTION_DAYS = env.number("AUDIT_RETENTION_DAYS", 365)
if AUDIT_RETENTION_DAYS < 30:
    raise ImproperlyConfigured("AUDIT_RETENTION_DAYS must be at least 30.")

# None: registration is open until the first person has signed up, and closed from then on.
OPEN_REGISTRATION: bool | None = (
    env.flag("AGENTFLOW_OPEN_REGISTRATION", False) if env.text("AGENTFLOW_OPEN_REGISTRATION", "") else None
)

ACCOUNT_ADAPTER = "apps.accounts.web.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "apps.accounts.web.adapter.SocialAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "apps.accounts.web.entrance.SignIn",
    "signup": "apps.accounts.web.entrance.SignUp",
    "set_password": "apps.accounts.web.entrance.FirstPassword",
    "change_password": "apps.accounts.web.entrance.NewPassword",
    "reset_password_from_key": "apps.accounts.web.entrance.ForgottenPassword",
}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(BASE_URL).scheme

# A second factor: an authenticator app with recovery codes, or passkeys, which also sign in by themselves.
INSTALLED_APPS += ["allauth.mfa"]
MFA_ADAPTER = "apps.accounts.web.factors.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "AgentFlow"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "activate_totp": "apps.accounts.web.factors.AppForm",
    "reauthenticate": "apps.accounts.web.factors.CodeAgain",
    "authenticate": "apps.accounts.web.factors.CodeForm",
    "authenticate_webauthn": "apps.accounts.web.factors.PasskeyStep",
    "login_webauthn": "apps.accounts.web.factors.PasskeyLogin",
    "reauthenticate_webauthn": "apps.accounts.web.factors.PasskeyAgain",
}
REQUIRE_SECOND_FACTOR = env.flag("REQUIRE_SECOND_FACTOR", False)

# Tokens of API clients that act for a person.
HEADLESS_JWT_ALGORITHM = "HS256"
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = env.number("JWT_ACCESS_SECONDS", 300)
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = env.number("JWT_REFRESH_SECONDS", 14 * 24 * 3600)
JWT_AUDIENCE = "agentflow-api"

EMAIL_URL = env.text("EMAIL_URL", "")
HAS_MAIL = bool(EMAIL_URL)
MFA_ALLOW_UNVERIFIED_EMAIL = not HAS_MAIL  # where nothing can be verified
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "agentflow@localhost")
if HAS_MAIL:
    globals().update(env.mail(EMAIL_URL))
ACCOUNT_EMAIL_VERIFICATION = env.text("AGENTFLOW_EMAIL_VERIFICATION", "optional" if HAS_MAIL else "none")
if ACCOUNT_EMAIL_VERIFICATION not in ("none", "optional", "mandatory"):
    raise ImproperlyConfigured("AGENTFLOW_EMAIL_VERIFICATION must be none, optional or mandatory.")
if ACCOUNT_EMAIL_VERIFICATION == "mandatory" and not HAS_MAIL:
    raise ImproperlyConfigured("AGENTFLOW_EMAIL_VERIFICATION=mandatory needs a mail server: set EMAIL_URL.")


def _social_providers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for provider, scope in (
        ("google", ["profile", "email"]),
        ("github", ["read:user", "user:email"]),
        ("microsoft", ["User.Read"]),
    ):
        client = env.text(f"{provider.upper()}_CLIENT_ID", "")
        if client:
            secret = env.text(f"{provider.upper()}_CLIENT_SECRET")
            found[provider] = {
                "APPS": [{"client_id": client, "secret": secret, "key": ""}],
                "SCOPE": scope,
                "OAUTH_PKCE_ENABLED": True,
            }
    if "github" in found and env.text("GITHUB_URL", ""):
        found["github"]["GITHUB_URL"] = env.text("GITHUB_URL").rstrip("/")
    # Everybody can make a directory at Microsoft and write any address into it: only one's own vouches for addresses.
    tenant = env.text("MICROSOFT_TENANT", "common")
    if "microsoft" in found:
        found["microsoft"]["APPS"][0]["settings"] = {"tenant": tenant}
        found["microsoft"]["VERIFIED_EMAIL"] = tenant not in ("common", "organizations", "consumers")
    apps = [env.oidc_provider(name) for name in env.listing("OIDC_PROVIDERS")]
    if apps:
        found["openid_connect"] = {"APPS": apps, "OAUTH_PKCE_ENABLED": True}
    return found


SOCIALACCOUNT_PROVIDERS = _social_providers()
INSTALLED_APPS += [f"allauth.socialaccount.providers.{provider}" for provider in SOCIALACCOUNT_PROVIDERS]
SOCIALACCOUNT_LOGIN_ON_GET = False
# A provider never opens an account only because the address is the same: people connect it while signed in.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False

# ── The browser ──────────────────────────────────────────────────────────────────────────────────────────────────────

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        # 'self' covers WebSockets in current browsers; older ones need the address spelled out.
        "connect-src": ["'self'", BASE_URL.replace("http", "ws", 1)],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "agentflow_session"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_NAME = "agentflow_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "apps.core.api.errors.csrf_failed"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
APPEND_SLASH = True

STATIC_URL = "/static/"
STATIC_DIST = BASE_DIR / "static" / "dist"
STATICFILES_DIRS = [STATIC_DIST] if STATIC_DIST.is_dir() else []
STATIC_ROOT: Path | None = VAR_DIR / "staticfiles"
WHITENOISE_MAX_AGE = 3600
DJANGO_VITE = {
    "default": {"dev_mode": False, "manifest_path": STATIC_DIST / "manifest.json", "static_url_prefix": ""},
}

# ── Operators: /admin/ ────────────────────────────────────────────────────────────────────────────────────────────────

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "AgentFlow operators",
    "SITE_HEADER": "AgentFlow",
    "SITE_SUBHEADER": "Operators",
    "SITE_SYMBOL": "hub",
    "SITE_URL": "/",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "apps.accounts.access.operators.actor.badge",
    "DASHBOARD_CALLBACK": "apps.insights.operators.dashboard",
    "COLORS": {
        "primary": {
            "50": "#f5f6fe",
            "100": "#eef0fd",
            "200": "#dadefa",
            "300": "#b9c0f5",
            "400": "#8791fa",
            "500": "#525fe4",
            "600": "#4250d4",
            "700": "#3541bb",
            "800": "#2c379f",
            "900": "#20233d",
            "950": "#15172a",
        },
    },
}

# ── API ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

API_BODY_LIMIT = 1_000_000
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.access.authentication.ApiKeyAuthentication",
        "apps.accounts.access.authentication.TokenAuthentication",
        "apps.accounts.access.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.core.api.negotiation.AlwaysFirst",
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "apps.core.api.schema.ProblemAwareSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_FILTER_BACKENDS": [],
    "EXCEPTION_HANDLER": "apps.core.api.errors.handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AgentFlow",
    "DESCRIPTION": "Make a workflow, start it, watch it run, and answer what it asks.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": ["apps.accounts.access.authentication.SessionAuthentication"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "tryItOutEnabled": True, "docExpansion": "none", "filter": True},
    "SCHEMA_PATH_PREFIX": r"/api/v1/(app|public)",
    "COMPONENT_SPLIT_REQUEST": True,
    # Not the package's own hook: it names sets of choices, and the names collide.
    "POSTPROCESSING_HOOKS": ["apps.core.api.schema.with_problem"],
    "SERVERS": [{"url": BASE_URL}],
}

# ── Time, language, logs ─────────────────────────────────────────────────────────────────────────────────────────────

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
FORMAT_MODULE_PATH = ["config.formats"]

LOGGING = logging_for(level=env.text("LOG_LEVEL", "INFO"), shape=env.text("LOG_FORMAT", "text"))
LOGGING_CONFIG = "logging.config.dictConfig"

# Figures for Prometheus at /metrics, for whoever knows the token; without one there is no such page. Workers that share
# no machine with a web server tell theirs at METRICS_LISTEN (host:port), to everybody who reaches it.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
METRICS_LISTEN = env.text("METRICS_LISTEN", "")
if METRICS_LISTEN and not METRICS_LISTEN.rpartition(":")[2].isdecimal():
    raise ImproperlyConfigured(f"METRICS_LISTEN={METRICS_LISTEN!r} must be host:port.")
# Where spans are sent; the other variables of OpenTelemetry are read by its SDK.
TRACES_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT", "")
# Langfuse takes spans of calls of models by the same protocol, at an address of its own.
LANGFUSE = env.langfuse(
    env.text("LANGFUSE_HOST", ""), env.text("LANGFUSE_PUBLIC_KEY", ""), env.text("LANGFUSE_SECRET_KEY", "")
)
# Spans of calls of models hold what was asked and answered. Off: only numbers and names.
GENAI_TRACE_CONTENT = env.flag("GENAI_TRACE_CONTENT", False)

SENTRY_DSN = env.text("SENTRY_DSN", "")
if SENTRY_DSN:
    import sentry_sdk

    # Without the variables of the frames: they hold what callers sent, and their headers.
    sentry_sdk.init(
        dsn=SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=for_sentry,
        release=REVISION or None,
    )
