"""Draws a draft of a term: squares with numbers in them, so that nobody needs the colours to read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.scheduling.application.term_plan_views import Picture

SIDE, GAP = 40, 4
DATES, NAMES = 76, 150
"""How much room the words before the squares have."""
LONGEST_BAR = 190
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
SHADES = 4
MOST_SCHOOLS = 40


@dataclass(frozen=True, slots=True)
class Square:
    """A square with a number; `shade` is 0 for none to 4 for most, `over` marks more than is comfortable."""

    x: int
    y: int
    number: int
    shade: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A word at a place."""

    x: int
    y: int
    text: str
    anchor: str = "start"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar for what there is, and within it one for how many days it takes."""

    y: int
    width: int
    inner: int
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Squares, bars and words on a sheet of a size."""

    width: int
    height: int
    squares: Sequence[Square] = ()
    words: Sequence[Word] = ()
    bars: Sequence[Bar] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """The three drawings of a draft."""

    days: Drawing
    workers: Drawing
    schools: Drawing


def draw(told: Picture, fair: int) -> Drawn:
    """Return the drawings of a draft; `fair` meetings a week are comfortable for one worker."""
    return Drawn(_days(told), _workers(told, fair), _schools(told))


def _days(told: Picture) -> Drawing:
    words = [Word(_x(n, DATES) + SIDE // 2, 20, name, "middle") for n, name in enumerate(WEEKDAYS)]
    squares = []
    for row, monday in enumerate(told.mondays):
        words.append(Word(0, _y(row) + SIDE // 2 + 6, f"{monday.day} {monday:%b}"))
        for column in range(5):
            number = told.by_day.get(monday + timedelta(days=column), 0)
            squares.append(Square(_x(column, DATES), _y(row), number, _shade(number, told.most_a_day)))
    return Drawing(_x(5, DATES), _y(len(told.mondays)), squares, words)


def _workers(told: Picture, fair: int) -> Drawing:
    heads = [f"{monday.day}/{monday.month}" for monday in told.mondays]
    words = [Word(_x(n, NAMES) + SIDE // 2, 20, head, "middle") for n, head in enumerate(heads)]
    most = max(told.by_worker.values(), default=0)
    squares = []
    for row, (worker_id, name) in enumerate(told.workers):
        words.append(Word(0, _y(row) + SIDE // 2 + 6, name if len(name) < 20 else f"{name[:18]}…"))
        for column, monday in enumerate(told.mondays):
            number = told.by_worker.get((worker_id, monday), 0)
            squares.append(Square(_x(column, NAMES), _y(row), number, _shade(number, most), over=number > fair))
    return Drawing(_x(len(told.mondays), NAMES), _y(len(told.workers)), squares, words)


def _schools(told: Picture) -> Drawing:
    chosen = sorted(told.schools, key=lambda one: (-one[2], one[1]))[:MOST_SCHOOLS]
    most = max((meetings for _, _, meetings, _ in chosen), default=1)
    bars, words = [], []
    for row, (_, name, meetings, days) in enumerate(chosen):
        y = row * (SIDE + GAP)
        words.append(Word(0, y + 14, name))
        text = f"{meetings} on {days} {'day' if days == 1 else 'days'}"
        bars.append(Bar(y + 20, max(4, meetings * LONGEST_BAR // most), max(4, days * LONGEST_BAR // most), text))
    return Drawing(LONGEST_BAR + 100, len(chosen) * (SIDE + GAP), (), words, bars)


def _x(column: int, label: int) -> int:
    return label + column * (SIDE + GAP)


def _y(row: int) -> int:
    return 30 + row * (SIDE + GAP)


def _shade(number: int, most: int) -> int:
    return 0 if not number or not most else max(1, round(SHADES * number / most))
