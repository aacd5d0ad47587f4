"""Signatures of outgoing webhooks."""

from __future__ import annotations

import base64

import pytest

from apps.core import signing

# The example that the specification and its reference libraries share.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_example_of_the_specification() -> None:
    key = signing.key_of(SECRET)
    assert signing.headers(key, message_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=BODY) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_without_a_secret_nothing_is_signed() -> None:
    assert "webhook-signature" not in signing.headers(None, message_id="m", timestamp=1, body=b"")


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64", base64.b64encode(b"short").decode(), "whsec_ä"])
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        signing.key_of(secret)
