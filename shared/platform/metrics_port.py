"""A port on which a worker, which has no pages, tells Prometheus what it counts."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST

from shared.platform.metrics import Waiting, worker_page
from shared.platform.runtime import Runtime
from shared.platform.service import ServiceSpec

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

    address = "0.0.0.0" if settings.metrics_secret else "127.0.0.1"  # noqa: S104 - guarded by the secret
    server = make_server(address, settings.metrics_port, answer, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
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
