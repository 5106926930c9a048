"""Suspensions and permanent exclusions, with the national reason codes.

Up to three reasons are given for each (school census). The headteacher tells the Virtual School head and the social
worker of a looked-after pupil's suspension without delay (statutory guidance on suspension and permanent exclusion).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.kernel.errors import InvalidInput

MOST_REASONS = 3
REASONS: Mapping[str, str] = {
    "PP": "Physical assault against a pupil",
    "PA": "Physical assault against an adult",
    "VP": "Verbal abuse or threatening behaviour against a pupil",
    "VA": "Verbal abuse or threatening behaviour against an adult",
    "OW": "Use or threat of an offensive weapon or prohibited item",
    "BU": "Bullying",
    "RA": "Racist abuse",
    "LG": "Abuse against sexual orientation or gender identity",
    "DS": "Abuse relating to disability",
    "SM": "Sexual misconduct",
    "DA": "Drug and alcohol related",
    "DM": "Damage",
    "TH": "Theft",
    "MT": "Inappropriate use of social media or online technology",
    "PH": "Transgression of protective measures in place to protect public health",
    "DB": "Persistent or general disruptive behaviour",
}


@dataclass(frozen=True, slots=True)
class Suspension:
    """A suspension from `starts_on` to `ends_on` (both included), or a permanent exclusion, which has no end.

    `sessions` are half school days missed; a lunchtime counts as one. `version` counts changes from 1.
    """

    id: str
    child_id: str
    starts_on: date
    ends_on: date | None
    sessions: int
    permanent: bool
    reasons: tuple[str, ...]
    recorded_by: str
    recorded_at: datetime
    version: int = 1

    @property
    def words(self) -> str:
        """Return what it is in words."""
        return "Permanent exclusion" if self.permanent else "Suspension"


def check_suspension(
    *, starts_on: date, ends_on: date | None, sessions: int, permanent: bool, reasons: tuple[str, ...], today: date
) -> None:
    """Refuse what cannot be a suspension; raises `InvalidInput` with each field's messages."""
    errors: dict[str, list[str]] = {}
    if starts_on > today + timedelta(days=7):
        errors["starts_on"] = ["The first day is more than a week ahead. Check the date."]
    if permanent and ends_on is not None:
        errors["ends_on"] = ["A permanent exclusion has no last day. Leave it empty."]
    elif not permanent and ends_on is None:
        errors["ends_on"] = ["Enter the last day of the suspension."]
    elif ends_on is not None and ends_on < starts_on:
        errors["ends_on"] = ["The last day must be the first day or later."]
    elif ends_on is not None and not 1 <= sessions <= _most_sessions(starts_on, ends_on):
        most = _most_sessions(starts_on, ends_on)
        errors["sessions"] = [f"Enter how many sessions were missed, from 1 to {most} for these dates."]
    if permanent and sessions < 0:
        errors["sessions"] = ["Enter 0 or more sessions."]
    unknown = [code for code in reasons if code not in REASONS]
    if unknown:
        errors["reasons"] = [f"“{unknown[0][:10]}” is not a reason code. Use one of {', '.join(REASONS)}."]
    elif not 1 <= len(set(reasons)) <= MOST_REASONS or len(set(reasons)) != len(reasons):
        errors["reasons"] = ["Choose one, two or three different reasons."]
    if errors:
        raise InvalidInput(errors)


def _most_sessions(starts_on: date, ends_on: date) -> int:
    """Return two sessions for each day from one date to another: a school may meet on any day of the week."""
    return 2 * ((ends_on - starts_on).days + 1)
