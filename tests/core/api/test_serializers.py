"""Forms take what they know and nothing else."""

from __future__ import annotations

import time

from rest_framework import serializers

from apps.core.api.serializers import MOST_NAMED, Strict


class Form(Strict):
    """A name."""

    name = serializers.CharField()


def test_an_unknown_member_is_refused_with_what_was_meant() -> None:
    form = Form(data={"name": "a", "nmae": "b", "is_staff": True})
    assert not form.is_valid()
    assert set(form.errors) == {"nmae", "is_staff"}
    assert "“name”" in form.errors["nmae"][0]
    assert Form(data={"name": "a"}).is_valid()


def test_very_many_of_them_keep_nobody_busy() -> None:
    form = Form(data={f"member_{at}": at for at in range(100_000)})
    began = time.monotonic()
    assert not form.is_valid()
    assert time.monotonic() - began < 1
    assert len(form.errors) == MOST_NAMED
