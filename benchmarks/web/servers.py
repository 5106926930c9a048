"""Starting gunicorn or granian on a free port, and putting load on it with wrk."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.borrowed import stop

PROCESSES, THREADS = 2, 4
START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers; `backends` gives the processes that work for it elsewhere (PostgreSQL's)."""

    origin: str
    pid: int
    backends: Callable[[], list[int]]

    def spent(self) -> float:
        """Return the seconds of processor time that the server, its children and its backends have taken so far."""
        return sum(map(processor_seconds, [*_family(self.pid), *self.backends()]))

    def get(self, path: str, token: str) -> tuple[bytes, str]:
        """Return the body and the ETag of an answer."""
        asked = urllib.request.Request(self.origin + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(asked) as answer:
            return answer.read(), answer.headers.get("ETag", "")


@contextmanager
def serving(
    server: str,
    python: str,
    application: str,
    environment: Mapping[str, str],
    backends: Callable[[], list[int]] = list,
) -> Iterator[Served]:
    """Serve an application with two processes of four threads; everything it says goes nowhere."""
    port = _free_port()
    options = {
        "gunicorn": [
            "--worker-class", "gthread", "--workers", str(PROCESSES), "--threads", str(THREADS),
            "--bind", f"127.0.0.1:{port}", "--keep-alive", "75", "--no-control-socket",
        ],
        "granian": [
            "--interface", "wsgi", "--workers", str(PROCESSES), "--blocking-threads", str(THREADS),
            "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "critical",
        ],
    }[server]  # fmt: skip
    process = subprocess.Popen(
        [python, "-m", server, *options, application],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        yield Served(f"http://127.0.0.1:{port}", process.pid, backends)
    finally:
        stop(process)


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to: requests a second, the 99th percentile and the processor time of a request in ms."""

    rate: float
    p99: float
    processor: float


def load(served: Served, what: str, lines: Path, threads: int, connections: int, seconds: int) -> Load:
    """Put load on a server; a short run first warms up what is read."""
    script = Path(__file__).with_name("load.lua")
    environment = {**os.environ, **({"BENCH_WRITES": "yes"} if what == "write" else {})}
    command = ["wrk", f"-t{threads}", f"-c{connections}", "--timeout", "10s", "-s", str(script)]
    if what == "read":
        subprocess.run(
            [*command, "-d1s", served.origin, "--", what, str(lines)], env=environment, check=True, capture_output=True
        )
    before = served.spent()
    printed = subprocess.run(
        [*command, f"-d{seconds}s", served.origin, "--", what, str(lines)],
        env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    spent = served.spent() - before
    found = next(line.split()[1:] for line in printed.splitlines() if line.startswith("FOUND"))
    requests, microseconds, errors, _p50, p99 = (float(one) for one in found)
    if errors:
        raise SystemExit(f"{errors:.0f} of {requests:.0f} requests failed: {what} {lines.read_text()[:80]}")
    return Load(requests / (microseconds / 1e6), p99, 1000 * spent / requests)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def processor_seconds(pid: int) -> float:
    """Return what a process has taken; nothing for one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing").close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The server did not start.")
