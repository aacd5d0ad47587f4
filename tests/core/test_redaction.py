"""A secret in use is found in every form a program usually gives it, and nothing else is touched."""

from __future__ import annotations

import base64
import gc
import html
import json
import logging
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.redaction import MARK, NoSecrets, Redactor, forms_of, without_secrets

SECRETS = [
    "tok-0123456789abcdef",
    "pä55 wörd/with+signs&more=<\"'>",
    "line one of a key 0123456789\nline two of a key 0123456789",
    "日本語のパスワード",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("before", ["", "u:", "user:", "someone:"])
def test_every_usual_form_is_found(secret: str, before: str) -> None:
    redactor = Redactor([secret])
    whole = before + secret
    shown = {
        whole,
        f"Bearer {whole}",
        json.dumps({"a": whole}),
        json.dumps({"a": whole}, ensure_ascii=False),
        json.dumps([json.dumps(whole)]),
        quote(whole),
        quote(whole, safe=""),
        quote_plus(whole),
        urlencode({"k": whole, "j": 1}),
        html.escape(whole),
        base64.b64encode(whole.encode()).decode(),
        base64.b64encode(f"{whole} and more".encode()).decode(),
        base64.urlsafe_b64encode(whole.encode()).decode(),
        quote(base64.b64encode(whole.encode()).decode(), safe=""),
        whole.encode().hex(),
    }
    forms = forms_of(secret)
    for text in shown:
        clean = redactor.text(text)
        assert MARK in clean, text
        assert not any(form in clean for form in forms)
        assert MARK.encode() in redactor.content(text.encode())


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40), st.binary(max_size=7))
def test_base64_finds_it_whatever_stands_around(secret: str, around: bytes) -> None:
    text = base64.b64encode(around + secret.encode() + around).decode()
    assert MARK in Redactor([secret]).text(text)


def test_values_are_cleaned_in_depth_and_others_stay() -> None:
    redactor = Redactor(["tok-0123456789"])
    value = {"a": ["x tok-0123456789 y", 1, None, True], "tok-0123456789": {"b": ("tok-0123456789",)}, "c": "token"}
    assert redactor.clean(value) == {"a": [f"x {MARK} y", 1, None, True], MARK: {"b": (MARK,)}, "c": "token"}
    untouched = {"a": [1, "b"]}
    assert Redactor().clean(untouched) is untouched


def test_what_is_too_short_to_tell_from_words_is_left() -> None:
    redactor = Redactor(["true", "", "  "])
    assert not redactor
    assert redactor.text("it is true") == "it is true"


def test_a_secret_in_pieces_is_held_until_it_is_whole() -> None:
    redactor, shown, held = Redactor(["abc-0123456789"]), "", ""
    for letter in "x abc-01 abc-0123456789 a":
        piece, held = redactor.parted(held + letter)
        shown += piece
    assert (shown, held) == ("x abc-01 [secret] ", "a")
    assert Redactor().parted("abc") == ("abc", "")


def test_logs_are_free_of_what_is_in_use(caplog: pytest.LogCaptureFixture) -> None:
    redactor = Redactor(["tok-0123456789"])
    line = logging.getLogger("t").makeRecord("t", logging.ERROR, "f", 1, "sent %s", ("tok-0123456789",), None)
    try:
        raise ValueError("with tok-0123456789 inside")
    except ValueError as error:
        line.exc_info = (type(error), error, error.__traceback__)
    assert NoSecrets().filter(line)
    formatted = logging.Formatter("%(message)s").format(line)
    assert "tok-0123456789" not in formatted
    assert f"sent {MARK}" in formatted
    assert f"ValueError: with {MARK} inside" in formatted
    del redactor
    gc.collect()
    assert without_secrets("tok-0123456789") == "tok-0123456789"
