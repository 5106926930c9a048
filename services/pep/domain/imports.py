"""What an import found: counts, and each fault with the place it is at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


class UnreadableFile(Exception):
    """A file cannot be imported at all; nothing of it was. The text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file. `line` counts from 1, the header included; `row_used`: the rest of the row was used."""

    file: str
    line: int
    column: str
    value: str
    what: str
    row_used: bool = False


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of an import; `counts` are by the words that a person reads, in the order of counting."""

    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows_left_out(self) -> int:
        """Return how many rows were left out because of a fault."""
        return len({(problem.file, problem.line) for problem in self.problems if not problem.row_used})
