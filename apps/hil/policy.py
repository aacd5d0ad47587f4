"""Whose answers count, and when there are enough of them. Pure.

Every policy is a list of groups, each with so many places to fill; who answers fills one place, whatever number of
groups they are in. "Any" is one group with one place, "all" one with a place for everybody, "at least" one with so many
places, "sequence" one group per person, filled one after the other, "groups" what it says.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["any", "all", "at_least", "sequence", "groups"]
MODES: tuple[Mode, ...] = ("any", "all", "at_least", "sequence", "groups")
UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Group:
    """People of whom `needs` have to agree."""

    name: str
    needs: int = 1


@dataclass(frozen=True, slots=True)
class Policy:
    """`rejections`: so many answers that are `negative` decide at once. `by_outcome`: votes are for one of many options
    and only those for the same one add up. `stronger`: the outcome that stands when the agreeing ones differ.
    """

    mode: Mode
    groups: tuple[Group, ...]
    rejections: int = 1
    negative: str = ""
    stronger: str = ""
    by_outcome: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept with the question."""
        groups = [{"name": group.name, "needs": group.needs} for group in self.groups]
        return {
            "mode": self.mode,
            "groups": groups,
            "rejections": self.rejections,
            "negative": self.negative,
            "stronger": self.stronger,
            "by_outcome": self.by_outcome,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Policy:
        """As it was kept."""
        groups = tuple(Group(each["name"], each["needs"]) for each in kept["groups"])
        return cls(
            kept["mode"], groups, kept["rejections"], kept["negative"], kept["stronger"], kept.get("by_outcome", False)
        )


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody whose answer can count in these groups; `outcome` is empty as long as they have not answered."""

    groups: tuple[int, ...]
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a question stands. `outcome` is empty while it is open; `turn` is the group whose turn it is."""

    outcome: str
    progress: str
    turn: int


def standing(policy: Policy, seats: Sequence[Seat], *, is_closed: bool = True) -> Standing:
    """What the answers so far come to. `is_closed`: nobody but those in the seats can answer, so what can no longer be
    reached is known: then it is rejected, or (options) the most votes win, and without a winner it is undecided.
    """
    against = [seat for seat in seats if policy.negative and seat.outcome == policy.negative]
    agreeing = [seat for seat in seats if seat.outcome and seat.outcome != policy.negative]
    filled = _filled(policy.groups, agreeing)
    turn = next((at for at, group in enumerate(policy.groups) if filled[at] < group.needs), len(policy.groups) - 1)
    return Standing(
        _outcome(policy, seats, agreeing, len(against), is_closed), _progress(policy, filled, len(against), turn), turn
    )


def can_agree(policy: Policy, seats: Sequence[Seat]) -> bool:
    """Whether there are enough of them for everybody's agreement to decide."""
    return _is_full(policy.groups, seats)


def _outcome(policy: Policy, seats: Sequence[Seat], agreeing: Sequence[Seat], against: int, is_closed: bool) -> str:
    if policy.negative and against >= policy.rejections:
        return policy.negative
    open_seats = [seat for seat in seats if not seat.outcome]
    if policy.by_outcome:
        return _of_options(policy, agreeing, open_seats, is_closed)
    if _is_full(policy.groups, agreeing):
        named = {seat.outcome for seat in agreeing}
        return policy.stronger if policy.stronger in named else agreeing[-1].outcome
    if is_closed and not _is_full(policy.groups, [*agreeing, *open_seats]):
        return policy.negative or UNDECIDED
    return ""


def _of_options(policy: Policy, voted: Sequence[Seat], open_seats: Sequence[Seat], is_closed: bool) -> str:
    options = list(dict.fromkeys(seat.outcome for seat in voted))
    for option in options:
        if _is_full(policy.groups, [seat for seat in voted if seat.outcome == option]):
            return option
    if not is_closed or open_seats:
        return ""
    counts = {option: sum(seat.outcome == option for seat in voted) for option in options}
    most = max(counts.values(), default=0)
    winners = [option for option in options if counts[option] == most]
    return winners[0] if len(winners) == 1 else UNDECIDED


def chosen_by_all(names: Sequence[str], said: Sequence[Collection[str]], *, least: int, most: int) -> list[str]:
    """What several people together chose: what more than half of them did, and as many as may be chosen: of too many
    those with the most votes; of too few those with the most votes besides. Between equals the earlier name counts.
    """
    votes = {name: sum(name in each for each in said) for name in names}
    ranked = sorted(names, key=lambda name: -votes[name])
    many = sum(2 * votes[name] > len(said) for name in names)
    chosen = ranked[: min(max(many, least), most)]
    return [name for name in names if name in chosen]


def _is_full(groups: Sequence[Group], seats: Sequence[Seat]) -> bool:
    return all(filled >= group.needs for filled, group in zip(_filled(groups, seats), groups, strict=True))


def _filled(groups: Sequence[Group], seats: Sequence[Seat]) -> list[int]:
    """How many places of each group are filled when every seat fills one at most, and as many are filled as can be."""
    taken: list[list[int]] = [[] for _ in groups]  # the seats in each group's places

    def place(seat: int, tried: set[int]) -> bool:
        for group in seats[seat].groups:
            if group in tried or group >= len(groups):
                continue
            tried.add(group)
            if len(taken[group]) < groups[group].needs:
                taken[group].append(seat)
                return True
            for at, other in enumerate(taken[group]):
                if place(other, tried):
                    taken[group][at] = seat
                    return True
        return False

    for seat in range(len(seats)):
        place(seat, set())
    return [len(each) for each in taken]


def _progress(policy: Policy, filled: Sequence[int], against: int, turn: int) -> str:
    if policy.mode == "any":
        return ""
    if policy.mode == "sequence":
        text = f"Step {turn + 1} of {len(policy.groups)}"
        return f"{text}, {policy.groups[turn].name}" if policy.groups[turn].name else text
    told = [
        f"{done} of {group.needs}" + (f" in {group.name}" if group.name else "")
        for done, group in zip(filled, policy.groups, strict=True)
    ]
    return ", ".join(told) + (f", {against} against" if against else "")


def of(
    mode: Mode,
    members: Sequence[Collection[Any]],
    *,
    names: Sequence[str] = (),
    approvals: Sequence[int | None] = (),
    rejections: int | None = None,
    negative: str = "",
    stronger: str = "",
    by_outcome: bool = False,
    is_closed: bool = True,
) -> Policy:
    """The policy for these groups of people: one for every mode but `groups` and `sequence` (one person per group).

    `approvals`: how many of each group; None means one, or for `all` everybody. Raises `ValueError` in words when a
    group has fewer people than have to agree.
    """
    wanted = list(approvals) or [None] * len(members)
    groups = []
    for at, people in enumerate(members):
        name = names[at] if at < len(names) else ""
        needs = len(people) if mode == "all" else wanted[at] or 1
        if is_closed and len(people) < needs:
            where = f" of {name}" if name else ""
            wanted_words = "One person" if needs == 1 else f"{needs} people"
            there = "nobody" if not people else f"only {len(people)}"
            raise ValueError(f"{wanted_words}{where} must agree, and there is {there} to ask.")
        groups.append(Group(name, max(1, needs)))
    if rejections is None and mode == "at_least" and is_closed:
        rejections = len(members[0]) - groups[0].needs + 1  # from then on it can no longer be approved
    return Policy(mode, tuple(groups), rejections or 1, negative, stronger, by_outcome)
