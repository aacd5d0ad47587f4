"""Which limits count a request: by who asks, and by the plan of the workspace."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from apps.accounts.access.actor import Access
from apps.core import origin
from apps.core.ratelimit import Limit, Rate, Standing, rate_of, spend

_rate = cache(rate_of)


def spend_by_actor(access: Access) -> list[Standing]:
    """Count an API call against its person or key, and against the plan where plans are on. Raises `TooMany`.

    Costs nothing where there is no limit, else one trip to Redis.
    """
    actor, limits = access.actor, []
    own = _configured("key" if actor.kind == "api_key" else "user")
    if own is not None:
        limits.append(Limit("key" if actor.kind == "api_key" else "user", own, actor.name))
    plan = access.workspace.plan or settings.RATE_LIMIT_PLAN if settings.RATE_LIMIT_PLAN else ""
    # A plan that is no more counts as the usual one.
    allowed = settings.RATE_LIMIT_PLANS.get(plan) or settings.RATE_LIMIT_PLANS.get(settings.RATE_LIMIT_PLAN, "")
    rate = _rate(allowed) if plan else None
    if rate is not None:
        limits.append(Limit("plan", rate, f"workspace:{access.workspace.id}"))
    return spend(limits) if limits else []


def spend_by_stranger(name: str = "anonymous") -> list[Standing]:
    """Count a call of nobody we know against the address it comes from. Raises `TooMany`."""
    rate = _configured(name)
    return spend([Limit(name, rate, f"address:{origin.current().subscriber}")]) if rate is not None else []


def _configured(name: str) -> Rate | None:
    return _rate(settings.RATE_LIMITS[name])
