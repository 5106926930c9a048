"""Why staff may open a child's record in an emergency, without a place on the child's team, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LASTS = timedelta(hours=1)
"""For how long a record that was opened in an emergency stays open."""


class EmergencyReason(StrEnum):
    """What kind of emergency it is; what happened is written down in words, which do not travel."""

    RISK = "risk"
    MISSING = "missing"
    BREAKDOWN = "breakdown"
    POLICE_OR_COURT = "police_or_court"
    NOBODY_REACHED = "nobody_reached"

    @property
    def words(self) -> str:
        """Return the reason as a page shows it."""
        return REASON_WORDS[self]


REASON_WORDS = {
    EmergencyReason.RISK: "The child may be at risk of harm now",
    EmergencyReason.MISSING: "The child is missing",
    EmergencyReason.BREAKDOWN: "The home or the school place is breaking down today",
    EmergencyReason.POLICE_OR_COURT: "The police, a hospital or a court needs an answer today",
    EmergencyReason.NOBODY_REACHED: "It cannot wait, and nobody on the child’s team can be reached",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """A record opened in an emergency, from `opened_at` until `until` (not included); both aware UTC."""

    id: str
    child_id: str
    person_id: str
    reason: EmergencyReason
    opened_at: datetime
    until: datetime

    def is_open(self, now: datetime) -> bool:
        """Tell whether the record may be read at an instant."""
        return self.opened_at <= now < self.until

    @property
    def why(self) -> str:
        """Return what the audit keeps of it with everything that was looked at meanwhile."""
        return f"{self.reason.words} (emergency opening {self.id})"
