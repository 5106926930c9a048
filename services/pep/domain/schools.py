"""A school as the national register has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PHASES = (
    "Nursery",
    "Primary",
    "Middle deemed primary",
    "Middle deemed secondary",
    "Secondary",
    "All-through",
    "16 plus",
)
"""The phases of the register that a school added by hand can have."""


@dataclass(frozen=True, slots=True)
class School:
    """A school or other provider, by its Unique Reference Number.

    `phase`, `kind` and `status` are in the register's own words ("Secondary", "Academy converter", "Open").
    """

    urn: str
    name: str
    phase: str = ""
    kind: str = ""
    town: str = ""
    postcode: str = ""
    local_authority: str = ""
    status: str = "Open"
    opened_on: date | None = None
    closed_on: date | None = None
    low_age: int | None = None
    high_age: int | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether children can be on its roll: open, or open but proposed to close."""
        return self.status.startswith("Open")
