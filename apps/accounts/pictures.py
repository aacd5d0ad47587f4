"""Pictures people give themselves: told apart by their bytes, and taken apart to keep the image and nothing else. Pure.

No decoder runs here. The container of each format is walked from its first byte to its last; parts that are not needed
to show the image (where it was taken, comments, previews, whatever follows the end) are left out, so that what is kept
can be nothing but a picture of that format.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 512 * 1024
MOST_PIXELS = 2048
"""Along each side."""

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND"}
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
_JPEG_KEPT = _JPEG_FRAMES | {0xC4, 0xDB, 0xDD, 0xE0, 0xEE}
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_BROKEN = "The file is damaged: it ends too early, or its parts do not fit together."


@dataclass(frozen=True, slots=True)
class Plain:
    """A picture with nothing but the image in it."""

    content: bytes
    media_type: str


def plain(content: bytes) -> Plain:
    """The image of a PNG, JPEG or WebP file. Raises `ValueError` with a sentence for people about any other file."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"The picture has {len(content) // 1024:,} KB; at most {MOST_BYTES // 1024} KB are accepted.")
    try:
        if content.startswith(_PNG):
            return Plain(_png(content), "image/png")
        if content.startswith(b"\xff\xd8\xff"):
            return Plain(_jpeg(content), "image/jpeg")
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return Plain(_webp(content), "image/webp")
    except (IndexError, StopIteration):
        raise ValueError(_BROKEN) from None
    raise ValueError("This is no picture that can be used. Choose a PNG, JPEG or WebP file.")


def _sized(width: int, height: int) -> None:
    if not (1 <= width <= MOST_PIXELS and 1 <= height <= MOST_PIXELS):
        raise ValueError(f"The picture has {width} by {height} pixels; at most {MOST_PIXELS} by {MOST_PIXELS} fit.")


def _take(content: bytes, at: int, count: int) -> bytes:
    part = content[at : at + count]
    if len(part) != count:
        raise ValueError(_BROKEN)
    return part


def _png(content: bytes) -> bytes:
    kept, at, seen = [_PNG], len(_PNG), set[bytes]()
    while b"IEND" not in seen:
        length = int.from_bytes(_take(content, at, 4), "big")
        kind, data = _take(content, at + 4, 4), _take(content, at + 8, length)
        crc = _take(content, at + 8 + length, 4)
        if int.from_bytes(crc, "big") != zlib.crc32(kind + data):
            raise ValueError(_BROKEN)
        if (not seen) != (kind == b"IHDR"):
            raise ValueError(_BROKEN)
        if kind == b"IHDR":
            _sized(int.from_bytes(_take(data, 0, 4), "big"), int.from_bytes(_take(data, 4, 4), "big"))
        if kind in _PNG_KEPT:
            kept.append(content[at : at + 12 + length])
        seen.add(kind)
        at += 12 + length
    if b"IDAT" not in seen:
        raise ValueError(_BROKEN)
    return b"".join(kept)


def _jpeg(content: bytes) -> bytes:
    kept, has_frame, has_scan = [b"\xff\xd8"], False, False
    for marker, start, end in _jpeg_parts(content):
        if marker in _JPEG_FRAMES:
            _sized(
                int.from_bytes(_take(content, start + 7, 2), "big"), int.from_bytes(_take(content, start + 5, 2), "big")
            )
            has_frame = True
        elif 0xC0 <= marker <= 0xCF and marker not in _JPEG_KEPT:
            raise ValueError("This kind of JPEG is shown by few browsers. Save it as an ordinary JPEG or as PNG.")
        if marker == _JPEG_SCAN:
            has_scan = True
        if marker in _JPEG_KEPT or marker == _JPEG_SCAN:
            kept.append(content[start:end])
    if not (has_frame and has_scan):
        raise ValueError(_BROKEN)
    return b"".join(kept) + b"\xff\xd9"


def _jpeg_parts(content: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, first byte and end of every part up to the end of the image; a scan with the data that follows it."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise ValueError(_BROKEN)
        while content[at + 1] == 0xFF:  # padding
            at += 1
        marker = content[at + 1]
        if marker == _JPEG_END:
            return
        length = int.from_bytes(_take(content, at + 2, 2), "big")
        end = at + 2 + length
        if length < 2 or end > len(content):
            raise ValueError(_BROKEN)
        if marker == _JPEG_SCAN:
            end = _scan_end(content, end)
        yield marker, at, end
        at = end


def _scan_end(content: bytes, at: int) -> int:
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise ValueError(_BROKEN)
        following = content[at + 1]
        if following and not 0xD0 <= following <= 0xD7 and following != 0xFF:
            return at
        at += 1 if following == 0xFF else 2


def _webp(content: bytes) -> bytes:
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise ValueError(_BROKEN)
    parts, at = dict[bytes, bytes](), 12
    while at < end:
        kind, length = _take(content, at, 4), int.from_bytes(_take(content, at + 4, 4), "little")
        if kind in (b"ANIM", b"ANMF"):
            raise ValueError("The picture moves. Choose one that stands still.")
        parts.setdefault(kind, _take(content, at + 8, length))
        at += 8 + length + length % 2
    if b"VP8L" in parts:
        bits = int.from_bytes(_take(parts[b"VP8L"], 1, 4), "little")
        if parts[b"VP8L"][0] != 0x2F:
            raise ValueError(_BROKEN)
        _sized((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        return _riff([(b"VP8L", parts[b"VP8L"])])
    frame = parts.get(b"VP8 ", b"")
    if _take(frame, 3, 3) != b"\x9d\x01\x2a":
        raise ValueError(_BROKEN)
    width, height = (int.from_bytes(_take(frame, place, 2), "little") & 0x3FFF for place in (6, 8))
    _sized(width, height)
    if b"ALPH" not in parts:
        return _riff([(b"VP8 ", frame)])
    canvas = b"\x10\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff([(b"VP8X", canvas), (b"ALPH", parts[b"ALPH"]), (b"VP8 ", frame)])


def _riff(parts: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2) for kind, data in parts)
    return b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body
