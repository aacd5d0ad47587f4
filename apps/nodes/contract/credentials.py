"""How a node names a credential, and what it gets for it. A node never sees where or how credentials are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from apps.nodes.contract.context import Http
from apps.nodes.contract.declare import Json

MARK = "x-credential"


class NoAuth(BaseModel):
    """Nothing proves who calls."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: Literal["none"] = "none"
    """No credential."""


class CredentialRef(BaseModel):
    """One credential of the workspace, by its id. Holds no secret, so it may stand in a definition and in a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: Literal["credential"] = "credential"
    """A credential of the workspace."""
    credential: UUID
    """Its id, as the list of credentials shows it."""
    name: Annotated[str, Field(max_length=100)] = ""
    """What it is called, so that a file of the workflow says which one is missing elsewhere. Not looked up by."""
    type: Annotated[str, Field(max_length=60)] = ""
    """What type it is of, for the same reason."""


def takes(use: str) -> Any:
    """Marks a parameter that names a credential: `Annotated[CredentialRef, takes("http")]`.

    `use` is what the credential must be good for: `http` (signs a request), `webhook` (a secret to check deliveries
    with), or the name of one credential type.
    """
    return Field(json_schema_extra={MARK: use})


HttpAuth = Annotated[NoAuth | Annotated[CredentialRef, takes("http")], Field(discriminator="kind")]
"""How a request proves who calls: not at all, or by a credential. Its default is `NoAuth()`."""


class Credentials(Protocol):
    """The credentials a node may use: those its parameters name. Not for pure nodes: it is I/O.

    What comes back through it, and what the node returns, logs or fails with, is freed of the secrets that were used.
    """

    def http(self, auth: NoAuth | CredentialRef) -> Http:
        """The door to other systems, which signs each request with the credential; without one the plain door.

        Raises `NodeError` (`integrations.credential_missing`) when there is no such credential.
        """
        ...

    def values(self, ref: CredentialRef) -> Mapping[str, Json]:
        """The credential's fields in plain text, for SDKs that sign by themselves. Raises `NodeError` like `http`."""
        ...
