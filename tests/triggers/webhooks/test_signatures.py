"""Proofs of origin: each preset with a signature made as its vendor makes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.triggers.errors import SecretRefused
from apps.triggers.webhooks.signatures import verify

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BODY = b'{"id": "A-1"}'
SECRET = "a very secret secret"


def mac(content: bytes, key: bytes = SECRET.encode()) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()


def stripe(at: datetime, content: bytes = BODY) -> dict[str, str]:
    sent_at = str(int(at.timestamp()))
    return {"stripe-signature": f"t={sent_at},v1={'0' * 64},v1={mac(sent_at.encode() + b'.' + content).hex()},v0=x"}


def standard(at: datetime, key: bytes = SECRET.encode()) -> dict[str, str]:
    sent_at = str(int(at.timestamp()))
    signature = base64.b64encode(mac(b"msg_1." + sent_at.encode() + b"." + BODY, key)).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": sent_at, "webhook-signature": f"v1a,zzz v1,{signature}"}


def hmac_of(preset: str, **more: str) -> dict[str, Any]:
    return {"kind": "hmac", "preset": preset, "secret": SECRET} | more


RIGHT: list[tuple[dict[str, Any] | None, dict[str, str]]] = [
    (None, {}),
    ({"kind": "none"}, {}),
    ({"kind": "header", "header": "X-Token", "value": SECRET}, {"x-token": SECRET}),
    (hmac_of("generic"), {"x-signature": mac(BODY).hex()}),
    (hmac_of("generic", header="X-Own"), {"x-own": "sha256=" + mac(BODY).hex().upper()}),
    (hmac_of("github"), {"x-hub-signature-256": "sha256=" + mac(BODY).hex()}),
    (hmac_of("stripe"), stripe(NOW - timedelta(seconds=290))),
    (hmac_of("standard"), standard(NOW)),
    (
        {"kind": "hmac", "preset": "standard", "secret": "whsec_" + base64.b64encode(b"raw key!").decode()},
        standard(NOW, b"raw key!"),
    ),
]


@pytest.mark.parametrize(("secret", "headers"), RIGHT)
def test_a_right_proof_is_taken(secret: dict[str, Any] | None, headers: dict[str, str]) -> None:
    verify(secret, headers=headers, body=BODY, now=NOW)


@pytest.mark.parametrize(("secret", "headers"), RIGHT[3:])
def test_another_body_does_not_fit_the_signature(secret: dict[str, Any], headers: dict[str, str]) -> None:
    with pytest.raises(SecretRefused, match="does not match"):
        verify(secret, headers=headers, body=BODY + b" ", now=NOW)


@pytest.mark.parametrize(("secret", "headers"), RIGHT[2:])
def test_a_missing_header_is_named(secret: dict[str, Any], headers: dict[str, str]) -> None:
    with pytest.raises(SecretRefused, match="is missing"):
        verify(secret, headers={}, body=BODY, now=NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
@pytest.mark.parametrize(("preset", "make"), [("stripe", stripe), ("standard", standard)])
def test_a_recorded_delivery_cannot_be_sent_again_later(preset: str, make: Any, minutes: int) -> None:
    with pytest.raises(SecretRefused, match="5 minutes"):
        verify(hmac_of(preset), headers=make(NOW + timedelta(minutes=minutes)), body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("secret", "headers"),
    [
        ({"kind": "header", "value": SECRET}, {"x-webhook-secret": "wrong"}),
        ({"kind": "header", "value": SECRET}, {"x-webhook-secret": "é" * 20}),
        (hmac_of("generic"), {"x-signature": "no hexadecimal é"}),
        (hmac_of("stripe"), {"stripe-signature": "garbage"}),
        (hmac_of("stripe"), {"stripe-signature": f"t={int(NOW.timestamp())}"}),
        (hmac_of("stripe"), {"stripe-signature": "t=99999999999999999999,v1=00"}),
        (hmac_of("standard"), standard(NOW) | {"webhook-signature": "v1"}),
        (hmac_of("standard"), standard(NOW) | {"webhook-timestamp": "²"}),
    ],
)
def test_nonsense_is_refused_without_a_fault(secret: dict[str, Any], headers: dict[str, str]) -> None:
    with pytest.raises(SecretRefused):
        verify(secret, headers=headers, body=BODY, now=NOW)


def test_what_a_signature_covers_names_the_delivery() -> None:
    """Else a recorded delivery starts again and again under ids of an attacker's choice, for five minutes."""
    assert verify(hmac_of("standard"), headers=standard(NOW), body=BODY, now=NOW) == "msg_1"
    first = verify(hmac_of("stripe"), headers=stripe(NOW), body=BODY, now=NOW)
    header = stripe(NOW)["stripe-signature"]
    assert first == verify(hmac_of("stripe"), headers={"stripe-signature": f"v1=00,{header}"}, body=BODY, now=NOW)
    assert first != verify(hmac_of("stripe"), headers=stripe(NOW - timedelta(seconds=1)), body=BODY, now=NOW)


@pytest.mark.parametrize("kept", [(SECRET,), ("the one before",), (SECRET, "the one before")])
def test_a_delivery_signed_twice_has_one_name_whichever_signature_is_left_out(kept: tuple[str, ...]) -> None:
    """While a secret is changed a sender signs with both; a recorded delivery would go through once more for each."""
    sent_at = str(int(NOW.timestamp()))
    signatures = [mac(sent_at.encode() + b"." + BODY, key.encode()).hex() for key in kept]
    header = ",".join([f"t={sent_at}", *(f"v1={each}" for each in signatures)])
    secret = hmac_of("stripe") | {"previous": ["the one before"]}
    given = verify(secret, headers={"stripe-signature": header}, body=BODY, now=NOW)
    assert given == verify(secret, headers=stripe(NOW), body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("secret", "headers"), [(hmac_of("github"), RIGHT[5][1]), (hmac_of("generic"), RIGHT[3][1]), RIGHT[2], RIGHT[1]]
)
def test_what_it_does_not_cover_is_not_named(secret: dict[str, Any], headers: dict[str, str]) -> None:
    assert verify(secret, headers=headers, body=BODY, now=NOW) is None


def test_the_vendors_own_examples() -> None:
    """GitHub's and Standard Webhooks' documents print these."""
    verify(
        {"kind": "hmac", "preset": "github", "secret": "It's a Secret to Everybody"},
        headers={"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
        body=b"Hello, World!",
        now=NOW,
    )
    verify(
        {"kind": "hmac", "preset": "standard", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
        headers={
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        body=b'{"test": 2432232314}',
        now=datetime.fromtimestamp(1614265330, UTC),
    )
