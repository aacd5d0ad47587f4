"""JSON that databases, parsers and pages choke on, through all of it."""

from __future__ import annotations

import http.client
import json
from collections import Counter

from tests.chaos.checker import Judge
from tests.chaos.drawing import drawn, hook, node
from tests.chaos.scenario import Outcome, Scenario, Sizes
from tests.chaos.world import World

JSON = "application/json"
WEIRD = "".join(chr(code) for code in (1, 8, 27, 127, 0x85, 0x200B, 0x202E, 0x2028, 0xFEFF, 0xFFFD, 0xFFFF, 0x1F468))
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% now %}'\"`--"


def nested(opening: str, inner: str, closing: str, depth: int) -> bytes:
    """So many levels around something."""
    return (opening * depth + inner + closing * depth).encode()


HORRORS: dict[str, tuple[bytes, str]] = {
    **{f"arrays {depth} deep": (nested("[", "1", "]", depth), JSON) for depth in (99, 100, 2_000, 100_000)},
    **{f"objects {depth} deep": (nested('{"a":', "1", "}", depth), JSON) for depth in (99, 100, 2_000, 100_000)},
    "100,000 keys": (json.dumps({f"k{at}": at for at in range(50_000)}).encode(), JSON),
    "more than a megabyte": (b'"' + b"x" * 1_100_000 + b'"', JSON),
    "just under a megabyte": (json.dumps({"text": "x" * 990_000}).encode(), JSON),
    "duplicate keys": (b'{"n": 1, "n": 2, "n": {"n": 3}}', JSON),
    "NaN": (b'{"n": NaN}', JSON),
    "Infinity": (b"[Infinity, -Infinity]", JSON),
    "1e400": (b'{"n": 1e400, "m": -1e400}', JSON),
    "1e-400": (b'{"n": 1e-400, "m": -0.0}', JSON),
    "integer of 1,000 digits": (b'{"n": ' + b"9" * 1_000 + b"}", JSON),
    "integer of 5,000 digits": (b'{"n": ' + b"9" * 5_000 + b"}", JSON),
    "integer beyond 64 bits": (b'{"n": 18446744073709551616}', JSON),
    "decimal of 400 digits": (b'{"n": 0.' + b"1" * 400 + b"}", JSON),
    "NUL escaped": (b'{"n": "a\\u0000b", "\\u0000": 1}', JSON),
    "NUL raw": (b'{"n": "a\x00b"}', JSON),
    "lone surrogate": (b'{"n": "\\ud800", "m": "\\udfff x \\ud83d"}', JSON),
    "surrogate pair": (b'{"n": "\\ud83d\\ude00"}', JSON),
    "byte order mark": (b'\xef\xbb\xbf{"n": 1}', JSON),
    "UTF-16": ('{"n": "ä"}'.encode("utf-16"), JSON),
    "invalid UTF-8": (b'{"n": "\xff\xfe\xc3\x28"}', JSON),
    "overlong UTF-8": (b'{"n": "\xc0\xaf"}', JSON),
    "cut off": (b'{"n": {"m": [1, 2', JSON),
    "two values": (b'{"n": 1} {"n": 2}', JSON),
    "single quotes": (b"{'n': 1}", JSON),
    "comments": (b'{"n": 1 /* one */}', JSON),
    "nothing": (b"", JSON),
    "blanks": (b"   ", JSON),
    "null": (b"null", JSON),
    "a list": (b"[]", JSON),
    "a string": (b'"text"', JSON),
    "a number": (b"-0", JSON),
    "false": (b"false", JSON),
    "__proto__": (b'{"__proto__": {"x": 1}, "constructor": {"prototype": 1}, "hasOwnProperty": 2}', JSON),
    "odd keys": (b'{"": 1, " ": 2, "a.b": 3, "a[0]": 4, "$json": 5, "body": {"body": 6}, "\\"": 7, "%s": 8}', JSON),
    "control and direction characters": (json.dumps({"n": WEIRD, WEIRD: 1}).encode(), JSON),
    "markup": (json.dumps({"n": MARKUP, MARKUP: MARKUP}).encode(), JSON),
    "SQL": (json.dumps({"n": "'; DROP TABLE executions_execution; --", "m": "%s %(x)s {0} \\"}).encode(), JSON),
    "expressions": (json.dumps({"n": "{{ $json.n }}", "m": "{{ $execution.id", "o": "}}"}).encode(), JSON),
    "list of many": (json.dumps(list(range(100_000))).encode(), JSON),
    "long string": (json.dumps({"n": "ä" * 200_000}, ensure_ascii=False).encode(), JSON),
    "JSON called text": (b'{"n": 1}', "text/plain"),
    "text called JSON": (b"hello", JSON),
    "form": (b"n=%00&n=%ff&%5B%5D=1&a=" + b"x" * 1_000, "application/x-www-form-urlencoded"),
    "unknown charset": (b'{"n": 1}', "text/plain; charset=no-such-thing"),
    "no type": (b'{"n": 1}', ""),
    "odd type": (b'{"n": 1}', "application/json; charset=utf-16; boundary=\xff"),
    "multipart": (
        b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n1\r\n--x--',
        "multipart/form-data; boundary=x",
    ),
    "binary": (bytes(range(256)), "application/octet-stream"),
}


