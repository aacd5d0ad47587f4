"""Pictures and files: sent in each provider's way, or refused before anything is sent."""

from __future__ import annotations

import base64
from typing import Any, get_args

import pytest

from apps.nodes.contract import Media, Message, NodeError, Provider, Text, ToolCall
from tests.ai.gateway.conftest import Asking
from tests.fakes.receiver import receiver

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("litellm")]
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # a red pixel
)
PICTURE = Media(kind="image", media_type="image/png", data=PIXEL)
PDF = Media(kind="file", media_type="application/pdf", name="a.pdf", data=base64.b64encode(b"%PDF-1.4").decode())
NOTES = Media(kind="file", media_type="text/csv", name="a.csv", data=base64.b64encode(b"a,b\n1,2").decode())
SEES = {"openai", "anthropic", "gemini", "ollama", "custom"}
READS = {"openai", "anthropic", "gemini", "custom"}


def said(*parts: Any) -> tuple[Message, ...]:
    return (Message(role="user", parts=(Text(text="What is this?"), *parts)),)


@pytest.mark.parametrize("provider", get_args(Provider))
def test_what_a_model_sees(asking: Asking, provider: Provider) -> None:
    fake, ref = asking.connect(provider)
    for media, who in ((PICTURE, SEES), (PDF, READS)):
        before = len(fake.asked)
        if provider in who:
            asking.chat(ref, messages=said(media))
            assert fake.asked[-1].said[-1].media, media.kind
            assert fake.asked[-1].text == "What is this?"
        else:
            with pytest.raises(NodeError, match="cannot read") as failed:
                asking.chat(ref, messages=said(media))
            assert failed.value.code == "ai.bad_request"
            assert len(fake.asked) == before
    asking.chat(ref, messages=said(NOTES))
    assert '<file name="a.csv">\na,b\n1,2\n</file>' in fake.asked[-1].text


def test_an_address_is_fetched_through_the_door(asking: Asking) -> None:
    fake, ref = asking.connect("anthropic")
    with receiver() as web:
        picture = Media(kind="image", url=f"{web.url}/pixel.png")
        with pytest.raises(NodeError, match="cannot be fetched") as failed:
            asking.chat(ref, messages=said(picture))
        assert "EGRESS_ALLOW" in failed.value.hint
        asking.allow(web.host)
        web.says(body=base64.b64decode(PIXEL), Content_Type="image/png")
        asking.chat(ref, messages=said(picture))
        assert fake.asked[-1].said[-1].media == ("image/png",)
        web.says(status=404)
        with pytest.raises(NodeError, match="status 404"):
            asking.chat(ref, messages=said(picture))


def test_only_pdf_and_text_are_files(asking: Asking) -> None:
    _, ref = asking.connect("openai")
    word = Media(kind="file", media_type="application/msword", name="a.doc", data="AAAA")
    with pytest.raises(NodeError, match="only PDF and text"):
        asking.chat(ref, messages=said(word))


def test_a_picture_that_a_tool_brought_follows_its_answer(asking: Asking) -> None:
    for provider in ("openai", "anthropic", "gemini"):
        fake, ref = asking.connect(provider)
        call = ToolCall(id="call_1", name="look", arguments={})
        tool = Message(role="tool", call_id="call_1", parts=(Text(text="There it is."), PICTURE))
        asking.chat(ref, messages=(*said(), Message(role="assistant", calls=(call,)), tool))
        assert any(each.media for each in fake.asked[0].said), provider
        assert any(each.text == "There it is." for each in fake.asked[0].said)
