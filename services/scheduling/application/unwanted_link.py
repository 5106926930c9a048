"""Whom a child does not want at their meetings, said by the personal link of their invitation.

A link may be opened by whoever reads the child's mail, so nothing that was said is shown behind it.
"""

from __future__ import annotations

from services.scheduling.application.answers import Asked, invitee_actor, open_link
from services.scheduling.application.unwanted import SAY, keep_wish
from services.scheduling.domain.unwanted import Unwanted
from shared.contracts.roles import Role
from shared.kernel.errors import NotFound
from shared.platform.access import note_link_use
from shared.platform.work import Work


def open_childs_link(work: Work, secret: str) -> Asked:
    """Return what a child's link is about; raises `NotFound` as `open_link`, and for anybody else's."""
    asked = open_link(work, secret)
    if asked.invitee.role != Role.CHILD:
        raise NotFound("link_not_known", "This link is no longer in use.")
    return asked


def say_unwanted_by_link(work: Work, secret: str, name: str, why: str) -> Unwanted:
    """Keep whom the child does not want there; raises `NotFound` and `InvalidInput`."""
    asked = open_childs_link(work, secret)
    meeting, invitee = asked.meeting, asked.invitee
    note_link_use(work, invitee_actor(work, meeting, invitee), invitee.role, SAY, meeting.child_id)
    return keep_wish(work, meeting.child_id, (invitee.person_id, f"{invitee.name} by personal link"), "", name, why)
