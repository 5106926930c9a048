"""The whole of `docker-compose.yml`, started for a test under a project name and a port of its own."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar
from typing import Any, TypeVar

from suite.checks import ROOT

Found = TypeVar("Found")
WITHIN = 180.0


class Stack:
    """The suite apart, behind its proxy. Everybody in it is the invented authority's."""

    def __init__(self) -> None:
        self.command = compose_command()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": f"pepsuitetest{secrets.token_hex(4)}",
            "PEP_SUITE_PUBLISH": f"127.0.0.1:{self.port}",
            "PEP_SUITE_ORIGIN": self.address,
        }
        self.tokens: dict[str, str] = {}

    def compose(self, *words: str, check: bool = True, seconds: float = 900) -> subprocess.CompletedProcess[str]:
        """Give a command to compose; its output is shown when it fails."""
        done = subprocess.run(
            [*self.command, *words],
            cwd=ROOT,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if check and done.returncode:
            raise AssertionError(f"compose {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def services(self) -> list[str]:
        """Return the names of the containers that run on, the servers last."""
        names = self.compose("config", "--services").stdout.split()
        started_by_hand = {"desk", "imap", "lmtp"}
        once = {"broker", "demo"}
        lasting = [name for name in names if name not in started_by_hand | once and not name.endswith("-migrate")]
        return sorted(lasting, key=lambda name: (name in ("rabbitmq", "postgres"), name))

    def start(self) -> None:
        """Build and start everything, and wait until the front door answers."""
        self.compose("up", "--build", "-d")
        wait_for(lambda: self.status("/sign-in") == 200, "the front door")
        for service in ("pep", "scheduling", "virtual_school"):
            wait_for(lambda name=service: self.status(f"/{name}/api/openapi.json") == 200, service)  # type: ignore[misc]

    def containers(self, service: str) -> list[str]:
        """Return the ids of a service's containers that run."""
        return self.compose("ps", "-q", service).stdout.split()

    def health(self, service: str) -> list[str]:
        """Return the state of health of each of a service's containers."""
        words = ("docker", "inspect", "--format", "{{.State.Health.Status}}", *self.containers(service))
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.split()

    def kill_replica(self, service: str, number: int) -> None:
        """Kill one of several containers of a service."""
        chosen = self.containers(service)[number - 1]
        subprocess.run(["docker", "kill", chosen], capture_output=True, check=True, timeout=60)

    def remove(self) -> None:
        """Take away containers, volumes and network."""
        by_hand = ("--profile", "desk", "--profile", "lmtp")
        self.compose(*by_hand, "down", "--volumes", "--remove-orphans", "--timeout", "5", check=False)

    def status(self, path: str) -> int:
        """Return the status that a path answers with; 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except (urllib.error.URLError, OSError):
            return 0

    def token(self, name: str) -> str:
        """Return somebody's bearer token, printed by the command in pep's container."""
        if name not in self.tokens:
            words = ("exec", "-T", "pep-web", "python", "-m", "suite", "apart", "do", "token", name)
            self.tokens[name] = self.compose(*words).stdout.strip()
        return self.tokens[name]

    def get(self, who: str, path: str) -> Any:
        """Read JSON as somebody."""
        return self.call(who, "GET", path)[0]

    def send(self, who: str, path: str, body: Mapping[str, object], *, read: str = "", method: str = "POST") -> Any:
        """Send JSON as somebody; with `read`, under the ETag of what is there."""
        tag = self.call(who, "GET", read)[1] if read else ""
        return self.call(who, method, path, body, tag)[0]

    def call(
        self, who: str, method: str, path: str, body: Mapping[str, object] | None = None, tag: str = ""
    ) -> tuple[Any, str]:
        """Ask the API; return the JSON and the ETag. Raises `Answered` for anything but success."""
        headers = {"Authorization": f"Bearer {self.token(who)}", "Content-Type": "application/json"}
        if tag:
            headers["If-Match"] = tag
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null"), answer.headers.get("ETag", "")
        except urllib.error.HTTPError as error:
            with error:
                raise Answered(method, path, error.code, error.read().decode("utf-8", "replace")) from None

    def browser(self) -> Browser:
        """Return somebody's browser, with nobody signed in."""
        return Browser(self.address)


class Answered(AssertionError):
    """The suite answered a call with something else than success."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        super().__init__(f"{method} {path} answered {status}: {text[:500]}")
        self.status = status


class Browser:
    """Keeps cookies, follows redirects, fills in forms."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.at = ""

    def go(self, path: str) -> str:
        """Open a page and return its text."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self._address, path)))

    def submit(self, page: str, path: str, **fields: str) -> str:
        """Send a form of a page that was opened before, and return the page it leads to."""
        hidden = {
            name: value
            for name in ("csrf_token", "form_key")
            for value in re.findall(rf'name="{name}" value="([^"]*)"', page)[:1]
        }
        data = urllib.parse.urlencode({**hidden, **fields}).encode()
        return self._open(urllib.request.Request(urllib.parse.urljoin(self._address, path), data=data))

    def sign_in(self, name: str) -> str:
        """Pick a name at the front door."""
        page = self.go("/sign-in")
        person = re.search(rf'value="([^"]+)"><span class="suite-people__name">{re.escape(name)}<', page)
        assert person is not None, f"{name} is not among those one can sign in as"
        return self.submit(page, "/sign-in", person=person[1])

    def _open(self, request: urllib.request.Request) -> str:
        with self._opener.open(request, timeout=30) as answer:
            self.at = answer.geturl()
            return str(answer.read().decode())


def compose_command() -> list[str]:
    """Return how compose is called here; an empty list when there is no engine to call it for."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        return []
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else []


def wait_for(look: Callable[[], Found], what: str, within: float = WITHIN) -> Found:
    """Look again and again until there is something; what fails meanwhile is tried again. Returns what was found."""
    deadline = time.monotonic() + within
    trouble: object = "nothing"
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except (AssertionError, urllib.error.URLError, OSError, ValueError) as error:
            trouble = error
        time.sleep(0.5)
    raise AssertionError(f"Waited {within:.0f} s in vain for {what}; last: {trouble}")
