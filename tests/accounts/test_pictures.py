"""Pictures are told apart by their bytes, and nothing but the image is kept."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.pictures import MOST_BYTES, plain


def png(width: int = 4, height: int = 4, *extra: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x7f" * 3 * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = [(b"IHDR", head), *extra, (b"IDAT", rows), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in body)


def jpeg(width: int = 4, height: int = 4, extra: bytes = b"", frame: int = 0xC0) -> bytes:
    def part(marker: int, data: bytes) -> bytes:
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data

    return (
        b"\xff\xd8"
        + part(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + extra
        + part(0xDB, bytes(65))
        + part(frame, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\0")
        + part(0xC4, bytes(20))
        + part(0xDA, b"\x01\x01\0\0\x3f\0")
        + b"\x12\xff\x00\x34\xff\xd0\x56"
        + b"\xff\xd9"
    )


def webp(kind: bytes, data: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    parts = [(kind, data), *extra]
    body = b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


LOSSLESS = b"\x2f" + struct.pack("<I", 3 | 3 << 14) + b"\0" * 8
LOSSY = b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 4, 4) + b"\0" * 8
EXIF = b"\xff\xe1" + struct.pack(">H", 12) + b"Exif\0\0SECR"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(4, 4, (b"tEXt", b"SECRET")), "image/png"),
        (jpeg(extra=EXIF), "image/jpeg"),
        (webp(b"VP8L", LOSSLESS, (b"EXIF", b"SECRET")), "image/webp"),
        (webp(b"VP8 ", LOSSY, (b"XMP ", b"SECRET")), "image/webp"),
        (webp(b"ALPH", b"\0\1", (b"VP8 ", LOSSY)), "image/webp"),
    ],
)
def test_only_the_image_is_kept(content: bytes, media_type: str) -> None:
    found = plain(content + b"<script>alert(1)</script>")
    assert found.media_type == media_type
    assert b"SECR" not in found.content
    assert b"script" not in found.content
    assert plain(found.content) == found  # what is kept is a whole picture itself


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no picture"),
        (b"<svg onload=alert(1)>", "no picture"),
        (b"GIF89a" + bytes(20), "no picture"),
        (png(3000, 4), "3000 by 4"),
        (png(0, 4), "0 by 4"),
        (jpeg(4, 5000), "4 by 5000"),
        (jpeg(frame=0xC9), "few browsers"),
        (webp(b"VP8L", b"\x2f" + struct.pack("<I", 4000)), "4001 by 1"),
        (webp(b"VP8X", bytes(10), (b"ANIM", b"")), "moves"),
        (png()[:-20], "damaged"),
        (png().replace(b"IDAT", b"IDAX"), "damaged"),
        (jpeg()[:-4], "damaged"),
        (webp(b"VP8 ", LOSSY)[:20], "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MOST_BYTES), "at most 512 KB"),
    ],
)
def test_anything_else_is_refused_in_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        plain(content)


@settings(max_examples=150)
@given(
    st.sampled_from([png(), jpeg(extra=EXIF), webp(b"VP8L", LOSSLESS), webp(b"VP8 ", LOSSY)]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6),
    st.integers(0, 250),
)
def test_damage_is_refused_and_never_a_fault(content: bytes, changes: list[tuple[int, int]], end: int) -> None:
    damaged = bytearray(content[:end] if end < 200 else content)
    for at, value in changes:
        if at < len(damaged):
            damaged[at] = value
    try:
        found = plain(bytes(damaged))
    except ValueError:  # and no other fault
        return
    assert plain(found.content) == found
