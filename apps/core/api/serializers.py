"""What every form of the API shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.core.suggest import nearest

MOST_NAMED = 20


class Strict(serializers.Serializer[Any]):
    """Refuses members it does not know, with the name that was probably meant; of very many it names the first 20."""

    def to_internal_value(self, data: Any) -> Any:
        """The validated members."""
        if isinstance(data, Mapping):
            unknown = [str(key)[:100] for key in data if key not in self.fields][:MOST_NAMED]
            if unknown:
                raise serializers.ValidationError(
                    {name: [f"There is no “{name}” here. {nearest(name, self.fields)}".strip()] for name in unknown}
                )
        return super().to_internal_value(data)
