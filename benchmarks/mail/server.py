"""A mail server in a process of its own: takes what comes, and says in the end what it took.

python -m benchmarks.mail.server PORT REPORT
"""

from __future__ import annotations

import json
import re
import signal
import sys
import threading
from collections import Counter
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

_UID = re.compile(rb"^UID:(\S+)", re.MULTILINE)


class Taking:
    """Keeps of each mail what tells it from the others."""

    def __init__(self) -> None:
        self.mails: Counter[str] = Counter()
        self.entries: Counter[str] = Counter()
        self.connections = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content)
        (recipient,) = envelope.rcpt_tos
        self.mails[str(mail["Message-ID"])] += 1
        for part in mail.walk():
            if part.get_content_type() == "application/ics":
                found = _UID.search(part.get_payload(decode=True) or b"")
                assert found is not None
                self.entries[f"{found[1].decode()} {recipient}"] += 1
        return "250 Taken"


def main() -> None:
    """Serve until told to stop."""
    port, report = int(sys.argv[1]), Path(sys.argv[2])
    taking = Taking()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    controller = Controller(taking, hostname="127.0.0.1", port=port)
    controller.start()
    print("ready", flush=True)
    stop.wait()
    controller.stop()
    counts = {
        "mails": len(taking.mails),
        "mails_twice": sum(count > 1 for count in taking.mails.values()),
        "entries": len(taking.entries),
        "entries_twice": sum(count > 1 for count in taking.entries.values()),
        "connections": taking.connections,
    }
    report.write_text(json.dumps(counts))


if __name__ == "__main__":
    main()
