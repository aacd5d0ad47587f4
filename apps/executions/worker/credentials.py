"""The credentials of a running node: opened when it asks, signed at the door, noted as used, and never to be seen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection

from apps.core.errors import DomainError
from apps.core.redaction import Redactor
from apps.executions.worker import outward
from apps.integrations import services
from apps.integrations.services import Opened, SignedDoor
from apps.nodes.contract import CredentialRef, Http, NoAuth, NodeError, Result

logger = logging.getLogger(__name__)
T = TypeVar("T")


class NodeCredentials:
    """What `ctx.credentials` offers to one attempt of one node. May be used by several threads of it at once.

    The execution uses credentials in the workspace's name: whoever published or started it had the right to.
    """

    __slots__ = ("_execution_id", "_opened", "_plain", "_workflow_id", "_workspace_id", "redactor")

    def __init__(self, plain: Http, *, workspace_id: UUID, workflow_id: UUID, execution_id: UUID) -> None:
        self._plain = plain
        self._workspace_id, self._workflow_id, self._execution_id = workspace_id, workflow_id, execution_id
        self._opened: dict[tuple[UUID, str], Opened] = {}
        self.redactor: Redactor | None = None

    def http(self, auth: NoAuth | CredentialRef) -> Http:
        """The door that signs with this credential; see `nodes.contract.Credentials.http`."""
        if isinstance(auth, NoAuth):
            return self._plain
        signed = SignedDoor(outward.plain(), self.opened(auth, "http"), self._secrets())
        return outward.guarded(signed, self._workspace_id)

    def values(self, ref: CredentialRef) -> Mapping[str, Any]:
        """Its fields in plain text; see `nodes.contract.Credentials.values`."""
        return self.opened(ref, "").values()

    def clean(self, value: T) -> T:
        """A JSON value without the secrets this node has used so far."""
        return value if self.redactor is None else self.redactor.clean(value)

    def cleaned(self, result: Result | NodeError) -> Result | NodeError:
        """What a node answered, without the secrets it has used: nothing of them is kept, shown or handed on."""
        if self.redactor is None:
            return result
        if isinstance(result, NodeError):
            result.message, result.hint = self.clean(result.message), self.clean(result.hint)
            result.details, result.args = self.clean(result.details), (result.message,)
            return result
        return cast("Result", self._without(result))

    def _without(self, value: Any) -> Any:
        if not is_dataclass(value) or isinstance(value, type):
            return self.clean(value)
        return replace(value, **{each.name: self._without(getattr(value, each.name)) for each in fields(value)})

    def _secrets(self) -> Redactor:
        if self.redactor is None:
            self.redactor = Redactor()
        return self.redactor

    def opened(self, ref: CredentialRef, use: str) -> Opened:
        """What can sign, and is good for this use (empty: for any). Raises `NodeError`."""
        known = self._opened.get((ref.credential, use))
        if known is not None:
            return known
        try:
            found = services.credential_open(
                workspace_id=self._workspace_id, credential_id=ref.credential, use=use, name=ref.name
            )
            self._secrets().add(*found.secrets())
            services.credential_used(
                workspace_id=self._workspace_id,
                credential_id=ref.credential,
                workflow_id=self._workflow_id,
                execution_id=self._execution_id,
            )
        except (OperationalError, InterfaceError) as away:
            logger.warning("a credential waits for the database: %s", str(away).strip().partition("\n")[0])
            raise self._failed(services.CredentialAway(), ref) from None
        except DomainError as refused:
            raise self._failed(refused, ref) from None
        finally:
            connection.close()  # a thread that waits for the network holds no connection
        self._opened[ref.credential, use] = found
        return found

    def _failed(self, refused: DomainError, ref: CredentialRef) -> NodeError:
        """The refusal, with the page below the workspace where it can be mended."""
        details = {"credential": str(ref.credential)}
        if isinstance(refused, services.CredentialMissing):
            details["link"] = f"workflows/{self._workflow_id}/credentials/"
        return NodeError(refused.code, refused.message, refused.hint, retryable=refused.status == 503, details=details)
