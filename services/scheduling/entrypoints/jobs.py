"""What the service does by itself, every so often."""

from __future__ import annotations

from datetime import timedelta

from services.scheduling.adapters import links_store, polls_links_store
from services.scheduling.application.chasing import chase_everything
from services.scheduling.application.diaries import read_due_diary
from services.scheduling.application.polls_ends import attend_to_polls
from services.scheduling.application.term_planning import plan_due_term
from services.scheduling.application.term_sending import forget_old_drafts, send_next_invitations
from services.scheduling.entrypoints.send_mail import send_due_mail
from shared.platform.service import Job
from shared.platform.work import Work


def forget_expired_links(work: Work) -> None:
    """Delete the personal links whose meetings are over."""
    links_store.forget_expired(work.connection, work.now)
    polls_links_store.forget_expired(work.connection, work.now)


JOBS = (
    Job("send-mail", timedelta(seconds=1), run_alone=send_due_mail),
    Job("read-diaries", timedelta(seconds=2), run_alone=read_due_diary),
    Job("attend-to-polls", timedelta(minutes=5), run_alone=attend_to_polls),
    Job("plan-term", timedelta(seconds=1), run_alone=plan_due_term),
    Job("send-term-invitations", timedelta(seconds=1), run_alone=send_next_invitations),
    Job("forget-old-drafts", timedelta(days=1), forget_old_drafts),
    Job("chase-meetings", timedelta(minutes=5), run_alone=chase_everything),
    Job("forget-expired-links", timedelta(hours=6), forget_expired_links),
)
