"""Asking people first, for the tests of it: a poll about the invented child's meeting, and the mails it sends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from services.scheduling.adapters import polls_store
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.application.polls import Asking, ask_people
from services.scheduling.application.polls_answers import answer_by_poll_link
from services.scheduling.domain.meeting import Meeting
from services.scheduling.domain.polls import Choice, Poll
from shared.kernel.clock import london_time
from tests.suite.mail_text import everything_in

DAYS = (date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3))
CLOSES = date(2026, 11, 26)
EVERYBODY = {"worker": True, "teacher": True, "carer": False, "parent": False}


def an_asking(days: Sequence[date] = DAYS, closes_on: date = CLOSES, *, counts: bool = False, **who: bool) -> Asking:
    starts = [london_time(day, 10) for day in days]
    times = tuple((at, at + timedelta(hours=1)) for at in starts)
    return Asking(times, closes_on, who or EVERYBODY, counts)


def ask(office: Any, meeting: Meeting, asking: Asking | None = None, who: str = "worker") -> Poll:
    with office.writing(who) as work:
        return ask_people(work, meeting.id, asking or an_asking())


def poll_of(office: Any, meeting: Meeting) -> Poll:
    with office.runtime.database("scheduling").reading() as connection:
        found: Poll = polls_store.of_meeting(connection, meeting.id)[0]
    return found


def mails_of(office: Any, act: str) -> dict[str, str]:
    """Return the mails of an act that wait, by the key of the person they go to, with all that can be read in them."""
    query = select(mail_out.c.recipient, mail_out.c.raw).where(mail_out.c.act == act, mail_out.c.state == "queued")
    with office.runtime.database("scheduling").reading() as connection:
        return {row.recipient.partition("@")[0]: everything_in(row.raw.encode()) for row in connection.execute(query)}


def link_in(text: str) -> str:
    """Return the secret of the personal link in a mail."""
    return re.findall(r"/scheduling/poll/([\w-]{20,})(?![\w=-])", text)[-1]


def says(office: Any, secret: str, meeting: Meeting, *said: Choice, comment: str = "") -> None:
    """Let the holder of a link say of each time what they think of it, as somebody without an account."""
    choices = {one.id: choice for one, choice in zip(poll_of(office, meeting).proposals, said, strict=True)}
    with office.writing("") as work:
        answer_by_poll_link(work, secret, choices, comment)
