"""Base classes of the API: whoever subclasses them has a workspace, an actor, a permission check and a transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from apps.accounts.access import limits, objects, resolve
from apps.accounts.access.actor import Access, Actor
from apps.accounts.access.permissions import Permission
from apps.accounts.models import Workspace
from apps.core import replica
from apps.core.errors import Forbidden, Unauthenticated
from apps.core.ratelimit import Standing, headers
from apps.core.tenancy import tenant


class NotDeclared(Forbidden):
    """Nobody has said who may do this, so nobody may."""

    code = "accounts.permission_undeclared"


class InWorkspace(APIView):
    """What both base classes share. The handler runs inside `tenant(workspace.id)`; an error rolls everything back."""

    permissions: ClassVar[Mapping[str, Permission]] = {}
    """The permission each action (view set) or method in small letters (view) needs. One that is missing is refused."""

    manages_transaction: ClassVar[bool] = False
    """True: no transaction is opened around the handler; it opens `tenant()` blocks itself (long waits, streams)."""

    may_lag: ClassVar[Collection[str]] = ()
    """The actions or methods that only read and whose answer may be a moment old: the replica answers them."""

    permission_classes = [AllowAny]  # who may is decided below, by permission
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    @property
    def workspace(self) -> Workspace:
        """The workspace of the request."""
        found: Workspace = self.request.workspace  # type: ignore[attr-defined]
        return found

    @property
    def actor(self) -> Actor:
        """Who asks."""
        found: Actor = self.request.actor  # type: ignore[attr-defined]
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's dispatch with the handler inside the tenant transaction, and errors turned into answers outside it."""
        self.args, self.kwargs = args, kwargs
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request = drf_request
        self.headers = self.default_response_headers
        self.standings: list[Standing] = []
        try:
            self.initial(drf_request, *args, **kwargs)
            method = (drf_request.method or "").lower()
            handler = getattr(self, method, None) if method in self.http_method_names else None
            if handler is None:
                response = self.http_method_not_allowed(drf_request, *args, **kwargs)
            else:
                self._allow(method)
                with objects.unseen(self.workspace.id, self.actor):
                    if self._action(method) in self.may_lag:
                        response = replica.read(
                            self.workspace.id, partial(handler, drf_request, *args, **kwargs), reader=self.actor.name
                        )
                    else:
                        with self._transaction():
                            response = handler(drf_request, *args, **kwargs)
                if method not in ("get", "head"):
                    replica.wrote(self.actor.name)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        for name, value in headers(self.standings).items():
            self.response.headers.setdefault(name, value)
        # What a workspace holds stays in no cache, neither a browser's nor a proxy's.
        self.response.headers.setdefault("Cache-Control", "no-store")
        return self.response

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then find workspace and actor. Raises `Unauthenticated`, `WorkspaceUnknown` or `TooMany`."""
        try:
            super().initial(request, *args, **kwargs)
            access = request.auth if isinstance(request.auth, Access) else self._access_of_session(request)
        except Unauthenticated:
            self.standings = limits.spend_by_stranger()
            raise
        self.standings = limits.spend_by_actor(access)
        request.workspace, request.actor = access.workspace, access.actor  # type: ignore[attr-defined]

    def _access_of_session(self, request: Request) -> Access:
        if not request.user.is_authenticated:
            raise Unauthenticated(headers={"WWW-Authenticate": resolve.CHALLENGE})
        named = request.headers.get("X-Workspace") or request.query_params.get("workspace")
        return resolve.by_user(request.user, slug=named, last=request.session.get(resolve.LAST_WORKSPACE))

    def _allow(self, method: str) -> None:
        needed = self.permissions.get(self._action(method))
        if needed is None:
            raise NotDeclared
        self.actor.require(needed)

    def _action(self, method: str) -> str:
        return getattr(self, "action", None) or ("get" if method == "head" else method)

    def _transaction(self) -> AbstractContextManager[None]:
        return nullcontext() if self.manages_transaction else tenant(self.workspace.id)


class WorkspaceAPIView(InWorkspace):
    """A single view of the API: `permissions = {"get": Permission.…}`."""


class WorkspaceViewSet(InWorkspace, GenericViewSet[Any]):
    """Several actions on one noun: `permissions = {"list": Permission.…, "retrieve": …}`."""

    filters: ClassVar[Mapping[str, Collection[str]]] = {}
    """The query parameters each action that answers with a page takes besides those of pages; others are refused."""

    def page(self, queryset: Any, serializer: Any) -> Response:
        """One page of a queryset as the API's list document; `serializer` is a class, or a function of a row."""
        rows = self.paginate_queryset(queryset)
        if isinstance(serializer, type):
            data = serializer(rows, many=True, context=self.get_serializer_context()).data
        else:
            data = [serializer(row) for row in rows or []]
        return self.get_paginated_response(data)
