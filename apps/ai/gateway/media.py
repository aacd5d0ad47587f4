"""Pictures and files of a message, made ready to be sent: fetched, read as text, or refused."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from apps.ai.gateway.catalogue import Model
from apps.core import egress
from apps.core.egress import EgressError
from apps.nodes.contract import Media, Message, NodeError, Provider, Text

MAX_BYTES = 20_000_000
_TEXTS = ("application/json", "application/xml", "application/yaml", "application/x-ndjson")
_BLIND_TO_FILES: frozenset[Provider] = frozenset({"ollama", "groq", "together"})


def ready(message: Message, provider: Provider, known: Model | None, door: egress.HttpDoor) -> Message:
    """The message with everything in it that is to be sent: addresses are read through the door, files of text become
    text. Raises `NodeError` `ai.bad_request` for what this model cannot see, before anything is sent.
    """
    if not any(isinstance(part, Media) for part in message.parts):
        return message
    parts = [_ready(part, provider, known, door) if isinstance(part, Media) else part for part in message.parts]
    return message.model_copy(update={"parts": tuple(parts)})


def _ready(media: Media, provider: Provider, known: Model | None, door: egress.HttpDoor) -> Media | Text:
    if media.url:
        media = _fetched(media, door)
    if not media.data:
        raise TypeError("A picture or file has to be read before a model is asked: see nodes.contract.Media.")
    if media.kind == "file" and (media.media_type.startswith("text/") or media.media_type in _TEXTS):
        text = base64.b64decode(media.data).decode("utf-8", "replace")
        return Text(text=f'<file name="{media.name or "file"}">\n{text}\n</file>')
    what = "pictures" if media.kind == "image" else "files"
    sees = known is None or known.can("vision" if media.kind == "image" else "files")
    if media.kind == "file" and provider in _BLIND_TO_FILES:
        sees = False
    if not sees:
        name = known.name if known else "Models of this provider"
        raise NodeError("ai.bad_request", f"{name} cannot read {what}.", "Choose a model that can, or send text.")
    if media.kind == "file" and media.media_type != "application/pdf" and provider != "gemini":
        kind = media.media_type or "an unknown type"
        raise NodeError(
            "ai.bad_request", f"“{media.name}” is {kind}; only PDF and text can be sent.", "Turn it into one of these."
        )
    return media


def _fetched(media: Media, door: egress.HttpDoor) -> Media:
    try:
        answer = door.request("GET", media.url, timeout=30.0, max_bytes=MAX_BYTES)
    except EgressError as failed:
        raise NodeError(
            "ai.bad_request", f"The {media.kind} cannot be fetched: {failed.message}", failed.hint
        ) from None
    if answer.status != 200:
        raise NodeError(
            "ai.bad_request",
            f"The {media.kind} cannot be fetched: {urlsplit(media.url).hostname} answered with status {answer.status}.",
            "Check its address.",
        )
    if not answer.content:
        raise NodeError("ai.bad_request", f"The {media.kind} that was fetched is empty.", "Check its address.")
    kind = media.media_type or answer.headers.get("content-type", "").partition(";")[0].strip()
    name = media.name or urlsplit(answer.url).path.rpartition("/")[2]
    data = base64.b64encode(answer.content).decode()
    return Media(kind=media.kind, media_type=kind, name=name, data=data)
