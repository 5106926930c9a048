"""The ladder by which a meeting is chased: what happens on which day when nobody answers, arranges or finds a way out.

A ladder is dated data of the authority, so that everybody can be shown beforehand what comes when. A meeting is on one
ladder at a time, and begins it anew whenever what is waited for changes (another time, a required "no"): each such
beginning is a round. Each step of a round is done once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from services.scheduling.domain.meeting import Answer, Invitee, Meeting, MeetingState
from shared.contracts.roles import Role
from shared.kernel.working_days import add_working_days, subtract_working_days, working_days_between


class Ladder(StrEnum):
    """What is waited for."""

    ANSWERS = "answers"
    ARRANGING = "arranging"
    REPLANNING = "replanning"


class Outcome(StrEnum):
    """What became of a step: done, overtaken by a later one on the same day, or nobody was left to chase."""

    DONE = "done"
    OVERTAKEN = "overtaken"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder; `days` are working days.

    They count back from the meeting (answers) or from its latest date (arranging), or on from the day a meeting had to
    be planned anew (replanning). `remind` asks the silent by e-mail, `telephone` puts them on the list to be rung, and
    `tell` are the roles of those who are told.
    """

    ladder: Ladder
    days: int
    remind: bool = False
    telephone: bool = False
    tell: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class ChasePolicy:
    """How an authority chases.

    Steps are taken on working days from `starts_at` (wall-clock time in England). A "perhaps" of somebody who must be
    there counts as no answer from `unsure_days` working days before the meeting. A change is late within
    `late_change_days` working days before it.
    """

    steps: tuple[Step, ...] = ()
    starts_at: time = time(8)
    unsure_days: int = 3
    late_change_days: int = 2

    def of(self, ladder: Ladder) -> tuple[Step, ...]:
        """Return the steps of one ladder."""
        return tuple(step for step in self.steps if step.ladder is ladder)


@dataclass(frozen=True, slots=True)
class Dated:
    """A step with its day."""

    step: Step
    on: date


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is behind us: when, what became of it and how many people it reached."""

    days: int
    on: date
    outcome: Outcome
    reached: int


@dataclass(frozen=True, slots=True)
class Round:
    """The present beginning of a meeting's ladder: its number, and the day since which it is waited."""

    number: int
    since: date


def ladder_of(meeting: Meeting) -> Ladder | None:
    """Return which ladder a meeting is on; None when nothing is waited for."""
    return {
        MeetingState.TO_ARRANGE: Ladder.ARRANGING,
        MeetingState.ARRANGED: Ladder.ANSWERS,
        MeetingState.PUT_BACK: Ladder.REPLANNING,
    }.get(meeting.state)


def steps_of(meeting: Meeting, policy: ChasePolicy, present: Round, holidays: Set[date]) -> tuple[Dated, ...]:
    """Return the steps that a meeting is chased by, in the order of their days.

    A step whose day was over when the round began is left out: nobody is reminded of an invitation on the day they
    got it. What has to be arranged at short notice is chased from the next working day on.
    """
    ladder = ladder_of(meeting)
    if ladder is None:
        return ()
    found = [Dated(step, _day(step, meeting, present, holidays)) for step in policy.of(ladder)]
    if ladder is Ladder.ARRANGING:
        soonest = add_working_days(present.since, 1, holidays)
        found = [Dated(each.step, max(each.on, soonest)) for each in found]
    ahead = (each for each in found if each.on > present.since)
    return tuple(sorted(ahead, key=lambda each: (each.on, _place(each.step))))


def due_steps(steps: Iterable[Dated], taken: Collection[Taken], today: date) -> tuple[Dated, ...]:
    """Return the steps whose day has come and that are not behind us; the last one is to be done."""
    behind = {each.days for each in taken}
    return tuple(each for each in steps if each.on <= today and each.step.days not in behind)


def next_step(steps: Iterable[Dated], taken: Collection[Taken], today: date) -> Dated | None:
    """Return the step that comes next, or None: of several whose day has come the last, which overtakes the others."""
    behind = {each.days for each in taken}
    left = [each for each in steps if each.step.days not in behind]
    due = [each for each in left if each.on <= today]
    return due[-1] if due else left[0] if left else None


def unanswered(meeting: Meeting, policy: ChasePolicy, today: date, holidays: Set[date]) -> tuple[Invitee, ...]:
    """Return those whose answer is waited for: the silent, and close to the day whoever must come and is not sure."""
    if meeting.state is not MeetingState.ARRANGED or meeting.booking is None:
        return ()
    close = working_days_between(today, meeting.booking.day, holidays) <= policy.unsure_days
    return tuple(
        each
        for each in meeting.invitees
        if each.answer is Answer.NEEDS_ACTION or (close and each.required and each.answer is Answer.TENTATIVE)
    )


def in_doubt(meeting: Meeting, policy: ChasePolicy, today: date, holidays: Set[date]) -> tuple[Invitee, ...]:
    """Return those who must be there and whose "perhaps" has stood until close to the day."""
    return tuple(each for each in unanswered(meeting, policy, today, holidays) if each.answer is Answer.TENTATIVE)


def to_telephone(waited_for: Iterable[Invitee], steps: Iterable[Dated], today: date) -> tuple[Invitee, ...]:
    """Return those to be rung: once the step has come that says so, everybody who is waited for."""
    rings = any(each.step.telephone and each.on <= today for each in steps)
    return tuple(waited_for) if rings else ()


def is_late_change(starts_on: date, today: date, policy: ChasePolicy, holidays: Set[date]) -> bool:
    """Tell whether changing a meeting on that day is a change at short notice."""
    return today <= starts_on and working_days_between(today, starts_on, holidays) <= policy.late_change_days


def read_chasing(data: Mapping[str, Any]) -> ChasePolicy:
    """Read the ladders from the JSON form of a policy; a misspelt value raises `KeyError` or `ValueError`."""
    return ChasePolicy(
        steps=tuple(
            Step(
                ladder,
                int(step["days"]),
                remind=bool(step.get("remind", False)),
                telephone=bool(step.get("telephone", False)),
                tell=tuple(Role(role) for role in step.get("tell", ())),
            )
            for ladder in Ladder
            for step in data.get(ladder.value, ())
        ),
        starts_at=time.fromisoformat(data["starts_at"]),
        unsure_days=int(data["unsure_days"]),
        late_change_days=int(data["late_change_days"]),
    )


def _day(step: Step, meeting: Meeting, present: Round, holidays: Set[date]) -> date:
    if step.ladder is Ladder.REPLANNING:
        return add_working_days(present.since, step.days, holidays)
    assert step.ladder is Ladder.ARRANGING or meeting.booking is not None  # noqa: S101 - an arranged one has a time
    anchor = meeting.booking.day if meeting.booking is not None else meeting.meet_by
    if step.days < 0:
        return add_working_days(anchor, -step.days, holidays)
    return subtract_working_days(anchor, step.days, holidays)


def _place(step: Step) -> int:
    return step.days if step.ladder is Ladder.REPLANNING else -step.days
