"""Writes the mails of a poll: asking which times suit, asking once more, and telling the worker how it stands.

None says whose meeting it is, where it may be, or who else is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.scheduling.adapters.tongues import ENGLISH
from services.scheduling.domain.polls import Proposal
from shared.platform.plain_mail import Mail, write_plain

_ASK = """Hello,

{opening}

{times}

Say which of these times suit you:
{url}

Please answer by the end of {closes_on}.
You can change your answer until then, and you do not need an account. The link is for you alone, so please do not pass
this email on.

Nothing is fixed yet. Once a time is chosen, those who are to come get an invitation.

To protect people's privacy this email does not say who the meeting is about or who else is asked. If you have a
question, reply to this email ({sender}).

{organizer}
"""
_OPENING = "An education meeting is being arranged, and we would like to know which times suit you."
_ONCE_MORE = "An education meeting is being arranged, and we have not heard yet which times suit you."
_STANDS = """Hello,

{what}

Sign in to see which time suits best, and to take it:
{url}

To protect people's privacy this email does not say who the meeting is about or what people said.

{organizer}
"""
_ALL = "Everybody you asked has said which times suit them for an education meeting."
_OVER = "The closing date for saying which times suit for an education meeting has passed.\n{answered}"


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom a mail goes, from whom, and when it is written."""

    mail_id: str
    name: str
    address: str
    sender_name: str
    sender: str
    now: datetime


def write_question(letter: Letter, times: Sequence[Proposal], closes_on: date, url: str, *, again: bool) -> Mail:
    """Return the mail that asks one person which of some times suit them, or asks `again`; `url` is their own."""
    text = _ASK.format(
        opening=_ONCE_MORE if again else _OPENING,
        times="\n".join(f"- {_when(one)}" for one in times),
        url=url,
        closes_on=_day(closes_on),
        sender=letter.sender,
        organizer=letter.sender_name,
    )
    title = "Reminder: which times suit you? Education meeting" if again else "Which times suit you? Education meeting"
    return _plain(letter, title, text)


def write_all_answered(letter: Letter, url: str) -> Mail:
    """Return the mail that tells the worker that everybody has answered; `url` is the page of the poll."""
    title = "Everybody has answered: times for an education meeting"
    return _plain(letter, title, _STANDS.format(what=_ALL, url=url, organizer=letter.sender_name))


def write_closed(letter: Letter, url: str, answered: int, asked: int) -> Mail:
    """Return the mail that tells the worker that the closing date has passed, and how many have answered."""
    what = _OVER.format(answered=f"{answered} of the {asked} people you asked have answered.")
    title = "The closing date has passed: times for an education meeting"
    return _plain(letter, title, _STANDS.format(what=what, url=url, organizer=letter.sender_name))


def _plain(letter: Letter, title: str, text: str) -> Mail:
    return write_plain(
        letter.mail_id, letter.name, letter.address, title, text, letter.sender_name, letter.sender, letter.now
    )


def _when(one: Proposal) -> str:
    return ENGLISH.when(one.starts_at, one.ends_at)


def _day(one: date) -> str:
    return f"{one:%A} {one.day} {one:%B %Y}"
