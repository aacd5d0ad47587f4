"""How many statements pages make, counted from inside: run in the environment of a product that is up."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

from config.embedded.services import attach

BESIDE = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
TIMES = 5


def count(session: str, host: str, paths: list[str]) -> list[dict[str, Any]]:
    """For each path: statements but those that begin and end transactions, milliseconds (the best of five), bytes."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Host": host})
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    found = []
    for path in paths:
        client.get(path)  # what is made once, such as compiled templates
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        own = [query for query in captured if not query["sql"].startswith(BESIDE)]
        best = min(_timed(client, path) for _ in range(TIMES))
        found.append({"path": path, "queries": len(own), "ms": round(best, 1), "bytes": len(answer.content)})
    return found


def _timed(client: Any, path: str) -> float:
    began = time.perf_counter()
    client.get(path)
    return (time.perf_counter() - began) * 1_000


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    attach()
    import django

    django.setup()
    print(json.dumps(count(sys.argv[1], sys.argv[2], sys.argv[3:])))
