"""Blocking work for asynchronous code, done so that no database connection is left behind."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import SyncToAsync, sync_to_async
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")


def in_thread(work: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """`work` as a coroutine function, run in any thread. Django would keep that thread's connection open for good."""
    found: Callable[P, Coroutine[Any, Any, T]] = sync_to_async(tidied(work), thread_sensitive=False)
    return found


def in_request_thread(work: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """`work` as a coroutine function, run in the request's thread, which gives its connection back afterwards."""
    found: Callable[P, Coroutine[Any, Any, T]] = sync_to_async(tidied(work), thread_sensitive=True)
    return found


async def leave_request_thread() -> None:
    """Give the request's thread and its connection back, for a view that goes on to wait or to stream.

    Django keeps both until the answer has been sent. What still needs the thread afterwards gets a new one.
    """
    await in_request_thread(_nothing)()
    context = SyncToAsync.thread_sensitive_context.get(None)
    executor = SyncToAsync.context_to_thread_executor.pop(context, None) if context is not None else None
    if executor is not None:
        executor.shutdown(wait=False)


def _nothing() -> None:
    return


def tidied(work: Callable[P, T]) -> Callable[P, T]:
    """`work`, giving back the thread's database connections afterwards unless a transaction is open around it."""

    def tidy(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        finally:
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()

    return tidy
