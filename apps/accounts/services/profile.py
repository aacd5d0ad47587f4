"""What people say of themselves, and how they want to be told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts import pictures, preferences
from apps.accounts.errors import PictureRefused
from apps.accounts.models import Picture, User
from apps.core.errors import FieldError, Invalid

THEMES = ("light", "dark", "system")
HUES = 6


def profile_update(
    *,
    user: User,
    name: str | None = None,
    timezone: str | None = None,
    theme: str | None = None,
    hue: int | None = -1,
    notices: Mapping[str, Mapping[str, Any]] | None = None,
) -> User:
    """Change what is given and leave the rest. An empty name lets others read the address; an empty zone or theme
    leaves it to the browser; `hue` None picks the colour of the initials by the name.

    Raises `Invalid` for a zone, theme, colour or kind of notice that does not exist.
    """
    if name is not None:
        user.name = " ".join(name.split())[:150]
    if timezone is not None:
        user.timezone = _zone(timezone)
    if theme is not None:
        user.theme = _one_of(theme, ("", *THEMES), "theme")
    if hue != -1:
        if hue is not None and not 0 <= hue < HUES:
            raise _wrong("hue", f"A colour is a number from 0 to {HUES - 1}.")
        user.hue = hue
    if notices is not None:
        user.preferences = preferences.merged(user.preferences, notices)
    user.save(update_fields=["name", "timezone", "theme", "hue", "preferences"])
    return user


TOURS = ("editor",)


def tour_seen(*, user: User, tour: str) -> User:
    """Remember that somebody took or refused a tour, so that it is not offered again. Raises `Invalid`."""
    _one_of(tour, TOURS, "tour")
    with transaction.atomic():
        found = User.objects.select_for_update().get(id=user.id)
        found.preferences = {**found.preferences, "tours": {**found.preferences.get("tours", {}), tour: True}}
        found.save(update_fields=["preferences"])
    return found


def picture_set(*, user: User, content: bytes) -> User:
    """Give oneself a picture: PNG, JPEG or WebP of at most 512 KB and 2048 by 2048 pixels.

    Only the image itself is kept: what cameras and editors add (places, comments, anything after the end) is left out.
    Raises `PictureRefused`.
    """
    try:
        plain = pictures.plain(content)
    except ValueError as error:
        message = str(error)
        raise PictureRefused(message, errors=[FieldError(path="picture", message=message)]) from None
    with transaction.atomic():
        Picture.objects.update_or_create(user=user, defaults={"content": plain.content, "media_type": plain.media_type})
        user.picture = hashlib.sha256(plain.content).hexdigest()[:16]
        user.save(update_fields=["picture"])
    return user


def picture_remove(*, user: User) -> User:
    """Go back to initials."""
    with transaction.atomic():
        Picture.objects.filter(user=user).delete()
        user.picture = ""
        user.save(update_fields=["picture"])
    return user


def _zone(name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):  # an unknown key, a path outside the zone folder, a folder's name
            raise _wrong("timezone", f"There is no time zone {name[:64]!r}. Write it as in Europe/Berlin.") from None
    return name


def _one_of(value: str, known: tuple[str, ...], path: str) -> str:
    if value not in known:
        raise _wrong(path, f"There is no {path} {value[:40]!r}; there are {', '.join(each for each in known if each)}.")
    return value


def _wrong(path: str, message: str) -> Invalid:
    return Invalid(message, errors=[FieldError(path=path, message=message)])
