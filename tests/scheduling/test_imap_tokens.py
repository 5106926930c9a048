"""A mailbox that takes no password, as Microsoft 365's: a real Dovecot that asks what a token is worth, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from shared.platform.production import UnusableSettings, from_environment
from suite.apart import imap
from suite.apart.imap import opened, read_until
from suite.apart.imap_token import MailboxToken, TokenRefused, token_for
from tests.platform.test_settings import GOOD
from tests.scheduling.test_imap import Server, a_mail, dovecot, kept, wait_until

CLIENT, SECRET, SCOPE = "pep-suite", "made by chance", "https://mail.example/.default"


@dataclass
class Issuer:
    """What the server that gives tokens does: for how long they hold, whom it refuses, and what it was asked."""

    lasts: int | None = 3600
    secret: str = SECRET
    says: bytes | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    address: str = ""

    def give(self, form: dict[str, str], authorization: str) -> tuple[int, bytes]:
        self.asked.append(form)
        if self.says is not None:
            return 200, self.says
        if form.get("client_secret", self.secret) != self.secret or (authorization and self.secret != SECRET):
            return 401, b'{"error": "invalid_client", "error_description": "AADSTS7000215"}'
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        given: dict[str, Any] = {"token_type": "Bearer", "access_token": token}
        return 200, json.dumps(given | ({"expires_in": self.lasts} if self.lasts is not None else {})).encode()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            form = {name: values[-1] for name, values in parse_qs(body).items()}
            if self.path == "/token":
                status, said = made.give(form, self.headers.get("Authorization", ""))
            else:
                active = form.get("token", "") in made.good
                status, said = 200, json.dumps({"active": active, "username": "meetings"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    made.address = f"http://127.0.0.1:{running.server_port}"
    yield made
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def server(issuer: Issuer) -> Iterator[Server]:
    with dovecot(introspection=f"{issuer.address}/introspect") as running:
        yield running


def token(issuer: Issuer, **more: Any) -> MailboxToken:
    return MailboxToken(f"{issuer.address}/token", CLIENT, SECRET, SCOPE, **more)


def test_answers_are_fetched_with_a_token_and_a_new_one_when_the_server_takes_the_old_no_more(
    office: Any, server: Server, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "LOOK_SECONDS", 1.0)
    where = replace(server.plain, password="", token=token(issuer))
    stop = threading.Event()
    reader = threading.Thread(target=read_until, args=(stop, where, office.runtime))
    reader.start()
    server.deliver(a_mail("With a token", 1))
    wait_until(lambda: kept(office) == ["With a token"], server.home)
    stop.set()
    reader.join(40)
    assert not reader.is_alive()
    assert {(each["grant_type"], each["scope"]) for each in issuer.asked} == {("client_credentials", SCOPE)}

    issuer.good.clear()
    with pytest.raises((imap.ImapToolsError, imap.IMAP4.error)), opened(where):
        pass
    with opened(where) as box:
        assert box.folder.exists("INBOX")
    assert len(issuer.asked) == 2


def test_a_token_is_used_until_shortly_before_its_end(issuer: Issuer) -> None:
    now = [1000.0]
    mine = token(issuer, now=lambda: now[0])
    assert [mine.text(), mine.text()] == ["token-1", "token-1"]
    now[0] += 3600 - 301
    assert mine.text() == "token-1"
    now[0] += 2
    assert mine.text() == "token-2"
    issuer.lasts = None
    mine.forget()
    assert [mine.text(), mine.text()] == ["token-3", "token-4"]


@pytest.mark.parametrize("said", [b"", b"<html>", b"[]", b'"x"', b"{}", b'{"error": "unauthorized_client"}'])
def test_a_server_that_gives_no_token_is_named_without_the_secret(issuer: Issuer, said: bytes) -> None:
    issuer.says = said
    with pytest.raises(TokenRefused) as refused:
        token(issuer).text()
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(token(issuer))


def test_a_wrong_secret_and_a_server_that_is_away_are_tried_again_later(
    office: Any, server: Server, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.secret = "another"
    with pytest.raises(TokenRefused, match="invalid_client"):
        token(issuer).text()
    stop = threading.Event()
    where = replace(server.plain, password="", token=token(issuer))
    reader = threading.Thread(target=read_until, args=(stop, where, office.runtime))
    reader.start()
    wait_until(lambda: "invalid_client" in caplog.text)
    issuer.secret = SECRET
    server.deliver(a_mail("After it was put right", 1))
    wait_until(lambda: kept(office) == ["After it was put right"], server.home)
    stop.set()
    reader.join(400)
    with pytest.raises(OSError, match="refused"):
        MailboxToken("http://127.0.0.1:1/token", CLIENT, SECRET).text()


MAILBOX = {"PEP_SUITE_REPLY_MAILBOX": "imaps://meetings%40south.example@outlook.office365.com/INBOX"}
TOKENS = {
    "PEP_SUITE_REPLY_TOKEN_ADDRESS": "https://login.example/oauth2/v2.0/token",
    "PEP_SUITE_REPLY_CLIENT": CLIENT,
    "PEP_SUITE_REPLY_CLIENT_SECRET": SECRET,
}


def test_the_settings_say_who_asks_for_a_token_and_where() -> None:
    made = token_for(from_environment(GOOD | MAILBOX | TOKENS, mailbox=True))
    assert made == MailboxToken(
        "https://login.example/oauth2/v2.0/token", CLIENT, SECRET, "https://outlook.office365.com/.default"
    )
    assert token_for(from_environment(GOOD, mailbox=False)) is None


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"PEP_SUITE_REPLY_TOKEN_ADDRESS": "http://login.example/token"}, "must start with https"),
        ({"PEP_SUITE_REPLY_CLIENT": ""}, "who asks for the token"),
        ({"PEP_SUITE_REPLY_TOKEN_ADDRESS": ""}, "must say who reads it"),
    ],
)
def test_settings_that_lack_something_are_refused(changes: dict[str, str], fault: str) -> None:
    with pytest.raises(UnusableSettings, match=fault):
        from_environment(GOOD | MAILBOX | TOKENS | changes, mailbox=True)
