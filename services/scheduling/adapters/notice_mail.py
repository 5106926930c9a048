"""Writes notices: mails that tell of something and are no calendar message. None says whose child it is about.

One goes to a parent who is told of a meeting only after it was held: that there was one and when, and whom to ask, not
who came. One goes to staff who answer for a record that somebody opened in an emergency, one to those who are told
that meetings wait for somebody.
"""

from __future__ import annotations

from datetime import datetime

from services.scheduling.adapters.invitation_words import named
from services.scheduling.adapters.tongues import ENGLISH, Tongue, to_say, tongue_of
from services.scheduling.domain.itip import NEUTRAL_SUMMARY
from shared.platform.plain_mail import Mail, write_plain

_TOOK_PLACE = (
    to_say("Hello,"),
    to_say("An education meeting took place on {when}."),
    to_say(
        "You get this email because it was decided that you are told of such meetings after they were held. The social "
        "worker will tell you what was agreed. If you have a question, reply to this email ({address})."
    ),
    to_say("To protect people's privacy this email does not say who the meeting was about or who was there."),
)
_CHASE = """Hello,

{which} for somebody: people have not answered, somebody who must be there cannot come, or no time is arranged yet.

Sign in and open the chase list. It says who is waited for, whom to telephone, and what happens next if nobody does
anything.

{chase_list}

To protect people's privacy this email does not say who the meetings are about.

{organizer}
"""
_EMERGENCY = """Hello,

A child's record was opened in an emergency on {when} by somebody who is not on the child's team. It closes by itself
after an hour.

You get this email because you answer for the record. Sign in and open "My work": it says whose record it is, who opened
it and why. Somebody else than who opened it has to review it.

{work_list}

To protect people's privacy this email does not say who the child is.

{organizer}
"""


def write_chase_notice(
    notice_id: str,
    name: str,
    address: str,
    meetings: int,
    chase_list: str,
    sender_name: str,
    sender: str,
    now: datetime,
) -> Mail:
    """Return the notice to one member of staff that so many meetings wait; `chase_list` is a whole address."""
    which = "1 education meeting waits" if meetings == 1 else f"{meetings} education meetings wait"
    text = _CHASE.format(which=which, chase_list=chase_list, organizer=sender_name)
    return write_plain(notice_id, name, address, f"{which} for somebody", text, sender_name, sender, now)


def write_notice(
    notice_id: str,
    name: str,
    address: str,
    starts_at: datetime,
    sender_name: str,
    sender: str,
    now: datetime,
    language: str = "",
    summary: str = NEUTRAL_SUMMARY,
) -> Mail:
    """Return the notice to one parent of a meeting called `summary` that began at `starts_at`; `now` is its date.

    `language` is the code of the language that it is in besides English.
    """
    own = tongue_of(language)
    tongues = (ENGLISH,) if own.is_english else (own, ENGLISH)
    text = f"\n{'-' * 60}\n\n".join(_took_place(tongue, summary, starts_at, sender_name, sender) for tongue in tongues)
    title = " / ".join(_title(tongue, summary, starts_at) for tongue in tongues)
    return write_plain(notice_id, name, address, title, text, sender_name, sender, now)


def _title(tongue: Tongue, summary: str, starts_at: datetime) -> str:
    lead, what = tongue.say("Took place"), tongue.say(summary).lower()
    return f"{lead}: {what}, {tongue.day(starts_at)}"


def _took_place(tongue: Tongue, summary: str, starts_at: datetime, sender_name: str, sender: str) -> str:
    said = {"when": tongue.moment(starts_at), "address": sender}
    return "\n\n".join([*(tongue.say(named(one, summary), **said) for one in _TOOK_PLACE), sender_name]) + "\n"


def write_emergency_notice(
    notice_id: str,
    name: str,
    address: str,
    opened_at: datetime,
    work_list: str,
    sender_name: str,
    sender: str,
    now: datetime,
) -> Mail:
    """Return the notice to one member of staff of a record opened at `opened_at`; `work_list` is a whole address."""
    text = _EMERGENCY.format(when=ENGLISH.moment(opened_at), work_list=work_list, organizer=sender_name)
    title = "A record was opened in an emergency"
    return write_plain(notice_id, name, address, title, text, sender_name, sender, now)