class JsonHorrors(Scenario):
    """Each horror to a webhook; what is taken in runs through nodes, and is read again by the API and on the page."""

    row = "R16"
    fault = "JSON horrors through webhook → node → database → API and page"
    must = "0 × 5xx, 0 stuck"
    small = {"rounds": 1}
    full = {"rounds": 5}

    def run(self, world: World, size: Sizes) -> Outcome:
        """Send, let it run, read it again."""
        outcome = Outcome()
        nodes = [
            hook("horrors"),
            node("copy", "ACTION.TRANSFORM", fields=[{"name": "all", "value": "{{ $json }}"}]),
            node("text", "ACTION.TRANSFORM", fields=[{"name": "said", "value": "said: {{ $json }}"}]),
            node("odd", "FLOW.IF", condition='{{ $node["hook"].body.n == 1 }}'),
            node("yes", "ACTION.TRANSFORM", fields=[{"name": "n", "value": '{{ $node["hook"].body.n }}'}]),
            node("no", "ACTION.TRANSFORM", fields=[{"name": "n", "value": '{{ $node["hook"].body }}'}]),
        ]
        edges = "hook copy, copy text, text odd, odd.true yes, odd.false no"
        # A node may fail on what it is given; it may not get stuck.
        judge = Judge(world.database_url, [world.publish("Horrors", drawn(nodes, edges))], ends=["SUCCESS", "ERROR"])
        statuses: Counter[int] = Counter()
        accepted: dict[str, str] = {}
        for at in range(size["rounds"]):
            for name, (body, kind) in HORRORS.items():
                status, found = send(world, body, kind)
                statuses[status] += 1
                outcome.must(0 < status < 500, f"{name} was answered {status}")
                if status == 202:
                    accepted[f"{name} {at}"] = json.loads(found)["execution_id"]
        judge.await_end(60)
        outcome.blame(judge.complaints(), judge.losses(accepted))
        for name, execution in accepted.items():
            for path in (f"/api/v1/app/executions/{execution}", f"/w/acme/executions/{execution}/"):
                status = get(world, path)
                statuses[status] += 1
                outcome.must(status == 200, f"{path.split('/')[1]} of {name} was answered {status}")
        errors = judge.rows("SELECT count(*) FROM mine WHERE status = 'ERROR'")[0][0]
        outcome.figures |= {
            "horrors": len(HORRORS) * size["rounds"],
            "taken in": len(accepted),
            "of those failed by a node": errors,
            "answers": dict(sorted(statuses.items())),
        }
        return outcome


def send(world: World, body: bytes, kind: str) -> tuple[int, bytes]:
    """One delivery, byte for byte. Its status, 0 when nobody answered."""
    connection = http.client.HTTPConnection("127.0.0.1", world.web_port, timeout=30)
    try:
        connection.putrequest("POST", "/webhooks/acme/horrors")
        if kind:
            connection.putheader("Content-Type", kind.encode("latin-1"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def get(world: World, path: str) -> int:
    """Read a page as alice. Its status, 0 when nobody answered."""
    connection = http.client.HTTPConnection("127.0.0.1", world.web_port, timeout=30)
    try:
        connection.request("GET", path, headers={"Cookie": world.cookie, "X-Workspace": "acme"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
