"""What is said to a model and by it: one shape for every provider. As JSON it stands in steps and in memories."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from apps.nodes.contract.declare import Json

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
TOOL_NAME = r"^[a-zA-Z0-9_-]{1,64}$"
"""What every provider takes as the name of a tool."""


class _Value(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Text(_Value):
    """Words."""

    kind: Literal["text"] = "text"
    text: str


class Media(_Value):
    """A picture or a file: by its artifact, by an address, or as it is. Exactly one of the three is set."""

    kind: Literal["image", "file"]
    media_type: str = ""
    """As in `image/png`; empty: as the artifact or the address says."""
    name: str = ""
    artifact: Json = None
    """What `ctx.artifacts.put` returned; read just before the call, so that no message carries the bytes."""
    url: str = ""
    data: str = ""
    """Its bytes in base64."""


Part: TypeAlias = Annotated[Text | Media, Field(discriminator="kind")]


class ToolCall(_Value):
    """What a model wants done."""

    id: str
    """The provider's own name for it; the answer repeats it."""
    name: str
    arguments: dict[str, Json]
    wrong: str = ""
    """What the model wrote instead of arguments that can be read; `arguments` is empty then."""


class Message(_Value):
    """One turn of a conversation. A `tool` message answers the call `call_id` of the assistant message before it."""

    role: Role
    parts: tuple[Part, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    """Of an assistant: the tools it calls."""
    call_id: str = ""
    is_error: bool = False
    """Of a tool: whether it failed; its text says how."""
    reasoning: str = ""
    """Of an assistant: what it thought, where the provider shows it."""
    signed: Json = None
    """What the provider wants back unchanged with this message (signatures of its thoughts)."""

    @property
    def text(self) -> str:
        """All its words."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @classmethod
    def of(cls, role: Role, text: str, **more: Json) -> Message:
        """A message of words only."""
        return cls(role=role, parts=(Text(text=text),) if text else (), **more)


class Function(_Value):
    """A tool as a model sees it."""

    name: Annotated[str, Field(pattern=TOOL_NAME)]
    description: str
    parameters: dict[str, Json]
    """JSON Schema of an object."""


class Usage(_Value):
    """What a call used, in tokens. `cached` and `written` are part of `input`, `reasoning` is part of `output`."""

    input: int = 0
    output: int = 0
    cached: int = 0
    """Read from the provider's cache."""
    written: int = 0
    """Written to the provider's cache."""
    reasoning: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields})
