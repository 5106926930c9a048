"""Answers handed over by a mail server: each is taken when what became of it is committed, and nothing else is."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from services.scheduling.adapters import mail_in_store
from suite.apart.lmtp import LARGEST_MAIL, listening

OURS = "meetings@pep.northmoor.example"


@pytest.fixture
def server(office: Any) -> Iterator[smtplib.LMTP]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with listening(office.runtime, "127.0.0.1", port), smtplib.LMTP("127.0.0.1", port) as client:
        yield client


def a_mail() -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Message-ID"] = "teacher@people.example", OURS, "<1@people.example>"
    made.set_content("Yes, I can come.")
    return made.as_bytes()


def test_a_mail_is_taken_when_it_is_kept_and_the_answer_says_what_became_of_it(
    office: Any, server: smtplib.LMTP
) -> None:
    assert server.sendmail("teacher@people.example", [OURS.upper()], a_mail()) == {}
    with office.reading() as work:
        assert [mail.comment for mail in mail_in_store.waiting_unknown(work.connection, "northmoor", first=False)] == [
            "Yes, I can come."
        ]


def test_mail_for_anybody_else_is_refused(office: Any, server: smtplib.LMTP) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        server.sendmail("teacher@people.example", ["head@people.example"], a_mail())
    assert refused.value.recipients["head@people.example"][0] == 550


def test_a_mail_that_says_it_is_too_large_is_refused_before_it_is_sent(server: smtplib.LMTP) -> None:
    server.ehlo_or_helo_if_needed()
    code, _ = server.mail("teacher@people.example", [f"size={5 * LARGEST_MAIL}"])
    assert code == 552


def test_while_the_database_is_away_the_mail_server_keeps_the_mail(
    office: Any, server: smtplib.LMTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OSError("away")

    monkeypatch.setattr("suite.apart.lmtp.receive_mail", away)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        server.sendmail("teacher@people.example", [OURS], a_mail())
    assert refused.value.smtp_code == 451
