"""What came of one fault, and the table of all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What came of one fault on one form.

    `tries` counts how often the fault was brought about, `kills` how many of these were a `kill -9`; `events` what was
    committed, or whatever else the fault is about. `left_over` names what was not at rest afterwards, and `broken` the
    promises that were not kept. A `control` does it wrong on purpose: there the harness must find something.
    `doubled_allowed` is how many doubles the promise allows (mails only).
    """

    fault: str
    form: str
    tries: int
    events: int
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    kills: int = 0
    left_over: Sequence[str] = ()
    broken: Sequence[str] = ()
    note: str = ""
    control: bool = False
    doubled_allowed: int = 0
    seconds: float = field(default=0.0, compare=False)

    @property
    def went_wrong(self) -> bool:
        """Something was lost, doubled beyond what is allowed, out of order, left over or otherwise not as promised."""
        too_often = self.doubled > self.doubled_allowed
        return bool(self.lost or too_often or self.out_of_order or self.left_over or self.broken)

    @property
    def is_as_promised(self) -> bool:
        """Nothing went wrong; or, in a control, facts were found lost or doubled."""
        return bool(self.lost or self.doubled) if self.control else not self.went_wrong


@dataclass(frozen=True)
class Skipped:
    """A fault that could not be brought about here, and why."""

    fault: str
    form: str
    why: str


@dataclass
class Kept:
    """What came of each trial so far, in a file: a long run may be stopped, gone on with, or made piece by piece."""

    path: Path

    def read(self) -> dict[tuple[str, str], Outcome]:
        """Return what is kept, by the trial's name and form; of one that was made again the last, which says so."""
        found: dict[tuple[str, str], Outcome] = {}
        for line in self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else ():
            values: dict[str, Any] = json.loads(line)
            key = values.pop("trial"), values["form"]
            lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
            came = Outcome(**{**values, **lists})
            if key in found:
                came = replace(came, note="; ".join(filter(None, [came.note, "not as promised at first"])))
            found[key] = came
        return found

    def add(self, trial: str, came: Outcome) -> None:
        """Keep what came of a trial."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"trial": trial, **asdict(came)}) + "\n")


_HEADINGS = ("fault", "form", "tries", "events", "lost", "doubled", "out of order", "seconds", "")


def table(results: Iterable[Outcome | Skipped]) -> str:
    """Return the results as a Markdown table."""
    rows = [_HEADINGS, *(_row(each) for each in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["| " + " | ".join(_padded(row, widths)) + " |" for row in rows]
    lines.insert(
        1, "|" + "|".join("-" * (width + 1) + (":" if 2 <= n <= 7 else "-") for n, width in enumerate(widths)) + "|"
    )
    return "\n".join(lines)


def totals(results: Iterable[Outcome | Skipped]) -> str:
    """Return one line that sums the results up; the controls are counted by themselves."""
    done = [each for each in results if isinstance(each, Outcome)]
    sound, controls = [each for each in done if not each.control], [each for each in done if each.control]
    found = sum(each.is_as_promised for each in controls)
    return (
        f"{sum(each.kills for each in done):,} kills, {sum(each.events for each in sound):,} events: "
        f"{sum(each.lost for each in sound)} lost, "
        f"{sum(max(0, each.doubled - each.doubled_allowed) for each in sound)} doubled, "
        f"{sum(each.out_of_order for each in sound)} out of order; "
        f"{found} of {len(controls)} negative controls found out."
    )


def _row(result: Outcome | Skipped) -> tuple[str, ...]:
    if isinstance(result, Skipped):
        return (result.fault, result.form, *["-"] * 6, f"skipped: {result.why}")
    verdict = "as promised" if result.is_as_promised else "NOT AS PROMISED"
    if result.control:
        verdict = "found out" if result.is_as_promised else "NOT FOUND OUT"
    told = [] if result.control else [*result.broken, *result.left_over]
    remarks = "; ".join(filter(None, [verdict, *told, result.note]))
    counts = (result.tries, result.events, result.lost, result.doubled, result.out_of_order)
    return (result.fault, result.form, *(f"{each:,}" for each in counts), f"{result.seconds:.1f}", remarks)


def _padded(row: tuple[str, ...], widths: Sequence[int]) -> Iterable[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if 2 <= column <= 7 else cell.ljust(width)
