"""Whoever answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.access.actor import Actor, system
from apps.accounts.models import User
from apps.hil.models import Ask, Assurance, InteractionLink, Via

# The engine reads `deadline` in a wait's `resolved_by` as "nobody answered"; the others it writes itself, too.
_ENGINES_OWN = {"deadline", "canceled", "timed_out", "error", "success"}


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, and how the answer came in. `label` is what people read in the record.

    `assurance` is how surely they are known; `ask_id` the row of whoever is asked that they were found to be.
    """

    actor: Actor
    label: str
    via: Via
    link_id: UUID | None = None
    assurance: Assurance = Assurance.SIGNED_IN
    ask_id: UUID | None = None
    user: User | None = None
    address: str = ""

    @classmethod
    def of(cls, actor: Actor, via: Via) -> Answerer:
        """A member who is signed in, or a key, which counts as the member who made it."""
        level = Assurance.ROLE if actor.kind == "user" else Assurance.SIGNED_IN
        return cls(actor, actor.user.label if actor.user else actor.label, via, assurance=level, user=actor.user)

    @classmethod
    def asked(cls, ask: Ask, via: Via, *, user: User | None = None, link_id: UUID | None = None) -> Answerer:
        """Somebody who is asked, known by where they were written to."""
        return cls(
            system(f"{ask.label} ({via})"),
            ask.label,
            via,
            link_id=link_id,
            assurance=Assurance.RECIPIENT,
            ask_id=ask.id,
            user=user or ask.user,
            address=ask.address,
        )

    @classmethod
    def holder(cls, link: InteractionLink) -> Answerer:
        """Whoever has a link that was made for nobody who is asked."""
        return cls(
            system(f"{link.recipient} (link)"), link.recipient, Via.LINK, link_id=link.id, assurance=Assurance.LINK
        )

    @property
    def person_id(self) -> UUID | None:
        """The member whose answer it is; of a key, whoever made it."""
        return self.user.id if self.user is not None else self.actor.person_id

    @property
    def by(self) -> str:
        """The name for the engine's wait, never one of the words it uses itself."""
        return f"“{self.label}”" if self.label.lower() in _ENGINES_OWN else self.label

    @property
    def voter(self) -> str:
        """Who it is, the same however they answer: nobody has two votes."""
        if self.person_id is not None:
            return f"user:{self.person_id}"
        if self.ask_id is not None:
            return f"ask:{self.ask_id}"
        if self.link_id is not None:
            return f"link:{self.link_id}"
        return self.actor.name

    def as_json(self) -> dict[str, Any]:
        """Who answered, as the workflow gets it."""
        kind = "link" if self.link_id else str(self.actor.kind)
        if self.ask_id is not None and kind == "system":
            kind = str(self.via)
        found: dict[str, Any] = {"label": self.label, "kind": kind, "via": str(self.via)}
        if self.actor.id is not None:
            found["id"] = str(self.actor.id)
        elif self.user is not None:
            found["id"] = str(self.user.id)
        if self.user is not None:
            found["email"] = self.user.email
        elif self.address:
            found["address"] = self.address
        return found | {"assurance": Assurance(self.assurance).label}
