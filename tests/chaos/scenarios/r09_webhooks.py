"""Outgoing webhooks to receivers that fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from datetime import datetime
from typing import Any

from tests.chaos.checker import Effects, Judge
from tests.chaos.drawing import drawn, hook, node
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.traffic import Traffic
from tests.chaos.world import OUTBOX_DELAYS, World

KEY = hashlib.sha256(b"chaos").digest()
SECRET = "whsec_" + base64.b64encode(KEY).decode()
LATEST = 6.0
MESSAGES = """
    SELECT m.id, m.subject_id::text, m.delivered_at IS NOT NULL, m.due_at IS NOT NULL, m.created_at, m.tries
    FROM core_message m JOIN mine ON mine.id = m.subject_id"""


class OutgoingWebhooks(Scenario):
    """Three receivers: one fails every other time, one always, one redirects. Workers are killed meanwhile."""

    row = "R9"
    fault = "outgoing webhooks to a receiver that fails half the time, one that always fails, one that redirects"
    must = "all delivered or dead-lettered on schedule, signatures valid"
    small = {"messages": 12, "dead": 2, "kills": 0}
    full = {"messages": 400, "dead": 40, "kills": 5}
    small_seconds = 9

    def run(self, world: World, size: Sizes) -> Outcome:
        """Executions end; each is told of."""
        outcome = Outcome()
        base = f"http://127.0.0.1:{world.receiver_port}"
        given = {
            "half": (f"{base}/hook?fail=50", size["messages"]),
            "never": (f"{base}/hook?fail=100", size["dead"]),
            "elsewhere": (f"{base}/hook?redirect=1", size["dead"]),
        }
        judges, traffics = {}, {}
        for name, (url, count) in given.items():
            nodes = [hook(f"told-{name}"), node("end", "ACTION.TRANSFORM", fields=[{"name": "ok", "value": True}])]
            drawing = drawn(nodes, "hook end", completion={"url": url, "secret": SECRET})
            judges[name] = Judge(world.database_url, [world.publish(f"Told {name}", drawing)])
            traffics[name] = Traffic(world, f"told-{name}", count=count, per_second=20).start()
        for at in range(size["kills"]):
            time.sleep(2)
            world.workers[at % len(world.workers)].kill()
        for name, traffic in traffics.items():
            outcome.blame(traffic.finish())
            judges[name].await_end(30)
            outcome.blame(judges[name].complaints(), judges[name].losses(traffic.accepted))
        until = time.monotonic() + sum(OUTBOX_DELAYS) + 60 + 90 * bool(size["kills"])
        while any(row[3] for judge in judges.values() for row in judge.rows(MESSAGES)) and time.monotonic() < until:
            time.sleep(0.2)
        hooks = Effects(world.effects).hooks
        delivered = dead = tries = 0
        for name, judge in judges.items():
            rows = judge.rows(MESSAGES)
            outcome.must(len(rows) == len(traffics[name].accepted), f"{name}: {len(rows)} messages")
            for message in rows:
                outcome.blame(_wrong(message, hooks, may_repeat=size["kills"] > 0))
            delivered += sum(row[2] for row in rows)
            dead += sum(not row[2] and not row[3] for row in rows)
            tries += sum(len(row[5]) for row in rows)
            outcome.must(name == "half" or not any(row[2] for row in rows), f"{name}: counted as delivered")
        outcome.figures |= {"messages": delivered + dead, "tries": tries, "delivered": delivered, "dead letters": dead}
        return outcome


def _wrong(message: tuple[Any, ...], hooks: list[dict[str, Any]], *, may_repeat: bool) -> list[str]:
    """What is not as promised about one message, by its row and by what its receiver saw."""
    number, subject, is_delivered, is_due, created_at, tries = message
    name = f"msg_{number.hex}"
    seen = [each for each in hooks if each["headers"].get("webhook-id") == name]
    found = []
    if is_due:
        found.append(f"{name} is still on its way")
    if not is_delivered and len(tries) < len(OUTBOX_DELAYS):
        found.append(f"{name} was given up after {len(tries)} tries")
    if len(seen) != len(tries) and not (may_repeat and len(seen) > len(tries)):
        found.append(f"{name}: {len(tries)} tries are written down, {len(seen)} arrived")
    if sum(each["status"] == 200 for each in seen) != is_delivered and not may_repeat:
        found.append(f"{name}: the receiver took it {sum(each['status'] == 200 for each in seen)} times")
    found += [f"{name} of {subject} is not signed as it should be" for each in seen if not _is_signed(each)]
    before = created_at
    for at, each in enumerate(tries):
        began = datetime.fromisoformat(each["at"])
        late = (began - before).total_seconds() - OUTBOX_DELAYS[min(at, len(OUTBOX_DELAYS) - 1)]
        if late < -0.6 or (late > LATEST and not may_repeat):
            found.append(f"{name}: try {at + 1} came {late:.1f} s after its time")
        before = began
    return found[:2]


def _is_signed(seen: dict[str, Any]) -> bool:
    headers = seen["headers"]
    content = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.{seen['text']}".encode()
    wanted = "v1," + base64.b64encode(hmac.digest(KEY, content, hashlib.sha256)).decode()
    is_fresh = abs(float(headers.get("webhook-timestamp", 0)) - seen["at"]) < 30
    return is_fresh and hmac.compare_digest(wanted, headers.get("webhook-signature", ""))
