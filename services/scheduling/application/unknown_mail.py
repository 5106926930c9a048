"""Replies by mail that belong to no known meeting: held, so that a person looks at them before they are let go."""

from __future__ import annotations

from services.scheduling.adapters import mail_in_store
from services.scheduling.adapters.mail_in_store import ReceivedMail
from shared.kernel.errors import NotFound
from shared.platform.access import may, permit
from shared.platform.work import Work

ACTION = "scheduling.mail.sort_unknown"


def unknown_mails(work: Work) -> list[ReceivedMail]:
    """Return the mails that wait, the newest first."""
    permit(work, ACTION)
    authority = work.actor.authority
    return mail_in_store.waiting_unknown(
        work.connection, authority, first=authority == work.settings.authorities[0].key
    )


def count_unknown(work: Work) -> int:
    """Return how many wait for somebody who may look at them; none for anybody else."""
    return len(unknown_mails(work)) if may(work, ACTION) else 0


def settle_unknown(work: Work, mail_id: str) -> None:
    """Note that somebody has dealt with such a mail; raises `NotFound` when it does not wait any more."""
    if all(mail.id != mail_id for mail in unknown_mails(work)):
        raise NotFound("mail_not_waiting", "Somebody has already dealt with this mail.")
    mail_in_store.settle(work.connection, mail_id, work.actor.person_id, work.now)
