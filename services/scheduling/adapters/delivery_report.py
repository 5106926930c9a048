"""Reads a mail server's notice that a mail of ours did not arrive (RFC 3464), also where it is freely written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

_ADDRESS = re.compile(r"[^\s<>;,:\"()]{1,64}@[^\s<>;,:\"()]{1,253}")
_DAEMONS = re.compile(r"^(mailer-daemon|postmaster|mdaemon|mail-daemon|mailerdaemon|microsoftexchange[0-9a-f]*)@")
_LATER = re.compile(
    r"not yet been delivered|warning message only|(?:will|are|is|being) (?:continue|be retried|keep trying|retried)"
    r"|attempts will continue|still (?:being )?(?:trying|retried|queued)|delivery (?:is|has been) delayed",
    re.IGNORECASE,
)
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_READ_RECEIPT = ("message/disposition-notification", "message/global-disposition-notification")
_COMPLAINT = "message/feedback-report"
_NOTICES = frozenset({*_STATUS, *_READ_RECEIPT, _COMPLAINT})
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a notice says: whether a mail `failed` to arrive, at which address, and why in the server's own words.

    `unwanted` tells that it did arrive, and that its reader calls it unwanted mail (RFC 5965).
    """

    failed: bool
    address: str = ""
    diagnosis: str = ""
    unwanted: bool = False


def is_report(mail: Message, parts: Sequence[Message]) -> bool:
    """Tell whether a mail, whose leaves are `parts`, is a notice with fields, also where something wrapped it."""
    return (
        mail.get_content_type() == "multipart/report"
        or "X-Failed-Recipients" in mail
        or any(part.get_content_type() in _NOTICES for part in parts)
    )


def read_report(mail: Message, parts: Sequence[Message], words: str) -> DeliveryReport:
    """Return what a notice says; a delay, a read receipt and other notices are no failure.

    `words` is what it says to people: where its fields are missing or broken that is what counts.
    """
    kinds = {part.get_content_type(): part for part in parts}
    if _COMPLAINT in kinds:
        told = (_plain(_field(fields, "Original-Rcpt-To")) for fields in kinds[_COMPLAINT].walk())
        address = next(filter(None, told), "")
        return DeliveryReport(False, address, "", unwanted=True)
    actions = [fields for fields in _status_fields(parts) if _field(fields, "Action")]
    for fields in actions:
        if _field(fields, "Action").lower().startswith("failed"):
            return _failure(fields)
    if actions or not kinds.keys().isdisjoint(_READ_RECEIPT):
        return DeliveryReport(failed=False)
    if str(mail.get_param("report-type", "")).lower() == "disposition-notification":
        return DeliveryReport(failed=False)
    named = _plain(str(mail.get("X-Failed-Recipients", "")).partition(",")[0])
    free = read_free_report(words)
    return DeliveryReport(free.failed, named or free.address, free.diagnosis)


def is_daemon(sender: str) -> bool:
    """Tell whether an address is one that mail servers write notices from."""
    return _DAEMONS.match(sender) is not None


def read_free_report(text: str) -> DeliveryReport:
    """Return what a notice without fields says, as old mail servers write it."""
    addresses = (_plain(found.group().strip(".'")) for found in _ADDRESS.finditer(text))
    address = next((one for one in addresses if not is_daemon(one)), "")
    return DeliveryReport(_LATER.search(text) is None, address, " ".join(text.split())[:_LONGEST])


def _status_fields(parts: Sequence[Message]) -> Iterator[Message]:
    for part in parts:
        if part.get_content_type() == _STATUS[0]:
            yield from part.walk()
        elif part.get_content_type() in _STATUS:
            blocks = part.as_string().partition("\n\n")[2]
            yield from message_from_string(f"Content-Type: {_STATUS[0]}\n\n{blocks}").walk()


def _failure(fields: Message) -> DeliveryReport:
    address = _field(fields, "Original-Recipient") or _field(fields, "Final-Recipient")
    status = _field(fields, "Status")
    diagnosis = _field(fields, "Diagnostic-Code").partition(";")
    words = diagnosis[2].strip() or diagnosis[0]
    return DeliveryReport(True, _plain(address.rpartition(";")[2]), " ".join(f"{status} {words}".split())[:_LONGEST])


def _plain(address: str) -> str:
    return address.strip().strip("<>").casefold()[:254]


def _field(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())
