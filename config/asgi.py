"""What daphne serves: pages and API, lean routes, static files and WebSockets, each with the middleware it needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import django
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator, WebsocketDenier
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler

from apps.core.telemetry.asgi import Watched
from config import garbage
from config.bodies import bound
from config.statements import bound_statements

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

LEAN_PREFIXES = ("/metrics", "/integrations/", "/api/v1/public/", "/demo/")
FULL_PREFIXES = ("/integrations/oauth/",)
"""What people's browsers ask for among them: it needs their session."""


class Handler(ASGIHandler):
    """Django with a middleware stack of its own."""

    def __init__(self, middleware: Sequence[str]) -> None:
        self.middleware = list(middleware)
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the stack. Django reads it from the settings, so they name ours for that moment of the start."""
        usual = settings.MIDDLEWARE
        settings.MIDDLEWARE = self.middleware
        try:
            super().load_middleware(is_async=is_async)
        finally:
            settings.MIDDLEWARE = usual


class Web:
    """Picks the stack by path: static files by WhiteNoise, lean routes without session and forms, the rest in full."""

    def __init__(self) -> None:
        self.full = Handler(settings.MIDDLEWARE)
        self.lean = Handler(settings.LEAN_MIDDLEWARE)
        self.static = Handler(settings.STATIC_MIDDLEWARE)
        self.webhooks = import_module("apps.triggers.webhooks.asgi").application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """One request."""
        # The server takes it from a header that anybody can send (Daphne-Root-Path). Django would look for its pages
        # below it: behind a prefix of another stack, and with links that lead nowhere.
        scope["root_path"] = ""
        path: str = scope["path"]
        handler: Any
        if path.startswith(("/webhooks/", "/webhooks-test/", "/callbacks/")):
            handler = self.webhooks
            scope["route"] = f"/{path.split('/', 2)[1]}/"
        elif path.startswith(settings.STATIC_URL):
            handler = self.static
            scope["route"] = settings.STATIC_URL
        elif path.startswith(LEAN_PREFIXES) and not path.startswith(FULL_PREFIXES):
            handler = self.lean
        else:
            handler = self.full
        await handler(scope, receive, send)


class SameOrigin:
    """Opens sockets only for pages of this very address. Channels' own check lets pages on other ports of the host in,
    to which browsers give the session cookie as well.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """One socket."""
        named = {
            name: value.decode("latin-1").lower() for name, value in scope["headers"] if name in (b"host", b"origin")
        }
        _, _, origin = named.get(b"origin", "").partition("://")
        ours = {named.get(b"host"), urlsplit(settings.BASE_URL).netloc.lower()}
        application = self.application if origin in ours else WebsocketDenier()
        await application(scope, receive, send)


django.setup()
bound()
bound_statements()
# Only now, since these modules read models.
sockets = [
    *import_module("apps.workflows.routing").websocket_urlpatterns,
    *import_module("apps.executions.routing").websocket_urlpatterns,  # the last one: it answers what is nowhere
]
application = ProtocolTypeRouter(
    {
        "http": Watched(Web()),
        "websocket": AllowedHostsOriginValidator(SameOrigin(AuthMiddlewareStack(URLRouter(sockets)))),
    }
)
import_module(settings.ROOT_URLCONF)  # else the first request imports the pages, which stay as well
garbage.settle()
