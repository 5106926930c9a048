"""What an authority has decided about its meetings: dated data, never code.

Councils differ in who must be there, how long a meeting is and how much notice people get, so none of it is a rule of
this suite. A policy holds from a date; the one in force on a day is found with `policy_on`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import StrEnum
from typing import Any

from services.scheduling.domain.agenda import read_standing
from services.scheduling.domain.chasing import ChasePolicy, read_chasing
from services.scheduling.domain.meeting import Kind
from services.scheduling.domain.quorum import Quorum, read_quorum
from services.scheduling.domain.term_rules import TermRules, read_term_rules
from shared.contracts.roles import Role


class HeldTimes(StrEnum):
    """What other searches do with a time that people are being asked about."""

    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class PollPolicy:
    """How an authority asks people which times suit them; what it leaves out is switched off.

    `closes_after_days` and `remind_days_before` are working days: the usual time to answer, and how long before its end
    those are reminded who have not. `held_times` says what another search does with times that are being asked about:
    avoid them (`soft`) or leave them out (`hard`) for people who must be there.
    """

    closes_after_days: int | None = None
    remind_days_before: int | None = None
    held_times: HeldTimes | None = None


@dataclass(frozen=True, slots=True)
class KindPolicy:
    """What an authority has decided otherwise for a kind of meeting than for PEP meetings; the rest holds for both."""

    required_roles: frozenset[Role]
    invited_roles: tuple[Role, ...]
    meeting_minutes: int
    notice_days: int
    quorum: Quorum


@dataclass(frozen=True, slots=True)
class MeetingPolicy:
    """An authority's policy for meetings, from `effective_from` until the next one.

    `notice_days` are the clear working days people must have between the invitation and the meeting. `day_starts` and
    `day_ends` bound the times that are offered, `lessons_start` and `lessons_end` the school's day, and `lunch_starts`
    and `lunch_ends` its midday break, unless the school's own are known; all are wall-clock times in England.
    `travel_minutes` are left between two meetings in different places (0: none). `invited_roles` are those proposed
    when a meeting is arranged, in the order in which they are shown. `quorum` says without whom a meeting does not
    go ahead, `chasing` who is reminded, rung and told when, `agenda` what is always talked about, by the occasion.
    `languages` are the codes of those besides English in
    which families are written to: each once somebody who speaks it has read its catalogue. `kinds` has the policy for
    each kind of meeting for which something else is decided than for PEP meetings. `term_plan` are the rules of drafts
    of a whole term; an authority without them drafts none.
    """

    authority: str
    effective_from: date
    required_roles: frozenset[Role]
    invited_roles: tuple[Role, ...]
    meeting_minutes: int
    notice_days: int
    day_starts: time
    day_ends: time
    lessons_start: time
    lessons_end: time
    lunch_starts: time
    lunch_ends: time
    quorum: Quorum
    chasing: ChasePolicy
    agenda: Mapping[str, tuple[str, ...]]
    travel_minutes: int = 0
    polls: PollPolicy = PollPolicy()
    languages: frozenset[str] = frozenset()
    kinds: Mapping[str, KindPolicy] = field(default_factory=dict)
    term_plan: TermRules | None = None

    def for_kind(self, kind: str) -> MeetingPolicy:
        """Return the policy for a kind of meeting (pep, review)."""
        otherwise = self.kinds.get(kind)
        if otherwise is None:
            return self
        return replace(
            self,
            required_roles=otherwise.required_roles,
            invited_roles=otherwise.invited_roles,
            meeting_minutes=otherwise.meeting_minutes,
            notice_days=otherwise.notice_days,
            quorum=otherwise.quorum,
        )

    def requires(self, role: str) -> bool:
        """Tell whether a meeting should not go ahead without somebody in this role."""
        return role in self.required_roles


class NoPolicy(Exception):
    """No policy of the authority is in force on the day asked about."""


def policy_on(policies: Iterable[MeetingPolicy], day: date) -> MeetingPolicy:
    """Return that of an authority's policies which is in force on `day`; raises `NoPolicy` where there is none."""
    in_force = [one for one in policies if one.effective_from <= day]
    if not in_force:
        raise NoPolicy(f"No meeting policy is in force on {day.isoformat()}")
    return max(in_force, key=lambda one: one.effective_from)


def read_policy(data: Mapping[str, Any]) -> MeetingPolicy:
    """Read one policy from its JSON form; a missing or misspelt value raises `KeyError` or `ValueError`.

    Each of `kinds` says only what is otherwise there than for PEP meetings.
    """
    return MeetingPolicy(
        authority=str(data["authority"]),
        effective_from=date.fromisoformat(data["effective_from"]),
        required_roles=frozenset(Role(role) for role in data["required_roles"]),
        invited_roles=tuple(Role(role) for role in data["invited_roles"]),
        meeting_minutes=int(data["meeting_minutes"]),
        notice_days=int(data["notice_days"]),
        day_starts=time.fromisoformat(data["day_starts"]),
        day_ends=time.fromisoformat(data["day_ends"]),
        lessons_start=time.fromisoformat(data["lessons_start"]),
        lessons_end=time.fromisoformat(data["lessons_end"]),
        lunch_starts=time.fromisoformat(data["lunch_starts"]),
        lunch_ends=time.fromisoformat(data["lunch_ends"]),
        quorum=read_quorum(data["quorum"]),
        chasing=read_chasing(data["chasing"]),
        agenda=read_standing(data["agenda"]),
        travel_minutes=int(data.get("travel_minutes", 0)),
        term_plan=read_term_rules(data["term_plan"]) if "term_plan" in data else None,
        polls=_read_polls(data.get("polls", {})),
        languages=frozenset(str(code) for code in data.get("languages", ())),
        kinds={
            Kind(kind).value: _read_kind({**data, **otherwise}) for kind, otherwise in data.get("kinds", {}).items()
        },
    )


def _read_kind(data: Mapping[str, Any]) -> KindPolicy:
    return KindPolicy(
        required_roles=frozenset(Role(role) for role in data["required_roles"]),
        invited_roles=tuple(Role(role) for role in data["invited_roles"]),
        meeting_minutes=int(data["meeting_minutes"]),
        notice_days=int(data["notice_days"]),
        quorum=read_quorum(data["quorum"]),
    )


def _read_polls(data: Mapping[str, Any]) -> PollPolicy:
    unknown = set(data) - {"closes_after_days", "remind_days_before", "held_times"}
    if unknown:
        raise KeyError(f"polls: {', '.join(sorted(unknown))}")
    closes, reminds, held = (data.get(key) for key in ("closes_after_days", "remind_days_before", "held_times"))
    return PollPolicy(
        closes_after_days=None if closes is None else int(closes),
        remind_days_before=None if reminds is None else int(reminds),
        held_times=None if held is None else HeldTimes(held),
    )
