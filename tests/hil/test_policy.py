"""When there are enough answers: thresholds, sequences, groups, options."""

from __future__ import annotations

from typing import Any

import pytest

from apps.hil.policy import UNDECIDED, Policy, Seat, can_agree, of, standing

YES, NO = "approved", "rejected"


def outcome(policy: Policy, *seats: tuple[tuple[int, ...], str], is_closed: bool = True) -> str:
    return standing(policy, [Seat(*seat) for seat in seats], is_closed=is_closed).outcome


def one(*said: str) -> list[tuple[tuple[int, ...], str]]:
    return [((0,), each) for each in said]


@pytest.mark.parametrize(
    ("mode", "approvals", "said", "expected"),
    [
        ("any", None, ("", "", ""), ""),
        ("any", None, ("", YES, ""), YES),
        ("any", None, ("", NO, ""), NO),
        ("all", None, (YES, YES, ""), ""),
        ("all", None, (YES, YES, YES), YES),
        ("all", None, (YES, NO, ""), NO),
        ("at_least", 2, (YES, "", ""), ""),
        ("at_least", 2, (YES, NO, ""), ""),
        ("at_least", 2, (YES, NO, YES), YES),
        ("at_least", 2, (NO, NO, ""), NO),
        ("at_least", 3, (YES, NO, ""), NO),  # three of three can no longer agree
    ],
)
def test_thresholds_among_three(mode: Any, approvals: int | None, said: tuple[str, ...], expected: str) -> None:
    policy = of(mode, ["abc"], approvals=[approvals], negative=NO)
    assert outcome(policy, *one(*said)) == expected


def test_a_rejection_threshold_of_its_own_and_one_that_is_never_reached() -> None:
    policy = of("at_least", ["abcd"], approvals=[2], rejections=1, negative=NO)
    assert outcome(policy, *one(YES, NO, "", "")) == NO
    lenient = of("at_least", ["abc"], approvals=[2], rejections=3, negative=NO)
    assert outcome(lenient, *one(NO, NO, "")) == NO  # out of reach: it does not wait for the third


def test_a_sequence_goes_step_by_step_and_ends_with_a_rejection() -> None:
    policy = of("sequence", ["a", "b", "c"], names=["Mara", "Jonas", "Aiko"], negative=NO)
    seats = [Seat((0,), YES), Seat((1,)), Seat((2,))]
    assert standing(policy, seats) == standing(policy, seats)
    assert (standing(policy, seats).turn, standing(policy, seats).progress) == (1, "Step 2 of 3, Jonas")
    assert outcome(policy, ((0,), YES), ((1,), NO), ((2,), "")) == NO
    assert outcome(policy, ((0,), YES), ((1,), YES), ((2,), YES)) == YES


def test_groups_need_somebody_each_and_nobody_counts_twice() -> None:
    policy = of("groups", ["ab", "bc"], names=["Finance", "Legal"], approvals=[1, 1], negative=NO)
    assert outcome(policy, ((0, 1), YES), ((0,), ""), ((1,), "")) == ""
    # Who is in both moves over when that fills more places.
    assert outcome(policy, ((0, 1), YES), ((0,), YES), ((1,), "")) == YES
    assert outcome(policy, ((0, 1), YES), ((0,), ""), ((1,), YES)) == YES
    told = standing(policy, [Seat((0,), YES), Seat((0, 1)), Seat((1,))])
    assert (told.outcome, told.progress) == ("", "1 of 1 in Finance, 0 of 1 in Legal")


def test_groups_reject_when_one_of_them_can_no_longer_agree() -> None:
    policy = of("groups", ["a", "bc"], names=["A", "B"], approvals=[1, 2], rejections=2, negative=NO)
    assert outcome(policy, ((0,), ""), ((1,), NO), ((1,), "")) == NO


def test_the_progress_counts_what_is_for_and_against() -> None:
    policy = of("at_least", ["abc"], approvals=[2], negative=NO)
    assert standing(policy, [Seat((0,), YES), Seat((0,), NO), Seat((0,))]).progress == "1 of 2, 1 against"


def test_options_win_by_threshold_then_by_most_votes_and_a_tie_is_undecided() -> None:
    policy = of("at_least", ["abc"], approvals=[2], by_outcome=True)
    assert outcome(policy, *one("oak", "", "")) == ""
    assert outcome(policy, *one("oak", "pine", "oak")) == "oak"
    everybody = of("all", ["abc"], by_outcome=True)
    assert outcome(everybody, *one("oak", "pine", "oak")) == "oak"
    assert outcome(of("all", ["ab"], by_outcome=True), *one("oak", "pine")) == UNDECIDED


def test_a_change_stands_when_others_approved_without() -> None:
    policy = of("all", ["ab"], negative=NO, stronger="edited")
    assert outcome(policy, *one("edited", YES)) == "edited"
    assert outcome(policy, *one(YES, YES)) == YES


def test_whoever_answers_where_nobody_is_named() -> None:
    policy = of("at_least", [()], approvals=[2], negative=NO, is_closed=False)
    assert outcome(policy, *one(YES), is_closed=False) == ""
    assert outcome(policy, *one(YES, YES), is_closed=False) == YES
    assert outcome(policy, *one(YES, NO), is_closed=False) == NO


@pytest.mark.parametrize(
    ("mode", "members", "approvals", "message"),
    [
        ("at_least", ["ab"], [3], "3 people must agree, and there is only 2 to ask."),
        ("any", [""], [None], "One person must agree, and there is nobody to ask."),
        ("groups", ["a", ""], [1, 1], "One person of Legal must agree, and there is nobody to ask."),
    ],
)
def test_too_few_people_are_refused_in_words(mode: Any, members: Any, approvals: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of(mode, members, names=["Finance", "Legal"] if mode == "groups" else (), approvals=approvals)


def test_what_is_kept_is_what_is_read() -> None:
    policy = of("groups", ["ab", "c"], names=["A", "B"], approvals=[2, 1], rejections=2, negative=NO, stronger="edited")
    assert Policy.from_json(policy.as_json()) == policy


def test_one_person_in_two_groups_cannot_fill_both() -> None:
    policy = of("groups", ["a", "a"], names=["Finance", "Legal"], negative=NO)
    assert not can_agree(policy, [Seat((0, 1))])
    assert can_agree(policy, [Seat((0, 1)), Seat((1,))])
