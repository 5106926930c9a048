"""Reads a mail server's notice that a mail of ours did not arrive (RFC 3464), also where it is freely written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message

_ADDRESS = re.compile(r"[^\s<>;,:\"()]{1,64}@[^\s<>;,:\"()]{1,253}")
_DAEMONS = re.compile(r"^(mailer-daemon|postmaster|mdaemon|mail-daemon|mailerdaemon|microsoftexchange[0-9a-f]*)@")
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a notice says: whether a mail `failed` to arrive, at which address, and why in the server's own words."""

    failed: bool
    address: str = ""
    diagnosis: str = ""


def read_report(mail: Message) -> DeliveryReport:
    """Return what a multipart/report says; a delay, a read receipt and other notices are no failure."""
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            for fields in part.walk():
                if _field(fields, "Action").lower() == "failed":
                    return _failure(fields)
            return DeliveryReport(failed=False)
    return DeliveryReport(failed=False)


def is_daemon(sender: str) -> bool:
    """Tell whether an address is one that mail servers write notices from."""
    return _DAEMONS.match(sender) is not None


def read_free_report(text: str) -> DeliveryReport:
    """Return what a notice without fields says, as old mail servers write it."""
    address = _ADDRESS.search(text)
    found = address.group(0).strip(".'").casefold() if address else ""
    return DeliveryReport(True, found, " ".join(text.split())[:_LONGEST])


def _failure(fields: Message) -> DeliveryReport:
    address = _field(fields, "Original-Recipient") or _field(fields, "Final-Recipient")
    status = _field(fields, "Status")
    diagnosis = _field(fields, "Diagnostic-Code").partition(";")
    words = diagnosis[2].strip() or diagnosis[0]
    return DeliveryReport(
        failed=True,
        address=address.rpartition(";")[2].strip().strip("<>").casefold()[:254],
        diagnosis=" ".join(f"{status} {words}".split())[:_LONGEST],
    )


def _field(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())
