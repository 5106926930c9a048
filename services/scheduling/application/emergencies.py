"""Records opened in an emergency: whoever answers for the record is told at once by mail, which names no child."""

from __future__ import annotations

from services.scheduling.adapters import mail_queue
from services.scheduling.adapters.notice_mail import write_emergency_notice
from shared.contracts.pep import EmergencyOpened
from shared.contracts.roles import Role
from shared.kernel.ids import new_id
from shared.platform import emergencies, roster
from shared.platform.access import authority_of
from shared.platform.plain_mail import can_be_mailed
from shared.platform.roster import Person
from shared.platform.work import Work


def when_opened(work: Work, fact: EmergencyOpened) -> None:
    """Keep the copy, and write to the Virtual School heads and the child's social worker; said again, it is no news."""
    if not emergencies.keep_copy(work, fact):
        return
    key = authority_of(work, fact.child_id)
    authority = work.settings.authority(key)
    for one in _who_answers(work, fact, key):
        address = (one.email or "").strip()
        if not can_be_mailed(address):
            continue  # it is on their work list all the same
        notice_id = new_id()
        mail = write_emergency_notice(
            notice_id,
            one.name,
            address,
            fact.opened_at,
            work.settings.address_of("pep", "/"),
            authority.organizer_name,
            authority.organizer_address,
            work.now,
        )
        mail_queue.enqueue_notice(
            work.connection, "", one.id, notice_id, mail, work.now, told_by_mail=True, act="emergency"
        )


def _who_answers(work: Work, fact: EmergencyOpened, authority: str) -> list[Person]:
    heads = [one for one in roster.people(work.connection, authority) if Role.VIRTUAL_SCHOOL_HEAD in one.kinds]
    team = roster.team(work.connection, fact.child_id, work.today)
    workers = roster.people_by_id(work.connection, [one.person_id for one in team if one.role is Role.SOCIAL_WORKER])
    return [*heads, *workers.values()]
