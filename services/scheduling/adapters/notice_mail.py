"""Writes the notice to a parent who is told of a meeting only after it was held.

It says that there was one and when, and whom to ask; neither whose child it was about nor who came. It is no calendar
message: there is nothing to answer.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from services.scheduling.adapters.icalendar_writer import plain_name
from services.scheduling.adapters.invitation_mail import Mail
from services.scheduling.adapters.invitation_words import clock_time, day

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
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    title = f"Took place: education meeting, {day(starts_at)}"
    message_id = f"<{notice_id}@{sender.rpartition('@')[2]}>"
    mail["From"] = Address(plain_name(sender_name), addr_spec=sender)
    mail["Reply-To"] = Address(addr_spec=sender)
    mail["To"] = Address(plain_name(name), addr_spec=address)
    mail["Subject"] = title
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    when = f"{day(starts_at)}, {clock_time(starts_at)}"
    text = _WORDS.format(when=when, sender=sender, organizer=sender_name)
    mail.set_content(text, cte="quoted-printable")
    return Mail(message_id, sender, address, title, mail.as_bytes())
