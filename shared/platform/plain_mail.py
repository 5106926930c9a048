"""Writes a mail of plain text to one person: what the services send that is no calendar message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

LINE_ENDS = re.compile("\r\n|[\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_NOT_IN_NAMES = str.maketrans("", "", '"\\')
_MAILABLE = re.compile(r"[A-Za-z0-9.!#$'*+/=^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail ready to send: `raw` has CRLF line ends and only ASCII."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    raw: bytes


def can_be_mailed(address: str) -> bool:
    """Tell whether an address is one that a mail of ours can be sent to."""
    return len(address) <= 254 and _MAILABLE.fullmatch(address) is not None


def plain_name(name: str) -> str:
    """Return a name in one line without control characters, quotation marks and backslashes (readers disagree)."""
    return " ".join(CONTROLS.sub("", LINE_ENDS.sub(" ", name)).translate(_NOT_IN_NAMES).split())


def write_plain(
    mail_id: str, name: str, address: str, subject: str, text: str, sender_name: str, sender: str, now: datetime
) -> Mail:
    """Return a mail of `text` to one person; `now` is its date, and answers go to the sender."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    message_id = f"<{mail_id}@{sender.rpartition('@')[2]}>"
    mail["From"] = Address(plain_name(sender_name), addr_spec=sender)
    mail["Reply-To"] = Address(addr_spec=sender)
    mail["To"] = Address(plain_name(name), addr_spec=address)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now.astimezone(UTC))
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail.set_content(text, cte="quoted-printable")
    return Mail(message_id, sender, address, subject, mail.as_bytes())
