"""Writes the notice to a parent who is told of a meeting only after it was held.

It says that there was one and when, and whom to ask; neither whose child it was about nor who came. It is no calendar
message: there is nothing to answer.
"""

from __future__ import annotations

from datetime import datetime

from services.scheduling.adapters.invitation_words import clock_time, day
from shared.platform.plain_mail import Mail, write_plain

_WORDS = """Hello,

An education meeting took place on {when}.

You get this email because it was decided that you are told of such meetings after they were held. The social worker
will tell you what was agreed. If you have a question, reply to this email ({sender}).

To protect people's privacy this email does not say who the meeting was about or who was there.

{organizer}
"""


def write_notice(
    notice_id: str, name: str, address: str, starts_at: datetime, sender_name: str, sender: str, now: datetime
) -> Mail:
    """Return the notice to one parent of a meeting that began at `starts_at`; `now` is the mail's date."""
    when = f"{day(starts_at)}, {clock_time(starts_at)}"
    text = _WORDS.format(when=when, sender=sender, organizer=sender_name)
    title = f"Took place: education meeting, {day(starts_at)}"
    return write_plain(notice_id, name, address, title, text, sender_name, sender, now)
