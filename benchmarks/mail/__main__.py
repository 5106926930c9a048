"""Sends the invitations of a whole term through a local mail server, and counts what arrived.

.venv/bin/python -m benchmarks.mail [MAILS]

12,000 mails unless said otherwise: each to one person, written, kept in the queue's table, sent by a worker in a
process of its own to a server (aiosmtpd) in another. Beside it the plain way: icalendar, EmailMessage and smtplib over
one connection, with nothing kept. Ends with 1 when a mail is missing or came twice, or the worker's memory grew by
more than a tenth after its first thousand.
"""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from benchmarks.borrowed import stop
from benchmarks.calendar.writing import written_plainly
from benchmarks.mail.ground import NOW, PEOPLE, arrangement, at, fill
from services.scheduling.domain.itip import plan_messages
from suite.serve import free_port

PLAIN = 1_000


@contextmanager
def server(folder: Path, name: str) -> Iterator[tuple[int, Path]]:
    """Run a mail server; gives its port and where its report is afterwards."""
    port, report = free_port(), folder / f"{name}.json"
    command = [sys.executable, "-m", "benchmarks.mail.server", str(port), str(report)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield port, report
    finally:
        stop(process)


def sent_plainly(port: int, mails: int) -> float:
    """Write and send mails the plain way; return the seconds it took."""
    messages = [
        message
        for number in range(mails // PEOPLE)
        for message in plan_messages(None, arrangement(number), NOW).messages
    ]
    began = perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as post:
        for message in messages:
            raw = written_plainly(message).replace(b"\n", b"\r\n")
            post.sendmail(message.organizer_email, [message.attendee.email], raw)
    return perf_counter() - began


def main() -> int:
    """Print what was sent, how fast, and what the worker held; return 1 when something is wrong."""
    mails = int(sys.argv[1]) if sys.argv[1:] else 12_000
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with server(folder, "ours") as (port, report):
            runtime = at(folder, port)
            began = perf_counter()
            fill(runtime, mails // PEOPLE)
            written = perf_counter() - began
            runtime.close()
            command = [sys.executable, "-m", "benchmarks.mail.worker", str(folder), str(port)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        arrived = json.loads(report.read_text())
        with server(folder, "plain") as (port, _):
            plainly = sent_plainly(port, min(PLAIN, mails)) / min(PLAIN, mails)
    lines = [line.split() for line in done.stdout.splitlines()]
    held = {int(count): float(megabytes) for what, count, megabytes in (one[:3] for one in lines) if what != "sent"}
    (_, sent, seconds, _) = next(one for one in lines if one[0] == "sent")
    print(f"{int(sent)} mails sent, {arrived['mails']} arrived, {arrived['mails_twice']} of them twice;")
    print(
        f"{arrived['entries']} calendar entries, {arrived['entries_twice']} of them twice; "
        f"{arrived['connections']} connections"
    )
    for count, megabytes in held.items():
        print(f"    after {count:6}: {megabytes:6.1f} MB resident")
    ours, sending = (written + float(seconds)) / mails, float(seconds) / mails
    print(f"written and queued: {mails / written:.0f} a second; sent: {mails / float(seconds):.0f} a second")
    print(f"the plain way, nothing kept: {1 / plainly:.0f} a second; ours takes {ours / plainly:.2f} of its time,")
    print(f"    the sending alone {sending / plainly:.2f}")
    grown = held[max(held)] > 1.1 * held.get(1000, held[max(held)])
    whole = int(sent) == arrived["mails"] == arrived["entries"] == mails
    wrong = not whole or arrived["mails_twice"] or arrived["entries_twice"] or grown
    print("Wrong." if wrong else "None missing, none twice, memory flat.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
