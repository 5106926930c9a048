"""Mails go out at a pace the mail server bears: many over one connection, slower when it asks, each just once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import func, select

from services.scheduling.adapters.mail_queue import enqueue_notice
from services.scheduling.adapters.notice_mail import write_notice
from services.scheduling.adapters.tables_mail import mail_out
from services.scheduling.app import SPEC
from services.scheduling.entrypoints.send_mail import send_due_mail
from shared.kernel.clock import london_time
from shared.platform.mail import WITHOUT, MailNotSent, SmtpPost
from shared.platform.mail_pace import FIRST_PAUSE, LONGEST_PAUSE, SLOWEST, Pace
from suite.serve import free_port
from tests.scheduling.conftest import Office

START = london_time(datetime(2026, 12, 1).date(), 10)  # noqa: DTZ001 - only its date is taken


class Server(Controller):
    """Takes mails, unless `refuses` says what to answer instead to the mail of that number (from 1)."""

    def __init__(self, port: int, refuses: Callable[[int], str] = lambda _: "") -> None:
        self.asked = 0
        self.connections = 0
        self.taken: list[str] = []
        self._refuses = refuses
        super().__init__(self, hostname="127.0.0.1", port=port)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        self.asked += 1
        refused = self._refuses(self.asked)
        if refused:
            if refused.startswith("421"):
                server.transport.write(f"{refused}\r\n".encode())
                server.transport.close()
            return refused
        assert isinstance(envelope.content, bytes)
        self.taken.append(str(message_from_bytes(envelope.content)["Message-ID"]))
        return "250 Taken"


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(refuses: Callable[[int], str] = lambda _: "", port: int = 0) -> Server:
        servers.append(Server(port or free_port(), refuses))
        servers[-1].start()
        return servers[-1]

    yield start
    for one in servers:
        if one.server is not None:
            one.stop()


def queue(office: Office, count: int) -> None:
    """Put mails into the queue."""
    with office.writing() as work:
        for number in range(count):
            mail = write_notice(
                f"n{number}", "", f"p{number}@home.example", START, "North", "m@north.example", work.now
            )
            enqueue_notice(work.connection, "", f"p{number}", f"n{number}", mail, work.now, told_by_mail=True)


def use(office: Office, server: Server, **settings: Any) -> None:
    office.runtime.settings = replace(office.runtime.settings, smtp_port=server.port, **settings)


def states(office: Office) -> dict[str, int]:
    with office.runtime.database("scheduling").reading() as connection:
        query = select(mail_out.c.state, func.count()).group_by(mail_out.c.state)
        return {row[0]: row[1] for row in connection.execute(query)}


def attempts(office: Office) -> set[int]:
    with office.runtime.database("scheduling").reading() as connection:
        return set(connection.execute(select(mail_out.c.attempts)).scalars())


def later(office: Office, **passed: float) -> None:
    office.at(office.runtime.clock.now() + timedelta(**passed))


def test_many_mails_go_over_one_connection_and_another_after_as_many_as_the_settings_say(
    office: Office, serve: Callable[..., Server]
) -> None:
    server = serve()
    use(office, server, mail_per_connection=20)
    queue(office, 70)
    assert send_due_mail(office.runtime, SPEC) == 70
    assert server.connections == 4
    assert Counter(server.taken) == Counter({f"<n{number}@north.example>": 1 for number in range(70)})


def test_a_connection_serves_the_next_job_too(office: Office, serve: Callable[..., Server]) -> None:
    server = serve()
    use(office, server)
    queue(office, 1)
    assert send_due_mail(office.runtime, SPEC) == 1
    with office.writing() as work:
        mail = write_notice("m", "", "p@home.example", START, "North", "m@north.example", work.now)
        enqueue_notice(work.connection, "", "p", "m", mail, work.now, told_by_mail=True)
    assert send_due_mail(office.runtime, SPEC) == 1
    assert server.connections == 1


def test_no_more_go_out_in_a_minute_than_the_settings_allow(office: Office, serve: Callable[..., Server]) -> None:
    server = serve()
    use(office, server, mail_per_minute=60)
    queue(office, 100)
    sent = []
    for _ in range(60):
        sent.append(send_due_mail(office.runtime, SPEC))
        later(office, seconds=1)
    assert 58 <= sum(sent) <= 62
    assert max(sent) <= 2


@pytest.mark.parametrize(
    "refusal", ["421 4.7.0 Too many messages, closing", "451 4.3.2 Please slow down", "452 4.5.3 Too many recipients"]
)
def test_a_server_that_says_it_is_too_many_is_left_alone_and_then_asked_more_slowly(
    office: Office, serve: Callable[..., Server], refusal: str
) -> None:
    server = serve(lambda asked: refusal if asked in (8, 9, 20) else "")
    use(office, server, mail_per_minute=6000)
    queue(office, 30)
    assert send_due_mail(office.runtime, SPEC) == 7
    assert states(office) == {"sent": 7, "queued": 23}
    assert send_due_mail(office.runtime, SPEC) == 0  # it is not asked again at once
    assert server.asked == 8
    later(office, seconds=FIRST_PAUSE.total_seconds())
    assert send_due_mail(office.runtime, SPEC) == 0
    assert server.asked == 9
    later(office, seconds=FIRST_PAUSE.total_seconds())
    assert send_due_mail(office.runtime, SPEC) == 0  # the second pause is longer
    assert server.asked == 9
    for _ in range(300):
        later(office, seconds=1)
        send_due_mail(office.runtime, SPEC)
    assert states(office) == {"sent": 30}
    assert sorted(server.taken) == sorted(f"<n{number}@north.example>" for number in range(30))
    assert attempts(office) == {1}


def test_one_mailbox_that_is_not_ready_slows_nobody_down(office: Office, serve: Callable[..., Server]) -> None:
    server = serve(lambda asked: "451 4.7.1 Greylisted, come back later" if asked == 1 else "")
    use(office, server)
    queue(office, 5)
    assert send_due_mail(office.runtime, SPEC) == 4
    later(office, seconds=31)
    assert send_due_mail(office.runtime, SPEC) == 1
    assert len(set(server.taken)) == len(server.taken) == 5


def test_a_server_that_dies_in_between_gets_the_rest_once_it_is_back(
    office: Office, serve: Callable[..., Server]
) -> None:
    first = serve()
    use(office, first, mail_per_minute=600)
    queue(office, 60)
    for _ in range(2):
        send_due_mail(office.runtime, SPEC)
        later(office, seconds=1)
    assert 0 < len(first.taken) < 60
    first.stop()
    assert send_due_mail(office.runtime, SPEC) == 0
    second = serve(port=first.port)
    for _ in range(40):
        later(office, seconds=3)
        send_due_mail(office.runtime, SPEC)
    assert states(office) == {"sent": 60}
    assert Counter([*first.taken, *second.taken]) == Counter({f"<n{number}@north.example>": 1 for number in range(60)})


def test_a_connection_that_the_server_gave_up_meanwhile_costs_no_mail(serve: Callable[..., Server]) -> None:
    server = serve()
    post = SmtpPost("127.0.0.1", server.port, WITHOUT)
    post.send("m@north.example", "p@home.example", b"Message-ID: <1@x>\r\n\r\nx\r\n")
    server.stop()
    again = serve(port=server.port)
    post.wake()
    post.send("m@north.example", "p@home.example", b"Message-ID: <2@x>\r\n\r\nx\r\n")
    post.close()
    assert again.taken == ["<2@x>"]


def test_a_server_that_turns_us_away_at_the_door_is_too_many_not_away(serve: Callable[..., Server]) -> None:
    server = serve(lambda _: "421 4.3.2 Too many connections")
    post = SmtpPost("127.0.0.1", server.port, WITHOUT)
    with pytest.raises(MailNotSent) as refused:
        post.send("m@north.example", "p@home.example", b"Message-ID: <1@x>\r\n\r\nx\r\n")
    assert refused.value.too_many
    assert not refused.value.unreachable


NOW = datetime.fromisoformat("2026-11-20T09:30:00+00:00")


def test_pauses_grow_to_a_quarter_of_an_hour_and_the_pace_falls_to_a_few_and_recovers() -> None:
    pace = Pace(300)
    now = NOW
    pauses = []
    for _ in range(12):
        until = pace.too_many(now)
        pauses.append(until - now)
        assert pace.may_send(now, 50) == 0
        now = until
        assert pace.may_send(now, 50) == 1
    assert pauses[0] == FIRST_PAUSE
    assert pauses[-1] == LONGEST_PAUSE
    assert pace.per_minute == SLOWEST
    for _ in range(400):
        pace.taken()
    assert pace.per_minute == 300
    assert pace.too_many(now) - now == FIRST_PAUSE


def test_without_a_limit_a_server_that_slowed_us_down_is_asked_freely_again_in_the_end() -> None:
    pace = Pace(0)
    assert pace.may_send(NOW, 50) == 50
    until = pace.too_many(NOW)
    assert 0 < pace.may_send(until, 50) <= 50
    for _ in range(3100):
        pace.taken()
    assert pace.per_minute == 0


def test_a_clock_that_is_set_back_prolongs_no_pause() -> None:
    pace = Pace(60)
    pace.too_many(NOW)
    assert pace.may_send(NOW - timedelta(days=1), 50) >= 1
