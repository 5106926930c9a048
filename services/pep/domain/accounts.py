"""How a person and an account at an issuer belong together. An account is known by issuer and subject, nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

INVITATION_LASTS = timedelta(days=7)
CHOICE_LASTS = timedelta(minutes=10)


class LinkedBy(StrEnum):
    """How an account was linked to a person: by the address both have, or by an invitation."""

    EMAIL = "email"
    INVITATION = "invitation"


@dataclass(frozen=True, slots=True)
class Account:
    """An account with which a person signs in; `invited_by` is who invited them to link it."""

    issuer: str
    subject: str
    person_id: str
    linked_at: datetime
    linked_by: LinkedBy
    invited_by: str | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation to link an account, good for one use within seven days."""

    secret_hash: str
    person_id: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Tell whether it may be used."""
        return self.used_at is None and now < self.expires_at


def links_by_address(with_address: Collection[str], linked_at_issuer: Collection[str]) -> str:
    """Return whom a first sign-in with a proved address is linked to, or an empty text.

    `with_address` are the people here with that address, `linked_at_issuer` those of them who have an account at the
    issuer already: another account with the same address may be a successor's, so it takes an invitation.
    """
    if len(with_address) != 1 or set(with_address) & set(linked_at_issuer):
        return ""
    return next(iter(with_address))
