"""A real web process of the scheduling service, and a client that speaks HTTP to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from waitress.server import create_server

from faults.load import end, start, wait_for
from faults.office import NOW, SECRET, WORKER, Office
from services.scheduling.app import SPEC
from shared.platform import crashpoints
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token

THREADS = 16


class WebGone(Exception):
    """The web process did not come up."""


class Web:
    """A web process that may be killed; `start` it before use."""

    def __init__(self, office: Office, name: str = "web") -> None:
        self._office = office
        self._port_file = office.home / f"{name}.port"
        self.process: ForkServerProcess | None = None
        self.port = 0

    def start(self, crash: str = "") -> None:
        """Start it and wait until it listens; it dies at `crash`, if given. Raises `WebGone`."""
        self._port_file.unlink(missing_ok=True)
        self.process = start(partial(_serve, self._office, self._port_file, crash))
        if not wait_for(self._port_file.exists, 30):
            raise WebGone
        self.port = int(self._port_file.read_text())

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            end(self.process)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, http.client.HTTPMessage, Any]:
        """Send one request as the social worker; raises `OSError` or `HTTPException`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        token = issue_token(SECRET, WORKER, NOW)
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def etag(self, meeting_id: str) -> str:
        """Read a meeting; return its ETag."""
        return str(self.ask("GET", f"/api/meetings/{meeting_id}")[1]["ETag"])

    def arrange(self, meeting_id: str, starts: str, ends: str, etag: str = "") -> int:
        """Ask for a meeting to be arranged, the social worker being needed; return the status."""
        body = {
            "start": starts,
            "end": ends,
            "place": "Oakfield School",
            "invitees": [{"person_id": WORKER, "required": True}, {"person_id": "carer", "required": False}],
        }
        tag = etag or self.etag(meeting_id)
        return self.ask("POST", f"/api/meetings/{meeting_id}/arrangement", body, **{"If-Match": tag})[0]


@contextmanager
def serving(office: Office, name: str = "web") -> Iterator[Web]:
    """Keep a web process going while inside."""
    web = Web(office, name)
    web.start()
    try:
        yield web
    finally:
        web.stop()


def _serve(office: Office, port_file: Path, crash: str) -> None:
    server = create_server(create_app(SPEC, office.runtime()), host="127.0.0.1", port=0, threads=THREADS)
    crashpoints.arm(crash)
    partly = port_file.with_suffix(".partly")
    partly.write_text(str(server.effective_port))
    partly.replace(port_file)
    server.run()
