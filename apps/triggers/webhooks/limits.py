"""How often one webhook, and all those of a workspace, take deliveries (RATE_LIMIT_WEBHOOK…)."""

from __future__ import annotations

import asyncio
from functools import cache

from django.conf import settings

from apps.core.ratelimit import Limit, Standing, rate_of, spend
from apps.triggers.webhooks.receiver import THREADS

_rate = cache(rate_of)


async def spent(workspace: str, path: str) -> list[Standing]:
    """Count a delivery. Costs nothing where webhooks are not limited. Raises `TooMany` (429)."""
    limits = []
    for name, subject in (("webhook", f"{workspace}/{path.strip('/')}"), ("webhooks", workspace)):
        rate = _rate(settings.RATE_LIMITS[name])
        if rate is not None:
            limits.append(Limit(name, rate, subject[:300]))
    if not limits:
        return []
    return await asyncio.get_running_loop().run_in_executor(THREADS, spend, limits)
