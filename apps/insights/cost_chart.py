"""What models cost by day, as bars stacked by model. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.ai.ledger.sums import Model, Sum
from apps.ai.ledger.words import dollars, short
from apps.core.axis import axis

SERIES = 4
"""So many models have a colour of their own; the others share the last one."""
_HIGH, _WIDE = 180, 740
_LABELS = 7
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """A model's part of a bar: its colour from 1, and where it lies, from the bottom."""

    series: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A day."""

    x: int
    label: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars with an axis and a legend, as `insights/_ai_chart.html` draws them: 740 by 180 units."""

    bars: tuple[Bar, ...]
    width: int
    ticks: tuple[tuple[int, str], ...]
    legend: tuple[tuple[int, str], ...]
    label: str
    is_money: bool

    @property
    def half(self) -> int:
        """The middle of a bar."""
        return self.width // 2


def chart(days: Mapping[tuple[date, Model], Sum], *, since: date, until: date) -> Chart:
    """Every day from `since` to before `until`: dollars, or tokens where nothing has cost anything that is known."""
    is_money = any(each.cost for each in days.values())
    by_model: dict[Model, int] = {}
    amounts: dict[tuple[date, Model], int] = {}
    for (day, model), each in days.items():
        amounts[day, model] = int(each.cost * _MICRO) if is_money else each.tokens
        by_model[model] = by_model.get(model, 0) + amounts[day, model]
    order = sorted(by_model, key=lambda model: -by_model[model])
    series = {model: min(at, SERIES) + 1 for at, model in enumerate(order)}
    count = (until - since).days
    every = [since + timedelta(days=at) for at in range(count)]
    stacked = [_stack(day, amounts, series) for day in every]
    ticks = axis(max((sum(each) for each in stacked), default=0))
    top, step = ticks[-1], max(1, -(-count // _LABELS))
    bars = tuple(
        Bar(
            x=at * _WIDE // count,
            label=date_format(day, "j M") if (count - 1 - at) % step == 0 else "",
            title=_title(day, sum(amounts_of), is_money) if any(amounts_of) else "",
            parts=_parts(amounts_of, top),
        )
        for at, (day, amounts_of) in enumerate(zip(every, stacked, strict=True))
    )
    named = [(at + 1, str(model)) for at, model in enumerate(order[:SERIES])]
    if len(order) > SERIES:
        named.append((SERIES + 1, _("Others")))
    return Chart(
        bars=bars,
        width=max(2, _WIDE * 7 // (count * 10)),
        ticks=tuple((tick * _HIGH // top, _amount(tick, is_money)) for tick in ticks),
        legend=tuple(named),
        label=_("Cost by day, by model: %(sum)s in %(days)d days.")
        % {"sum": _amount(sum(by_model.values()), is_money), "days": count},
        is_money=is_money,
    )


def _stack(day: date, amounts: Mapping[tuple[date, Model], int], series: Mapping[Model, int]) -> list[int]:
    found = [0] * (SERIES + 1)
    for model, at in series.items():
        found[at - 1] += amounts.get((day, model), 0)
    return found


def _parts(amounts: list[int], top: int) -> tuple[Part, ...]:
    parts, y = [], 0
    for at, amount in enumerate(amounts):
        if amount:
            height = max(1, round(amount * _HIGH / top))
            parts.append(Part(at + 1, y, height))
            y += height
    return tuple(parts)


def _title(day: date, amount: int, is_money: bool) -> str:
    unit = "" if is_money else _(" tokens")
    return f"{date_format(day, 'j M Y')}: {_amount(amount, is_money)}{unit}"


def _amount(amount: int, is_money: bool) -> str:
    return dollars(Decimal(amount) / _MICRO) if is_money else short(amount)
