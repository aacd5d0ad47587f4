"""What every form of the API shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.core.jsonkind import kind_of
from apps.core.suggest import nearest

MOST_NAMED = 20


_KINDS: tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], tuple[type, ...], str], ...] = (
    (serializers.BooleanField, (bool,), "true or false"),
    (serializers.IntegerField, (int,), "a whole number"),
    (serializers.FloatField, (int, float), "a number"),
    (serializers.CharField, (str,), "a text"),
    (serializers.ChoiceField, (str,), "a text"),
    (serializers.UUIDField, (str,), "a text"),
)


class Strict(serializers.Serializer[Any]):
    """Refuses members it does not know, with the name that was probably meant; of very many it names the first 20.

    A value of another JSON type is refused too, never turned: 5 is no text, "5" is no number, "true" is not true.
    """

    def to_internal_value(self, data: Any) -> Any:
        """The validated members."""
        if isinstance(data, Mapping):
            unknown = [str(key)[:100] for key in data if key not in self.fields][:MOST_NAMED]
            if unknown:
                raise serializers.ValidationError(
                    {name: [f"There is no “{name}” here. {nearest(name, self.fields)}".strip()] for name in unknown}
                )
            wrong = {name: wrong for name, field in self.fields.items() if (wrong := _wrong(field, data.get(name)))}
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def _wrong(field: Any, value: Any) -> Any:
    """What is wrong with the JSON type of a value, or with the items of a list by their place."""
    if value is None:
        return None
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        return {at: wrong for at, item in enumerate(value[:MOST_NAMED]) if (wrong := _wrong(field.child, item))}
    for kind, types, name in _KINDS:
        if isinstance(field, kind):
            is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            return None if is_right else [f"This must be {name}, not {kind_of(value)}."]
    return None
