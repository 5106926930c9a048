"""A mail server that refuses, puts off, says nothing, or is told of a mail by a sender that dies before it notes that.

Which of the two is promised where both cannot be: no invitation is ever lost. One may go out twice, and only where the
sender died (or the connection broke) after the server had taken it and before that was noted; both copies have the same
Message-ID and are the same message of the same calendar entry, so that nobody's calendar shows two.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from functools import partial

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from faults.ground import Ground
from faults.kills import KILLED
from faults.load import start
from faults.office import Office, arrange_all, open_office
from faults.outcome import Outcome
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.entrypoints.send_mail import send_due_mail, send_through
from shared.platform import crashpoints
from shared.platform.mail import smtp_post

TURN = timedelta(hours=1)  # later than the next turn of any mail here


class MailServer:
    """Keeps what it takes by Message-ID; while `answer` is something else than 250 it takes nothing."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.answer = "250 Taken"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        """Take one mail, or do not."""
        if self.answer.startswith("250"):
            self.taken[str(message_from_bytes(envelope.original_content or b"")["Message-ID"])] += 1
        return self.answer


def refused(ground: Ground) -> Outcome:
    """Refuse mails for good: each is given up in plain sight, and not tried again by itself."""
    return _answered(
        ground, "the mail server refuses (550)", "550 No such mailbox", turns=ground.times(3, 1), given_up=True
    )


def put_off(ground: Ground) -> Outcome:
    """Put every mail off, several times over; then take them."""
    return _answered(ground, "the mail server puts off (451)", "451 Later", turns=ground.times(5, 2), given_up=False)


def says_nothing(ground: Ground) -> Outcome:
    """Let the server take the connection and never say a word; then have one that answers."""
    children = ground.times(30, 4)
    with open_office(ground, children) as office:
        mails = arrange_all(office, children)
        runtime = office.runtime()
        with (
            socket.create_server(("127.0.0.1", 0)) as silent,
            smtp_post("127.0.0.1", silent.getsockname()[1], timeout=0.5) as post,
        ):
            sent = send_through(runtime, SPEC, post)
        runtime.close()
        with _listening() as (server, port):
            _send(office, port, turn=1)
    broken = () if sent == 0 else (f"{sent} mails count as sent although nobody took them",)
    return _outcome("the mail server says nothing", ground, server, mails, 1, broken=broken)


def sender_killed(ground: Ground) -> Outcome:
    """Kill the sender after the server has taken a mail and before that is noted."""
    tries, kills = ground.times(50, 3), 0
    children = ground.times(60, 6)
    with open_office(ground, children) as office:
        mails = arrange_all(office, children)
        with _listening() as (server, port):
            for turn in range(tries):
                passes = ground.chance.randint(1, 2)
                process = start(partial(_send, office, port, turn, f"after_mail_taken:{passes}"))
                process.join(60)
                kills += process.exitcode == KILLED
            _send(office, port, tries)
        states = _states(office)
    broken = () if states == {"sent": mails} else (f"the mails stand at {dict(states)}",)
    note = f"{kills} may go out twice: one for each death between acceptance and our record"
    return _outcome(
        "the mail sender dies between acceptance and record", ground, server, mails, tries,
        kills=kills, broken=broken, may_double=kills, note=note,
    )  # fmt: skip


def _answered(ground: Ground, name: str, answer: str, *, turns: int, given_up: bool) -> Outcome:
    children = ground.times(30, 4)
    with open_office(ground, children) as office:
        mails = arrange_all(office, children)
        with _listening() as (server, port):
            server.answer, accepting = answer, server.answer
            for turn in range(turns):
                _send(office, port, turn)
            server.answer = accepting
            before = server.taken.total()
            _send(office, port, turns)
        states = _states(office)
    wanted = {"failed": mails} if given_up else {"sent": mails}
    broken = () if states == wanted and before == 0 else (f"the mails stand at {dict(states)}",)
    lost = 0 if given_up else None
    return _outcome(
        name, ground, server, mails, turns, broken=broken, lost=lost, note="given up in plain sight" * given_up
    )


def _outcome(
    name: str,
    ground: Ground,
    server: MailServer,
    mails: int,
    tries: int,
    *,
    kills: int = 0,
    broken: tuple[str, ...] = (),
    may_double: int = 0,
    lost: int | None = None,
    note: str = "",
) -> Outcome:
    return Outcome(
        fault=name,
        form=ground.form,
        tries=tries,
        events=mails,
        lost=mails - len(server.taken) if lost is None else lost,
        doubled=server.taken.total() - len(server.taken),
        kills=kills,
        broken=broken,
        note=note,
        doubled_allowed=may_double,
    )


def _send(office: Office, port: int, turn: int, crash: str = "") -> None:
    """Send everything whose turn it is, `turn` turns after the mails were written; until nothing more goes."""
    crashpoints.arm(crash)
    reached = Office(office.home, office.database, port)
    runtime = reached.runtime(TURN * turn)
    while send_due_mail(runtime, SPEC):
        pass
    runtime.close()


def _states(office: Office) -> Counter[str]:
    runtime = office.runtime()
    with runtime.database(SPEC.name).reading() as connection:
        states = Counter(connection.execute(select(mail_out.c.state)).scalars())
    runtime.close()
    return states


@contextmanager
def _listening() -> Iterator[tuple[MailServer, int]]:
    """Keep a mail server going while inside; give it and its port."""
    server = MailServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield server, port
    finally:
        controller.stop()
