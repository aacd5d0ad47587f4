"""The vendors' own published examples, and the list of forgeries every scheme has to refuse."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.triggers.errors import SecretRefused
from apps.triggers.webhooks.signatures import sign, verify

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AT = str(int(NOW.timestamp()))
BODY = '{"id": "A-1", "name": "Zoë", "n": 1.0}'.encode()
SECRET = "a very secret secret"
OWN = {
    "kind": "own",
    "secret": SECRET,
    "header": "X-Sign",
    "algorithm": "sha512",
    "encoding": "base64",
    "prefix": "s1=",
    "signed": "{method} /{path}\n{timestamp}\n{body}",
    "timestamp_header": "X-Time",
    "id_header": "",
}
SCHEMES: dict[str, dict[str, Any]] = {
    "github": {"kind": "hmac", "preset": "github", "secret": SECRET},
    "slack": {"kind": "hmac", "preset": "slack", "secret": SECRET},
    "stripe": {"kind": "hmac", "preset": "stripe", "secret": SECRET},
    "standard": {"kind": "hmac", "preset": "standard", "secret": SECRET},
    "own": OWN,
}
SIGNATURE = {
    "github": "x-hub-signature-256",
    "slack": "x-slack-signature",
    "stripe": "stripe-signature",
    "standard": "webhook-signature",
    "own": "x-sign",
}
TIME = {"slack": "x-slack-request-timestamp", "standard": "webhook-timestamp", "own": "x-time"}

Headers = dict[str, str]


def signed(scheme: dict[str, Any], body: bytes = BODY, at: datetime = NOW) -> Headers:
    """As its sender would send it."""
    made = sign(scheme, body=body, now=at, id="msg_1", method="POST", path="orders")
    return {name.lower(): value for name, value in made.items()}


def check(scheme: dict[str, Any], headers: Headers, body: bytes = BODY, now: datetime = NOW) -> str | None:
    return verify(scheme, headers=headers, body=body, now=now, method="POST", path="orders")


# ── What the vendors publish ─────────────────────────────────────────────────────────────────────────────────────────


def test_githubs_documented_example() -> None:
    """“Validating webhook deliveries”, testing the webhook payload validation."""
    check(
        {"kind": "hmac", "preset": "github", "secret": "It's a Secret to Everybody"},
        {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        b"Hello, World!",
    )


def test_slacks_documented_example() -> None:
    """“Verifying requests from Slack”, step by step."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    check(
        {"kind": "hmac", "preset": "slack", "secret": "8f742231b10e8888abcd99yyyzzz85a5"},
        {
            "x-slack-request-timestamp": "1531420618",
            "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        },
        body,
        datetime.fromtimestamp(1531420618, UTC),
    )


