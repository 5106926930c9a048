"""What happened beside the story of the children: a colleague who acts for a teacher, a record opened at night."""

from __future__ import annotations

from datetime import date

from services.pep.adapters import children_store
from services.pep.app import SPEC as PEP
from services.pep.application import delegations, emergencies
from services.pep.domain.delegations import end_of_school_year
from services.pep.domain.emergencies import Outcome
from services.pep.domain.forms import TARGETS
from shared.contracts.emergency import EmergencyReason
from shared.kernel.clock import london_time
from suite.demo.cast import staff_id
from suite.demo.children import Child
from suite.demo.player import Player
from suite.demo.staff import SOCIAL_WORKERS, TEAM_MANAGER

TEACHER = "dt-990007"
DELEGATE = ("Grace Ellison", "grace.ellison@oakfield.example")


def name_delegate(player: Player, day: date) -> None:
    """Let the designated teacher of Oakfield name a colleague for the attainment and the targets of all pupils."""
    name, email = DELEGATE
    parts = ("progress", "qualifications", TARGETS)
    wish = delegations.Wish(name, email, True, (), parts, day, end_of_school_year(day))
    with player.stage.acting(PEP, staff_id(TEACHER)) as work:
        delegations.delegate(work, wish)


def open_at_night(player: Player, cast: tuple[Child, ...], day: date) -> None:
    """Let the social worker on duty open the record of a child of a colleague's."""
    child = _of_a_colleague(player, cast)
    player.stage.at(london_time(day, 18, 25))
    with player.stage.acting(PEP, staff_id(SOCIAL_WORKERS[-1].key)) as work:
        emergencies.open_record(
            work,
            child.reference,
            child.born_on,
            EmergencyReason.MISSING,
            "The carer rang the duty desk: not home from school. The police ask where else to look.",
        )


def review(player: Player, cast: tuple[Child, ...], day: date) -> None:
    """Let the team manager review it on another day."""
    child_id = player.child_ids[_of_a_colleague(player, cast).key]
    player.stage.at(london_time(day, 18, 20))
    with player.stage.acting(PEP, staff_id(TEAM_MANAGER.key)) as work:
        for one in emergencies.openings_of(work, child_id):
            found = "Right. The duty desk now has the school’s number for after hours."
            emergencies.review(work, child_id, one.account.opening.id, Outcome.RIGHT_WITH_LESSON, found)


def _of_a_colleague(player: Player, cast: tuple[Child, ...]) -> Child:
    """Return the first child in care who is known by now and whose social worker is not the one on duty."""
    with player.stage.looking(PEP) as work:
        known = children_store.load_many(work.connection, player.child_ids.values())
    in_care = {child_id for child_id, child in known.items() if child.in_care}
    duty = SOCIAL_WORKERS[-1].key
    return next(one for one in cast if one.social_worker != duty and player.child_ids.get(one.key) in in_care)
