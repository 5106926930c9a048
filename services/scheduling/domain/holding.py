"""How a meeting went: who came, who had said sorry, who did not come, how the child took part, whether it counts."""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduling.domain.meeting import Answer, Meeting
from services.scheduling.domain.quorum import Lacking, Quorum, check_counted, what_lacks
from shared.contracts.participation import Participation
from shared.contracts.roles import Role
from shared.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Account:
    """What is told of a meeting that took place, besides who came.

    `apologies` are ids of people who had said that they could not come, `why_counted` a code of `WhyCounted` where
    somebody who had to be there was not, and `note` what is to be said about it.
    """

    apologies: tuple[str, ...] = ()
    participation: Participation | None = None
    why_counted: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HowItWent:
    """How a held meeting went, as it is kept: invited people are in `attended` (on the meeting) or in one of these."""

    meeting_id: str
    quorate: bool
    lacking: Lacking
    why_counted: str
    note: str
    apologies: tuple[str, ...]
    no_shows: tuple[str, ...]
    participation: Participation | None


def how_it_went(held: Meeting, account: Account, quorum: Quorum) -> HowItWent:
    """Return how a meeting went that has just been recorded as held; raises `InvalidInput` naming the field.

    A meeting without the quorum, or without somebody who had to be there, may count, but not without a reason. Who had
    answered that they cannot come has sent apologies.
    """
    came = set(held.attended)
    away = [each for each in held.invitees if each.person_id not in came]
    declined = [each.person_id for each in away if each.answer is Answer.DECLINED]
    apologies = tuple(dict.fromkeys((*account.apologies, *declined)))
    if set(apologies) - {each.person_id for each in away}:
        raise InvalidInput({"apologies": ["Somebody is marked both as there and as having sent apologies."]})
    lacking = what_lacks(quorum, (each.role for each in held.invitees if each.person_id in came))
    check_counted(lacking, (each.name for each in away if each.required), account.why_counted, account.note)
    if account.participation is not None:
        children = [each.person_id for each in held.invitees if each.role == Role.CHILD]
        there = any(one in came for one in children) if children else None
        check_participation(account.participation, marked_as_there=there)
    counted = account.why_counted if not lacking.quorate or any(each.required for each in away) else ""
    return HowItWent(
        meeting_id=held.id,
        quorate=lacking.quorate,
        lacking=lacking,
        why_counted=counted,
        note=account.note if counted else "",
        apologies=apologies,
        no_shows=tuple(each.person_id for each in away if each.person_id not in apologies),
        participation=account.participation,
    )


def check_participation(seen: Participation, *, marked_as_there: bool | None) -> None:
    """Refuse a part that contradicts the list of who was there; raises `InvalidInput`.

    `marked_as_there` is None where the child was not on the list of those invited.
    """
    if marked_as_there is None or marked_as_there is seen.attended:
        return
    if marked_as_there:
        message = "You have ticked that the child was there. Choose how they took part in the meeting."
    else:
        message = "The child is not ticked as there. Tick them too, or choose how they were heard without coming."
    raise InvalidInput({"part": [message]})
