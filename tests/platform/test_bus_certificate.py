"""Over `amqps` the broker proves by its certificate that it is the one that was asked for."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from shared.platform.bus import BrokerUnavailable, Bus


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def served(authority: trustme.CA) -> Iterator[Callable[[str], tuple[int, list[bytes]]]]:
    """Start a server whose certificate is for a name; return its port and what clients sent that believed it."""
    ends: list[Callable[[], None]] = []

    def serve(name: str) -> tuple[int, list[bytes]]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        listening = socket.create_server(("127.0.0.1", 0))
        heard: list[bytes] = []

        def answer() -> None:
            with (
                suppress(OSError),
                listening.accept()[0] as plain,
                context.wrap_socket(plain, server_side=True) as safe,
            ):
                heard.append(safe.recv(4))

        thread = threading.Thread(target=answer)
        thread.start()
        ends.extend([listening.close, lambda: thread.join(10)])
        return listening.getsockname()[1], heard

    yield serve
    for end in ends:
        end()


@pytest.mark.parametrize(("name", "believed"), [("127.0.0.1", True), ("rabbit.example", False)])
def test_a_certificate_for_somebody_else_is_not_believed(
    served: Callable[[str], tuple[int, list[bytes]]],
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    believed: bool,
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    port, heard = served(name)
    with pytest.raises(BrokerUnavailable):
        Bus(f"amqps://pep:x@127.0.0.1:{port}//").open_publisher()
    assert heard == ([b"AMQP"] if believed else [])


def test_a_certificate_that_nobody_trusted_has_signed_is_not_believed(
    served: Callable[[str], tuple[int, list[bytes]]],
) -> None:
    port, heard = served("127.0.0.1")
    with pytest.raises(BrokerUnavailable):
        Bus(f"amqps://pep:x@127.0.0.1:{port}//").open_publisher()
    assert heard == []
