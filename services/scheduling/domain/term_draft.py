"""A draft of a term as people see and change it, from asked for to sent; and each meeting's line in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from shared.kernel.errors import Conflict, InvalidInput

LONGEST_DAYS = 200
SECONDS = (0, 10, 60, 300, 600)
"""For how long the solver may look for a better draft; 0 leaves it at the quick one."""


class PlanState(StrEnum):
    """Where a draft stands."""

    WAITING = "waiting"
    PLANNING = "planning"
    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    DISCARDED = "discarded"

    @property
    def is_running(self) -> bool:
        """Tell whether the suite is at work on it."""
        return self in (PlanState.WAITING, PlanState.PLANNING, PlanState.SENDING)


class PlacementState(StrEnum):
    """What has become of one meeting in a draft."""

    PLANNED = "planned"
    UNPLACED = "unplaced"
    LEFT_OUT = "left_out"
    TO_SEND = "to_send"
    SENT = "sent"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Options:
    """What whoever drafts a term chose: bounds for social workers, and for how many seconds to improve the draft."""

    a_day: int = 2
    a_week: int = 5
    fair_a_week: int = 3
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How a draft comes on. `cost`, `bound` and the rest are as `cp_sat.Step` has them; None while not known.

    `parts` is the cost split by reason; `unknown_diaries` how many who must come have no diary that is known.
    """

    meetings: int = 0
    placed: int = 0
    seconds: float = 0
    cost: int | None = None
    bound: int | None = None
    choices: int = 0
    possible: int = 0
    proven: bool = False
    improved: bool = False
    parts: Mapping[str, int] = field(default_factory=dict)
    unknown_diaries: int = 0

    @property
    def gap(self) -> float | None:
        """Return by how much of its cost the draft may be too dear, or None where no bound is known."""
        if self.cost is None or self.bound is None:
            return None
        return max(0, self.cost - self.bound) / self.cost if self.cost else 0.0

    def as_data(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TermPlan:
    """A draft of the meetings between two days, of a whole authority or of one manager's teams."""

    id: str
    authority: str
    made_by: str
    made_by_name: str
    made_at: datetime
    whole_authority: bool
    first: date
    last: date
    options: Options = Options()
    state: PlanState = PlanState.WAITING
    started_at: datetime | None = None
    beat_at: datetime | None = None
    finished_at: datetime | None = None
    stop_asked: bool = False
    progress: Progress = Progress()
    problem: str = ""
    sent_by: str = ""
    sent_by_name: str = ""
    version: int = 1

    def check_adjustable(self) -> None:
        """Refuse to change what is being worked on, or is over; raises `Conflict`."""
        if self.state.is_running:
            raise Conflict("term_plan_busy", "The suite is working on this draft. Wait until it is done, or stop it.")
        if self.state is not PlanState.READY:
            raise Conflict("term_plan_over", "This draft is over. Start a new one for what is still to arrange.")


@dataclass(frozen=True, slots=True)
class Placement:
    """One meeting in a draft.

    `locked` times stay when the term is drafted again; `moved_from` is the time that the draft before had; `late` says
    that the latest date cannot be met. Without a time, `hindrance` is the one constraint to relax (a
    `term_obstacles.Hindrance`), with how many times that opens and whose it is. `refusal` says why it was not sent.
    """

    term_plan_id: str
    meeting_id: str
    child_id: str
    state: PlacementState
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    locked: bool = False
    moved_from: datetime | None = None
    late: bool = False
    hindrance: str = ""
    hindrance_person: str = ""
    opens: int = 0
    refusal: str = ""
    version: int = 1

    def moved_to(self, starts_at: datetime, ends_at: datetime) -> Placement:
        """Return it at a time that somebody chose: it stays there."""
        before = self.starts_at if self.starts_at != starts_at else self.moved_from
        return replace(
            self,
            state=PlacementState.PLANNED,
            starts_at=starts_at,
            ends_at=ends_at,
            locked=True,
            moved_from=before,
            hindrance="",
            hindrance_person="",
            opens=0,
            refusal="",
        )

    def left_out(self) -> Placement:
        """Return it without a time, to be arranged by hand."""
        return replace(self, state=PlacementState.LEFT_OUT, starts_at=None, ends_at=None, locked=False, moved_from=None)


def check_span(first: date, last: date, today: date) -> None:
    """Refuse days that cannot be meant; raises `InvalidInput` naming the field."""
    errors: dict[str, list[str]] = {}
    if last <= today:
        errors["last"] = ["The last day must be in the future."]
    elif last < first:
        errors["last"] = ["The last day must be after the first day."]
    elif (last - first).days > LONGEST_DAYS:
        errors["last"] = [f"A draft is for {LONGEST_DAYS} days at most."]
    if errors:
        raise InvalidInput(errors)


def count_states(placements: Iterable[Placement]) -> dict[PlacementState, int]:
    """Return how many meetings of a draft are in each state."""
    found = dict.fromkeys(PlacementState, 0)
    for one in placements:
        found[one.state] += 1
    return found
