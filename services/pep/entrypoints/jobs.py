"""What the service does by itself as days go by."""

from __future__ import annotations

from datetime import timedelta

from services.pep.adapters import links_store
from services.pep.adapters.mail_store import QUEUE
from services.pep.adapters.review_notices_store import QUEUE as REVIEW_NOTICES
from services.pep.application import children
from services.pep.application.review_notices import tell_of_packs
from shared.platform.access import system_actor
from shared.platform.erasure_register import write_down
from shared.platform.postman import send_due
from shared.platform.runtime import Runtime
from shared.platform.service import Job, ServiceSpec
from shared.platform.work import Work, writing_work

BATCH = 500
"""Children in one transaction: enough for few round trips, so few that memory and locks stay small."""


def keep_up_with_the_date(runtime: Runtime, spec: ServiceSpec) -> None:
    """Move children up a year group on 1 September, and open each new term's plans, one authority after another.

    Batch by batch, each in a transaction of its own: however many children there are, memory stays the same, nobody
    waits for long, and what is stopped goes on where it was.
    """
    for authority in runtime.settings.authorities:
        last = None
        while last != "":
            with writing_work(runtime, spec, system_actor(authority.key)) as work:
                last = children.keep_up_with_the_date(work, last or "", BATCH)


def send_due_mail(runtime: Runtime, spec: ServiceSpec) -> int:
    """Send the mails whose turn it is through the SMTP server of the settings; return how many went out."""
    return send_due(QUEUE, runtime, spec) + send_due(REVIEW_NOTICES, runtime, spec)


def tell_of_review_packs(work: Work) -> None:
    """Tell those who are invited to a review that there is something to read, when the day for it has come."""
    tell_of_packs(work)


def forget_link_visits(work: Work) -> None:
    """Delete what is kept of the browsers in which personal links were opened, a day after."""
    links_store.forget_visits(work.connection, work.now)


JOBS = (
    Job("keep_up_with_the_date", timedelta(hours=6), run_alone=keep_up_with_the_date),
    Job("write_down_erasures", timedelta(minutes=1), run_alone=write_down),
    Job("send-mail", timedelta(seconds=1), run_alone=send_due_mail),
    Job("tell-of-review-packs", timedelta(hours=1), tell_of_review_packs),
    Job("forget-link-visits", timedelta(hours=6), forget_link_visits),
)
