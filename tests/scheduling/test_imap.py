"""Answers fetched from a real mailbox: a Dovecot of the test's own, on loopback."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme

from services.scheduling.adapters import mail_in_store
from services.scheduling.adapters.reply_reader import MAX_MAIL_OCTETS
from suite.apart import imap
from suite.apart.imap import Mailbox, mailbox_at, opened, read_until, take_all, wait_for_mail

CONFIGURATION = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
listen = 127.0.0.1
protocols = imap
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{home}/mail
ssl_cert = <{home}/server.pem
ssl_key = <{home}/server.pem
disable_plaintext_auth = no
auth_mechanisms = plain {mechanism}
{tokens}
passdb {{
  driver = static
  args = password=right
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

TOKENS = """\
introspection_mode = post
introspection_url = {introspection}
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass(frozen=True)
class Server:
    """A mail server with one mailbox."""

    home: Path
    plain: Mailbox
    tls: Mailbox

    def deliver(self, raw: bytes) -> None:
        with opened(self.plain) as box:
            box.append(raw, "INBOX")

    def inside(self, folder: str) -> int:
        with opened(self.plain) as box:
            return int(box.folder.status(folder)["MESSAGES"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def whose_processes(home: Path) -> dict[str, Any]:
    """Return as whom the server's parts run: root's as Debian's own users, for a mailbox may not be root's."""
    if os.getuid():
        me, group = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
        return {"internal": me.pw_name, "group": group.gr_name, "login": me.pw_name, "uid": me.pw_uid, "gid": me.pw_gid}
    internal = pwd.getpwnam("dovecot")
    os.chown(home, internal.pw_uid, internal.pw_gid)
    users = {"internal": "dovecot", "group": "dovecot", "login": "dovenull"}
    return {**users, "uid": internal.pw_uid, "gid": internal.pw_gid}


@contextmanager
def dovecot(port: int = 0, introspection: str = "") -> Iterator[Server]:
    program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Dovecot is missing (Debian package dovecot-imapd); it holds the mailbox.")
        pytest.skip("Dovecot is not installed")
    home = Path(tempfile.mkdtemp(prefix="pep-suite-imap-"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(home / "authority.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(home / "server.pem")
    ports = {"plain": port or free_port(), "tls": free_port()}
    tokens = {"mechanism": "xoauth2" if introspection else "", "tokens": ""}
    if introspection:
        (home / "tokens.conf").write_text(TOKENS.format(introspection=introspection))
        tokens["tokens"] = f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {home}/tokens.conf\n}}"
    (home / "dovecot.conf").write_text(CONFIGURATION.format(home=home, **ports, **tokens, **whose_processes(home)))
    process = subprocess.Popen([program, "-F", "-c", str(home / "dovecot.conf")])
    try:
        plain = Mailbox("imap", "127.0.0.1", ports["plain"], "meetings", "right")
        trusted = str(home / "authority.pem")
        server = Server(home, plain, replace(plain, security="imaps", port=ports["tls"], trust=trusted))
        wait_until(lambda: answers(ports["plain"]), home)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        shutil.rmtree(home)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait_until(true: Any, home: Path | None = None, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not true():
        log = home / "log" if home else None
        assert time.monotonic() < until, log.read_text() if log and log.exists() else "not in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with dovecot() as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    with opened(running.plain) as box:
        for folder in (running.plain.folder, running.plain.taken):
            box.folder.set(folder)
            box.delete(box.uids())
    return running


def a_mail(words: str = "Yes, I can come.", number: int = 1) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = "teacher@people.example", "meetings@pep.northmoor.example"
    made["Message-ID"] = f"<{number}@people.example>"
    made.set_content(words)
    return made.as_bytes()


def kept(office: Any) -> list[str]:
    with office.reading() as work:
        return sorted(
            mail.comment or "" for mail in mail_in_store.waiting_unknown(work.connection, "northmoor", first=False)
        )


def test_what_is_in_the_mailbox_is_taken_in_and_moved_to_where_people_still_find_it(
    office: Any, server: Server
) -> None:
    for number in range(3):
        server.deliver(a_mail(f"Answer {number}", number))
    with opened(server.tls) as box:
        assert take_all(box, server.tls, office.runtime) == 0
        assert take_all(box, server.tls, office.runtime) == 0
    assert kept(office) == ["Answer 0", "Answer 1", "Answer 2"]
    assert (server.inside("INBOX"), server.inside("Taken in")) == (0, 3)


def test_a_mail_that_cannot_be_taken_in_stays_and_keeps_no_other_waiting(
    office: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(a_mail("Broken", 1))
    server.deliver(a_mail("Sound", 2))
    sound = imap.receive_mail

    def receive(runtime: Any, spec: Any, raw: bytes, authority: str) -> dict[str, str | None]:
        if b"Broken" in raw:
            raise ValueError("broken")
        return sound(runtime, spec, raw, authority)

    monkeypatch.setattr(imap, "receive_mail", receive)
    with opened(server.plain) as box:
        assert take_all(box, server.plain, office.runtime) == 1
    assert kept(office) == ["Sound"]
    assert (server.inside("INBOX"), server.inside("Taken in")) == (1, 1)
    monkeypatch.setattr(imap, "receive_mail", sound)
    with opened(server.plain) as box:
        assert take_all(box, server.plain, office.runtime) == 0
    assert kept(office) == ["Broken", "Sound"]


def test_a_mail_that_was_committed_and_not_moved_is_moved_and_counts_once(office: Any, server: Server) -> None:
    server.deliver(a_mail())
    server.deliver(a_mail())
    with opened(server.plain) as box:
        take_all(box, server.plain, office.runtime)
    assert kept(office) == ["Yes, I can come."]
    assert server.inside("INBOX") == 0


def test_of_a_mail_too_large_only_so_much_is_fetched_as_shows_it(
    office: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(a_mail("long " * 50_000))
    monkeypatch.setattr(imap, "MAX_MAIL_OCTETS", 100_000)
    sizes: list[int] = []
    monkeypatch.setattr(
        imap, "receive_mail", lambda _runtime, _spec, raw, _whose: sizes.append(len(raw)) or {"outcome": "held"}
    )
    with opened(server.plain) as box:
        take_all(box, server.plain, office.runtime)
    assert sizes == [100_001]
    assert MAX_MAIL_OCTETS > 100_001


def test_the_reader_hears_of_mail_at_once_and_outlives_a_server_that_goes_away(office: Any) -> None:
    stop = threading.Event()
    with dovecot() as first:
        reader = threading.Thread(target=read_until, args=(stop, first.plain, office.runtime))
        reader.start()
        wait_until(lambda: "Login" in (first.home / "log").read_text())
        first.deliver(a_mail("While it waits", 1))
        wait_until(lambda: kept(office) == ["While it waits"])
    with dovecot(first.plain.port) as second:
        second.deliver(a_mail("After it was away", 2))
        wait_until(lambda: kept(office) == ["After it was away", "While it waits"])
        stop.set()
        reader.join(40)
    assert not reader.is_alive()


def test_a_wait_ends_when_told_to_stop(server: Server) -> None:
    stop = threading.Event()
    stop.set()
    with opened(server.plain) as box:
        wait_for_mail(box, stop)


def test_a_server_whose_certificate_is_not_trusted_or_that_lets_nobody_in_gets_no_password_twice(
    server: Server,
) -> None:
    with pytest.raises(OSError, match="certificate"), opened(replace(server.tls, trust="")):
        pass
    with pytest.raises(imap.ImapToolsError), opened(replace(server.tls, password="wrong")):
        pass


def test_an_address_says_everything_about_a_mailbox() -> None:
    address = "imap+starttls://meetings%40south.example:a%2Fb@mail.example:1143/Replies%2FPEP?taken=Done&trust=/ca.pem"
    told = Mailbox(
        "imap+starttls", "mail.example", 1143, "meetings@south.example", "a/b", "Replies/PEP", "Done", "/ca.pem"
    )
    assert mailbox_at(address) == told
    assert mailbox_at("imaps://a:b@mail.example") == Mailbox("imaps", "mail.example", 993, "a", "b")
