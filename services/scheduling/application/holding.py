"""A meeting at which somebody who had to be there did not come, and that therefore has to be arranged again."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduling.application.lookup import find_unchanged, note
from services.scheduling.application.meetings import call_off_and_tell
from services.scheduling.domain.holding import Account
from services.scheduling.domain.meeting import Answer, Meeting, hold
from shared.kernel.errors import InvalidInput
from shared.platform.work import Work


def rearrange_after_no_show(
    work: Work, meeting_id: str, attended: Iterable[str], seen_version: int, account: Account
) -> Meeting:
    """Put a meeting that does not count back to be arranged anew, and keep who did not come and had not said so.

    Raises `InvalidInput` where everybody who had to be there was, and `Conflict` before the meeting has begun.
    """
    meeting = find_unchanged(work, meeting_id, seen_version, "scheduling.meeting.record_held")
    there = list(attended)
    hold(meeting, there or [each.person_id for each in meeting.invitees], work.now)
    missed = [each for each in meeting.invitees if each.person_id not in there]
    if not any(each.required for each in missed):
        raise InvalidInput({"counts": ["Everybody who had to be there was, so the meeting counts."]})
    for each in missed:
        if each.person_id not in account.apologies and each.answer is not Answer.DECLINED:
            note(work, meeting, "no_show", role=each.role, name=each.name)
    return call_off_and_tell(work, meeting, "no_show")
