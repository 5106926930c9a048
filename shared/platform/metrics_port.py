"""Ports on which a worker, which has no pages, says what it counts and whether it lives."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST

from shared.platform.metrics import Waiting, worker_page
from shared.platform.pulse import Life
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

HUNG_SECONDS = 60.0
"""A part that did no round for so long hangs: a broker that does not answer is given up after 15 seconds."""

log = logging.getLogger(__name__)

PROXY_HEADERS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_VIA")


def may_look(environ: WSGIEnvironment, secret: str) -> bool:
    """Tell whether a request may see the metrics: with the secret, or straight from this very machine."""
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if secret and scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), secret.encode()):
        return True
    if any(name in environ for name in PROXY_HEADERS):
        return False
    try:
        return ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@contextmanager
def telling_metrics(specs: Sequence[ServiceSpec], runtime: Runtime) -> Iterator[int]:
    """Answer `/metrics` on the port of the settings inside the block; gives the port, 0 when none is set.

    Without a secret it listens on this machine only.
    """
    settings = runtime.settings
    if not settings.metrics_port:
        yield 0
        return
    waiting = Waiting(specs, runtime)

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        if not may_look(environ, settings.metrics_secret):
            start("403 Forbidden", [("Content-Type", "text/plain")])
            return [b"Metrics are for this machine, or for whoever has the secret.\n"]
        if environ.get("PATH_INFO") != "/metrics":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"There is /metrics here.\n"]
        body = worker_page(waiting)
        start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST), ("Content-Length", str(len(body)))])
        return [body]

    address = "0.0.0.0" if settings.metrics_secret else "127.0.0.1"  # nosec B104  # noqa: S104 - guarded by the secret
    with _answering(address, settings.metrics_port, answer) as port:
        yield port


@contextmanager
def telling_life(life: Life, port: int) -> Iterator[int]:
    """Answer `/health/live` on a port of this machine inside the block, with 503 when a part hangs; gives the port.

    Nothing answers where the port is taken, as by another process that was started by hand; then it gives 0.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        hung = life.silent(HUNG_SECONDS)
        found = environ.get("PATH_INFO") == "/health/live"
        start("404 Not Found" if not found else "503 Hung" if hung else "200 OK", [("Content-Type", "text/plain")])
        return [f"{', '.join(hung)} did no round for {HUNG_SECONDS:.0f} s\n".encode() if hung else b"It lives.\n"]

    with ExitStack() as stack:
        try:
            given = stack.enter_context(_answering("127.0.0.1", port, answer))
        except OSError as error:
            log.warning("Nobody can ask on port %s whether this worker lives: %s", port, error.strerror)
            given = 0
        yield given


@contextmanager
def _answering(address: str, port: int, answer: Callable[..., list[bytes]]) -> Iterator[int]:
    server = make_server(address, port, answer, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, name=f"port-{port}", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing: what is asked here is not news."""
