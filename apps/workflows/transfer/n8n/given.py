"""One node of n8n's while it is translated: its parameters, and what is told about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.workflows.transfer import texts
from apps.workflows.transfer.drawing import Drawing, Piece
from apps.workflows.transfer.n8n.conditions import Unreadable, expression
from apps.workflows.transfer.n8n.expressions import Names, fault, json_template, translated
from apps.workflows.transfer.parcel import Kind

Json = Any


@dataclass(slots=True)
class Given:
    """One node of n8n's, being translated."""

    drawing: Drawing
    piece: Piece
    row: Mapping[str, Json]
    params: Mapping[str, Json]
    names: Names
    takes_list: bool
    """Whether what comes to it are several items there, and a list here."""

    def say(self, kind: Kind, message: str, hint: str = "", name: str = "") -> None:
        """Tell the person who imports."""
        path = f"{self.piece.path}.parameters.{name}" if name else self.piece.path
        self.drawing.say(kind, self.piece, message, hint, path=path)

    def become(self, type_: str, subtype: str, params: dict[str, Json], ports: tuple[str, ...] = ("main",)) -> None:
        """It is this node here."""
        self.piece.type, self.piece.subtype, self.piece.params, self.piece.ports = type_, subtype, params, ports

    def text(self, value: Json, name: str = "") -> Json:
        """A value with its expressions translated; what cannot be read is told."""

        def change(text: str) -> Json:
            ours = translated(text, self.names)
            message, hint = fault(ours)
            if message:
                self.say("check", f"An expression cannot be read here: {message}.", hint or "Correct it.", name)
            return ours

        return texts.each_text(value, change)

    def at(self, name: str, default: Json = None) -> Json:
        """A parameter, with its expressions translated."""
        return self.text(self.params.get(name, default), name)

    def rows(self, *names: str) -> list[Mapping[str, Json]]:
        """The objects of a list that n8n keeps under one name or another: `{"values": [{…}]}`."""
        found: Json = self.params
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []

    @property
    def options(self) -> Mapping[str, Json]:
        """Its options."""
        found = self.params.get("options")
        return found if isinstance(found, Mapping) else {}

    def left_out(self, *names: str, hint: str = "") -> None:
        """Tell of parameters that were set and mean nothing here."""
        for name in names:
            value = self.params.get(name, self.options.get(name))
            if value not in (None, "", False, [], {}, "none"):
                self.say("left_out", f"Its “{name}” has no equivalent.", hint, name)

    def options_left_out(self, *known: str, hint: str = "") -> None:
        """Tell of options that are not among `known`."""
        for name, value in self.options.items():
            if name not in known and value not in (None, "", False, [], {}):
                self.say("left_out", f"Its option “{name}” has no equivalent.", hint, f"options.{name}")

    def condition(self, conditions: Json, name: str = "conditions") -> str:
        """A condition; one that cannot be read never holds, and is told."""
        try:
            found = expression(conditions, self.names, combine=self.params.get("combineOperation"))
        except Unreadable as refused:
            self.say("check", f"Its condition cannot be read: {refused}.", "Write it anew; it never holds now.", name)
            return "{{ false }}"
        message, hint = fault(found)
        if message:
            self.say("check", f"Its condition cannot be read here: {message}.", hint or "Correct it.", name)
        return found

    def json_at(self, name: str) -> Json:
        """A parameter that is JSON in a text, with expressions in it, or all of it one expression."""
        found = json_template(self.params.get(name), self.names)
        if found is None:
            self.say("check", f"Its “{name}” is no JSON.", "It is taken as a text.", name)
            return self.at(name)
        for text in texts.texts_in(found):
            message, hint = fault(text)
            if message:
                self.say("check", f"An expression cannot be read here: {message}.", hint or "Correct it.", name)
        return found