def test_standard_webhooks_vector() -> None:
    """The vector of the specification's libraries."""
    found = check(
        {"kind": "hmac", "preset": "standard", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        b'{"test": 2432232314}',
        datetime.fromtimestamp(1614265330, UTC),
    )
    assert found == "msg_p5jXN8AQM9LWM0D4loKWxJek"


def test_stripes_scheme_as_its_documentation_spells_it_out() -> None:
    """`t=…,v1=…,v0=…`: HMAC-SHA256 of `timestamp.payload`, the whole `whsec_…` text as the key. It prints no vector."""
    secret = "whsec_test_secret"
    payload = b'{\n  "id": "evt_test_webhook",\n  "object": "event"\n}'
    right = hmac.new(secret.encode(), AT.encode() + b"." + payload, hashlib.sha256).hexdigest()
    scheme = {"kind": "hmac", "preset": "stripe", "secret": secret}
    check(
        scheme,
        {"stripe-signature": f"t={AT},v1={right},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"},
        payload,
    )
    with pytest.raises(SecretRefused):
        check(scheme, {"stripe-signature": f"t={AT},v0={right}"}, payload)


def test_hmac_itself_by_rfc_4231() -> None:
    """Test case 2 of the RFC, through the scheme that says everything itself."""
    scheme = {
        "kind": "own",
        "secret": "Jefe",
        "header": "X-S",
        "algorithm": "sha512",
        "encoding": "hex",
        "signed": "{body}",
    }
    right = (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b"
        "636e070a38bce737"
    )
    check(scheme, {"x-s": right}, b"what do ya want for nothing?")


# ── Right ones are taken, all of them ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", SCHEMES)
def test_every_valid_delivery_is_taken(name: str) -> None:
    """Bodies of every kind, near either edge of the tolerance, with an old secret while it is replaced."""
    bodies = [
        b"",
        b"{}",
        BODY,
        b"a=1&b=%20",
        bytes(range(256)),
        b"x" * 100_000,
        b"{body}{timestamp}",
        "é\u202e".encode(),
    ]
    rotated = SCHEMES[name] | {"secret": "the new secret", "previous": ["older", SECRET]}
    for body in bodies:
        for minutes in (-4.9, 0, 4.9):
            headers = signed(SCHEMES[name], body, NOW + timedelta(minutes=minutes))
            check(SCHEMES[name], headers, body)
            check(rotated, headers, body)


@pytest.mark.parametrize("name", ["stripe", "slack", "standard", "own"])
def test_the_tolerance_is_the_webhooks_own(name: str) -> None:
    old = signed(SCHEMES[name], at=NOW - timedelta(minutes=9))
    with pytest.raises(SecretRefused, match="5 minutes"):
        check(SCHEMES[name], old)
    check(SCHEMES[name] | {"tolerance_seconds": 600}, old)


@pytest.mark.parametrize("name", ["stripe", "slack", "own"])
def test_what_is_signed_with_its_time_is_taken_once(name: str) -> None:
    """The same call again is the same delivery, under whatever id; one that is signed anew is another."""
    first = check(SCHEMES[name], signed(SCHEMES[name]))
    assert first
    assert check(SCHEMES[name], signed(SCHEMES[name]) | {"idempotency-key": "other"}) == first
    assert check(SCHEMES[name], signed(SCHEMES[name], at=NOW + timedelta(seconds=1))) != first


def test_several_signatures_in_one_header() -> None:
    """While secrets are replaced, senders sign with both."""
    for name, joined in (("stripe", "{0},v1={1}"), ("standard", "v1,{1} {0}"), ("own", "{0} s1={1}")):
        headers = signed(SCHEMES[name])
        header = SIGNATURE[name]
        wrong = base64.b64encode(b"0" * 32).decode()
        check(SCHEMES[name], headers | {header: joined.format(headers[header], wrong)})


# ── Forged ones are refused, all of them ─────────────────────────────────────────────────────────────────────────────

Forge = Callable[[str, Headers], tuple[Headers, bytes]]


def _other(name: str, **changed: Any) -> Headers:
    return signed(SCHEMES[name] | changed)


def _timed(name: str, headers: Headers, value: str) -> Headers:
    """With another time, the signature left as it was."""
    if name == "stripe":
        return headers | {SIGNATURE[name]: headers[SIGNATURE[name]].replace(f"t={AT}", f"t={value}" if value else "")}
    return headers | ({TIME[name]: value} if name in TIME else {SIGNATURE[name]: value})


def _weak(name: str) -> Headers:
    """sha1 instead of sha256."""
    content = {"github": BODY, "slack": b"v0:" + AT.encode() + b":" + BODY, "stripe": AT.encode() + b"." + BODY}
    text = hmac.new(SECRET.encode(), content.get(name, BODY), "sha1").hexdigest()
    header = {"github": f"sha1={text}", "slack": f"v0={text}", "stripe": f"t={AT},v1={text}", "standard": f"v1,{text}"}
    return signed(SCHEMES[name]) | {SIGNATURE[name]: header.get(name, f"s1={text}")}


FORGERIES: dict[str, Forge] = {
    "no signature": lambda n, h: ({k: v for k, v in h.items() if k != SIGNATURE[n]}, BODY),
    "an empty signature": lambda n, h: (h | {SIGNATURE[n]: ""}, BODY),
    "the word null": lambda n, h: (h | {SIGNATURE[n]: "null"}, BODY),
    "a prefix alone": lambda n, h: (h | {SIGNATURE[n]: h[SIGNATURE[n]][:7]}, BODY),
    "another secret": lambda n, h: (_other(n, secret="another secret"), BODY),
    "the secret of another endpoint": lambda n, h: (_other(n, secret=SECRET + "2"), BODY),
    "an empty secret": lambda n, h: (_other(n, secret=""), BODY),
    "sha1": lambda n, h: (_weak(n), BODY),
    "a byte changed": lambda n, h: (h, BODY[:-2] + b"2}"),
    "a byte more": lambda n, h: (h, BODY + b" "),
    "an empty body": lambda n, h: (h, b""),
    "encoded anew": lambda n, h: (h, json.dumps(json.loads(BODY)).encode()),
    "signed as parsed": lambda n, h: (signed(SCHEMES[n], json.dumps(json.loads(BODY)).encode()), BODY),
    "compressed": lambda n, h: (h, b"\x1f\x8b" + BODY),
    "a signature cut short": lambda n, h: (h | {SIGNATURE[n]: h[SIGNATURE[n]][:-1]}, BODY),
    "a signature with more": lambda n, h: (h | {SIGNATURE[n]: h[SIGNATURE[n]] + "0"}, BODY),
    "a digit changed": lambda n, h: (h | {SIGNATURE[n]: _flip(h[SIGNATURE[n]])}, BODY),
    "digits of another script": lambda n, h: (h | {SIGNATURE[n]: h[SIGNATURE[n]] + "\u0660"}, BODY),
    "letters that look alike": lambda n, h: (
        h | {SIGNATURE[n]: h[SIGNATURE[n]].replace("a", "\u0430") + "\u0430"},
        BODY,
    ),
    "64 KB of header": lambda n, h: (h | {SIGNATURE[n]: "0" * 65_536}, BODY),
    "too old": lambda n, h: (_aged(n, -301), BODY),
    "too new": lambda n, h: (_aged(n, 301), BODY),
    "no time": lambda n, h: (_timed(n, h, ""), BODY),
    "a time that is none": lambda n, h: (_timed(n, h, "NaN"), BODY),
    "another time": lambda n, h: (_timed(n, h, str(int(AT) + 1)), BODY),
}


def _flip(text: str) -> str:
    """Another first digit of the (last) signature, which is no padding."""
    at = (
        max(text.rfind("="), text.rfind(","), text.rfind(":"))
        if not text.endswith("=")
        else text.rstrip("=").rfind(",")
    )
    at = max(at, text.rstrip("=").rfind("=")) + 1
    return text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :]


def _aged(name: str, seconds: int) -> Headers:
    if name == "github":  # it has no time: a later one is another signature
        return {SIGNATURE[name]: "sha256=" + "0" * 64}
    return signed(SCHEMES[name], at=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("name", SCHEMES)
def test_every_forged_delivery_is_refused(name: str) -> None:
    assert len(FORGERIES) == 25
    taken = []
    for what, forge in FORGERIES.items():
        headers, body = forge(name, signed(SCHEMES[name]))
        assert (headers, body) != (signed(SCHEMES[name]), BODY), what
        message = _refusal(SCHEMES[name], headers, body)
        assert SECRET not in message
        if not message:
            taken.append(what)
    assert taken == []


def _refusal(scheme: dict[str, Any], headers: Headers, body: bytes) -> str:
    try:
        check(scheme, headers, body)
    except SecretRefused as refused:
        return refused.message
    return ""


def test_a_signature_for_another_path_is_none_for_this() -> None:
    with pytest.raises(SecretRefused):
        verify(OWN, headers=signed(OWN), body=BODY, now=NOW, method="POST", path="refunds")
