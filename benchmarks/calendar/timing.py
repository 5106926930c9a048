"""What the parts of this benchmark share: how long a call takes, and what is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import process_time
from timeit import repeat

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
START = datetime(2026, 12, 7, 14, 30, tzinfo=UTC)
ROUNDS, TIMES = 9, 50


@dataclass(frozen=True)
class Figure:
    """One job: how many milliseconds a call of ours takes, and how many the same takes by each other way."""

    job: str
    ours: float
    others: Mapping[str, float] = field(default_factory=dict)
    target: float = 0.0
    """Milliseconds that ours may take; 0 where none is set."""


def best(act: Callable[[], object], times: int = TIMES, rounds: int = ROUNDS) -> float:
    """Return the least time of one call in milliseconds of the processor."""
    return min(repeat(act, number=times, repeat=rounds, timer=process_time)) / times * 1e3
