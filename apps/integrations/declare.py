"""What a credential type declares: its fields, how it signs a request, how it is tested. Free of Django and I/O.

One type is one class in one file of `apps/integrations/credential_types/`, or of a vendor's `credential_types/` folder.
Nobody keeps a list. See `docs/guides/add-an-integration.md`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SecretStr

from apps.core.egress import Outgoing
from apps.core.errors import DomainError
from apps.nodes.contract import Http, Json

__all__ = ["CredentialFields", "CredentialType", "Outgoing", "Refused", "SecretStr", "Signing", "secret_names"]


class CredentialFields(BaseModel):
    """Base of a type's fields. A field of the type `SecretStr` is kept encrypted and never shown again.

    Attribute docstrings become the help text of the form.
    """

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        frozen=True,
        hide_input_in_errors=True,
    )


class Refused(DomainError):
    """The other side does not accept this credential."""

    code = "integrations.credential_refused"
    status = 400
    default_hint = "Check what you entered, or save it without a test if the other side cannot be asked now."


@dataclass(frozen=True, slots=True)
class Signing:
    """What a type may look at when it signs: the moment, and what its `held` part holds (tokens it was given)."""

    now: datetime
    held: Mapping[str, Json] = field(default_factory=dict)


class CredentialType:
    """Base of every credential type. The docstring's first line is what people read when they choose one."""

    type: ClassVar[str]
    """How it is stored and named in the API: `http_basic`. Never changed once released."""
    name: ClassVar[str]
    """What people call it."""
    icon: ClassVar[str] = "key-round"
    """One of Lucide's."""
    fits: ClassVar[frozenset[str]] = frozenset({"http"})
    """What a node may use it for, see `nodes.contract.takes`; its own `type` always fits."""
    has_test: ClassVar[bool] = True
    """False where nobody could ever be asked, so that nobody is warned of it either."""
    folded: ClassVar[frozenset[str]] = frozenset()
    """Fields that few need: the page keeps them closed. Each has a default."""
    obtained: ClassVar[str] = ""
    """By which flow the part comes that nobody types in (`oauth2`); empty when the fields are all there is."""

    class Fields(CredentialFields):
        """Nothing."""

    def sign(self, fields: Any, request: Outgoing, signing: Signing) -> Outgoing:
        """The request with what proves who sends it. Raises `Refused` when it cannot be signed."""
        raise Refused(f"A credential of the type “{self.name}” signs no request.", hint="Choose another one.")

    def test_address(self, fields: Any) -> str:
        """An address that answers 2xx to a GET only when the credential is right. Empty: there is none."""
        return str(getattr(fields, "test_url", "") or "")

    def test(self, fields: Any, http: Http) -> str:
        """Ask the other side whether it accepts the credential, by a door that signs. Returns what was found, in words.

        Raises `Refused` when it is not accepted, `EgressError` when nobody could be asked. Only called when
        `is_testable`.
        """
        answer = http.request("GET", self.test_address(fields), timeout=10.0, max_bytes=1_000_000)
        if not 200 <= answer.status < 300:
            raise Refused(f"{self.test_address(fields)} answered with status {answer.status}.")
        return f"Answered with status {answer.status}."

    def is_testable(self, fields: Any) -> bool:
        """Whether there is somebody to ask."""
        return bool(self.test_address(fields))

    def secrets(self, fields: Any, held: Mapping[str, Json]) -> tuple[str, ...]:
        """Everything that must never be seen: the secret fields and all texts of the held part, and what they make."""
        own = tuple(getattr(fields, name).get_secret_value() for name in secret_names(type(fields)))
        return own + tuple(value for value in held.values() if isinstance(value, str))

    @classmethod
    def summary(cls) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(cls) or "").partition("\n")[0]


def secret_names(fields: type[BaseModel]) -> tuple[str, ...]:
    """Which fields are secret."""
    return tuple(name for name, found in fields.model_fields.items() if _is_secret(found.annotation))


def _is_secret(annotation: Any) -> bool:
    if inspect.isclass(annotation):
        return issubclass(annotation, SecretStr)
    return any(_is_secret(argument) for argument in getattr(annotation, "__args__", ()))
