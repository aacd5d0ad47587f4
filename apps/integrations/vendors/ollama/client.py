"""Ollama's own API, as far as its models are looked after: which are there, fetching and deleting them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from apps.core import jsonclean
from apps.core.egress import Answer, OnBytes
from apps.core.errors import DomainError

SECONDS = 5.0
PULL_SECONDS = 24 * 3600.0
_LONGEST_LINE = 100_000
_MOST_BYTES = 1_000_000_000


class OllamaFailed(DomainError):
    """Ollama did not do what it was asked."""

    code = "integrations.ollama_failed"
    status = 502


class Door(Protocol):
    """A door that may sign, and hands on what arrives: `egress.HttpDoor`, `integrations.services.SignedDoor`."""

    def request(self, *args: Any, **given: Any) -> Answer:
        """As `egress.HttpDoor.request`."""
        ...


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on the server's disk."""

    name: str
    size: int
    """In bytes."""
    parameters: str = ""
    """As in `3.2B`."""
    quantization: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fetching:
    """How far a pull is: what the server does now, and how many bytes of those it has named so far are there."""

    message: str = ""
    done: int = 0
    total: int = 0
    """0 while nobody knows."""


class Ollama:
    """One server. Raises `EgressError` when it is not reached, and `OllamaFailed` with its words when it refuses."""

    def __init__(self, door: Door, base_url: str) -> None:
        self._door, self._base_url = door, base_url.rstrip("/")

    def version(self) -> str:
        """Which version it is."""
        found = self._json(self._ask("GET", "version")).get("version")
        if not isinstance(found, str):
            raise _someone_else()
        return found[:40]

    def models(self) -> list[Installed]:
        """The models on its disk, by name."""
        found = self._json(self._ask("GET", "tags")).get("models")
        rows = [_installed(row) for row in found if isinstance(row, dict)] if isinstance(found, list) else []
        return sorted((row for row in rows if row.name), key=lambda row: row.name)

    def delete(self, model: str) -> None:
        """Take a model off its disk."""
        self._ask("DELETE", "delete", json={"model": model})

    def pull(self, model: str, told: Callable[[Fetching], object]) -> None:
        """Fetch a model; `told` hears of every step. What was fetched before a break is kept there for the next try."""
        lines = _Lines(told)
        self._ask("POST", "pull", json={"model": model, "stream": True}, on_bytes=lines.take, timeout=PULL_SECONDS)
        lines.end()

    def _ask(
        self, method: str, path: str, *, json: Any = None, on_bytes: OnBytes | None = None, timeout: float = SECONDS
    ) -> Answer:
        most = _MOST_BYTES if on_bytes else 10_000_000
        answer = self._door.request(
            method,
            f"{self._base_url}/api/{path}",
            json=json,
            timeout=timeout,
            max_bytes=most,
            **({"on_bytes": on_bytes} if on_bytes else {}),
        )
        if answer.status >= 400:
            raise _refused(answer.status, self._json(answer, is_lenient=True))
        return answer

    def _json(self, answer: Answer, *, is_lenient: bool = False) -> Mapping[str, Any]:
        try:
            found = jsonclean.parse(answer.content)
        except DomainError:
            found = None
        if isinstance(found, dict):
            return found
        if is_lenient:
            return {}
        raise _someone_else()


class _Lines:
    """The lines of a pull's answer, as they arrive."""

    def __init__(self, told: Callable[[Fetching], object]) -> None:
        self._told, self._rest, self._is_done = told, b"", False
        self._parts: dict[str, tuple[int, int]] = {}

    def take(self, piece: bytes) -> None:
        """Read what is complete. Raises `OllamaFailed` for the server's refusal."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._read(line)
        if len(self._rest) > _LONGEST_LINE:
            raise OllamaFailed("Ollama's answer cannot be read.")

    def end(self) -> None:
        """Read the last line. Raises `OllamaFailed` when the model is not there after all."""
        self._read(self._rest)
        if not self._is_done:
            raise OllamaFailed(
                "Ollama ended its answer before the model was there.",
                hint="Pull it again: it goes on with what it has fetched.",
            )

    def _read(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            found = jsonclean.parse(line)
        except DomainError:
            found = None
        if not isinstance(found, dict):
            raise OllamaFailed("Ollama's answer cannot be read.")
        if found.get("error"):
            raise _refused(400, found)
        self._is_done = self._is_done or found.get("status") == "success"
        if found.get("digest") and isinstance(found.get("total"), int):
            done = found.get("completed")
            self._parts[str(found["digest"])] = (done if isinstance(done, int) else 0, found["total"])
        done, total = (sum(part[at] for part in self._parts.values()) for at in (0, 1))
        self._told(Fetching(str(found.get("status") or "")[:200], done, total))


def _someone_else() -> OllamaFailed:
    return OllamaFailed(
        "What answers at this address is no Ollama server.", hint="Check the address in the credential."
    )


def _refused(status: int, body: Mapping[str, Any]) -> OllamaFailed:
    said = str(body.get("error") or "").strip()[:300]
    hint = ""
    if "file does not exist" in said or "not found" in said:
        hint = "Check the name; ollama.com/library lists what there is."
    return OllamaFailed(f"Ollama says: {said}" if said else f"Ollama answered with status {status}.", hint=hint)


def _installed(row: Mapping[str, Any]) -> Installed:
    details = row.get("details") if isinstance(row.get("details"), dict) else {}
    size = row.get("size")
    return Installed(
        name=str(row.get("model") or row.get("name") or "")[:200],
        size=size if isinstance(size, int) else 0,
        parameters=str((details or {}).get("parameter_size") or "")[:20],
        quantization=str((details or {}).get("quantization_level") or "")[:20],
        changed_at=_moment(row.get("modified_at")),
    )


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None
