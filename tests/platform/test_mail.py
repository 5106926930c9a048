"""Handing mails to an SMTP server that wants TLS and a log-in."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from shared.platform.mail import MailNotSent, post_of
from shared.platform.metrics import MAILS
from shared.platform.settings import MailSecurity, Settings, embedded
from suite.serve import free_port

PASSWORD = "6dJ3kS9w"
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


class Server(Controller):
    """Takes mails from whoever logged in, by STARTTLS or (`implicit`) by TLS from the first byte."""

    def __init__(
        self, certificate: trustme.LeafCert | None, *, implicit: bool = False, answer: str = "250 Taken"
    ) -> None:
        self._answer = answer
        self.taken: list[tuple[str, str, bool]] = []
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
        super().__init__(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            ssl_context=context if implicit else None,
            tls_context=None if implicit else context,
            require_starttls=context is not None and not implicit,
            auth_required=context is not None,
            auth_require_tls=not implicit,  # it does not count TLS from the first byte
            authenticator=self._knows,
        )

    def _knows(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, said: object) -> AuthResult:
        known = isinstance(said, LoginPassword) and said == LoginPassword(b"pep", PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        by_tls = session.ssl is not None or self.ssl_context is not None
        self.taken.append((envelope.mail_from or "", envelope.rcpt_tos[0], by_tls))
        return self._answer


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def served(authority: trustme.CA) -> Iterator[Callable[..., Server]]:
    running: list[Server] = []

    def serve(name: str = "127.0.0.1", *, plain: bool = False, **options: Any) -> Server:
        server = Server(None if plain else authority.issue_cert(name), **options)
        server.start()
        running.append(server)
        return server

    yield serve
    for server in running:
        server.stop()


@pytest.fixture
def settings(tmp_path: Path, authority: trustme.CA) -> Settings:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return replace(
        embedded(tmp_path, port=8600, smtp_port=0, secret="", environ={}),
        smtp_security=MailSecurity.STARTTLS,
        smtp_user="pep",
        smtp_password=PASSWORD,
        smtp_trust=str(tmp_path / "authority.pem"),
    )


def count(outcome: str) -> float:
    return float(MAILS.labels(outcome)._value.get())


def send(settings: Settings, server: Server) -> None:
    with post_of(replace(settings, smtp_port=server.port)) as post:
        post.send("meetings@pep.example", "teacher@people.example", b"Subject: Come\r\n\r\nDo.\r\n")


@pytest.mark.parametrize("security", [MailSecurity.STARTTLS, MailSecurity.TLS])
def test_a_mail_goes_by_tls_to_a_server_that_wants_a_log_in(
    security: MailSecurity, settings: Settings, served: Callable[..., Server]
) -> None:
    server = served(implicit=security is MailSecurity.TLS)
    counted = count("sent")
    send(replace(settings, smtp_security=security), server)
    assert count("sent") == counted + 1
    assert server.taken == [("meetings@pep.example", "teacher@people.example", True)]


@pytest.mark.parametrize(
    ("server", "change", "says"),
    [
        ({}, {"smtp_trust": ""}, "CERTIFICATE_VERIFY_FAILED"),
        ({"implicit": True}, {"smtp_trust": "", "smtp_security": MailSecurity.TLS}, "CERTIFICATE_VERIFY_FAILED"),
        ({"name": "elsewhere.example"}, {}, "CERTIFICATE_VERIFY_FAILED"),
        ({"plain": True}, {}, "STARTTLS"),
        ({}, {"smtp_password": "another"}, "535"),
        ({}, {"smtp_security": MailSecurity.NONE, "smtp_user": "", "smtp_password": ""}, "STARTTLS"),
    ],
    ids=["unknown issuer", "unknown issuer, TLS", "another host", "no TLS", "wrong password", "clear"],
)
def test_a_server_that_is_not_proved_or_does_not_know_us_gets_nothing_and_the_mail_waits(
    server: dict[str, object],
    change: dict[str, object],
    says: str,
    settings: Settings,
    served: Callable[..., Server],
) -> None:
    running, counted = served(**server), count("unreachable")
    with pytest.raises(MailNotSent, match=says) as refused:
        send(replace(settings, **change), running)  # type: ignore[arg-type]
    assert (refused.value.permanent, refused.value.unreachable) == (False, True)
    assert PASSWORD not in str(refused.value)
    assert running.taken == []
    assert count("unreachable") == counted + 1


@pytest.mark.parametrize(("answer", "outcome"), [("550 No such mailbox", "refused"), ("451 Try later", "deferred")])
def test_a_mail_that_is_not_taken_is_counted_by_whether_it_may_be_tried_again(
    answer: str, outcome: str, settings: Settings, served: Callable[..., Server]
) -> None:
    counted = count(outcome)
    with pytest.raises(MailNotSent, match=answer) as refused:
        send(settings, served(answer=answer))
    assert (refused.value.permanent, refused.value.unreachable) == (outcome == "refused", False)
    assert count(outcome) == counted + 1
