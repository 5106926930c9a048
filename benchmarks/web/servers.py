"""Starting gunicorn or granian on a free port, and putting load on it with wrk."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from benchmarks.borrowed import stop

PROCESSES, THREADS = 2, 4
START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Served:
    """Servers that answer alike, one process each; `backends` gives the processes that work for them elsewhere."""

    origins: tuple[str, ...]
    pids: tuple[int, ...]
    backends: Callable[[], list[int]]

    def spent(self) -> float:
        """Return the seconds of processor time that the servers, their children and their backends took so far."""
        family = [each for pid in self.pids for each in _family(pid)]
        return sum(map(processor_seconds, [*family, *self.backends()]))

    def get(self, path: str, token: str) -> tuple[bytes, str]:
        """Return the body and the ETag of an answer."""
        asked = urllib.request.Request(self.origins[0] + path, headers={"Authorization": f"Bearer {token}"})
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
    """Serve an application by two servers with a process of four threads each; everything they say goes nowhere.

    Two servers and not one with two processes: which process takes a connection is left to chance, gunicorn's first
    took 12 to 16 of 16, and then one processor rests. So are two containers of one process each, as the suite runs.
    """
    ports = [_free_port() for _ in range(PROCESSES)]
    with ExitStack() as stack:
        found = [stack.enter_context(_one(server, python, application, environment, port)) for port in ports]
        origins = tuple(f"http://127.0.0.1:{port}" for port in ports)
        yield Served(origins, tuple(each.pid for each in found), backends)


@contextmanager
def _one(
    server: str, python: str, application: str, environment: Mapping[str, str], port: int
) -> Iterator[subprocess.Popen[bytes]]:
    options = {
        "gunicorn": [
            "--worker-class", "gthread", "--workers", "1", "--threads", str(THREADS),
            "--bind", f"127.0.0.1:{port}", "--keep-alive", "75", "--no-control-socket",
        ],
        "granian": [
            "--interface", "wsgi", "--workers", "1", "--blocking-threads", str(THREADS),
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
        yield process
    finally:
        stop(process)


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to: requests a second, the 99th percentile and the processor time of a request in ms."""

    rate: float
    p99: float
    processor: float


def load(served: Served, what: str, lines: Sequence[str], connections: int, seconds: int) -> Load:
    """Put load on servers, an equal part on each; a short run first warms up what is read.

    Writing, each connection has a line of its own; reading, all share them. The percentile is that of the slower half.
    """
    if what == "read":
        _all_of_them(served, what, [lines] * len(served.origins), connections, 1)
        parts = [lines] * len(served.origins)
    else:
        parts = [lines[place :: len(served.origins)] for place in range(len(served.origins))]
    before = served.spent()
    found = _all_of_them(served, what, parts, connections, seconds)
    spent = served.spent() - before
    requests, errors = sum(each[0] for each in found), sum(each[2] for each in found)
    if errors:
        raise SystemExit(f"{errors:.0f} of {requests:.0f} requests failed: {what} {lines[0][:80]}")
    rate = sum(each[0] / (each[1] / 1e6) for each in found)
    return Load(rate, max(each[4] for each in found), 1000 * spent / requests)


def _all_of_them(
    served: Served, what: str, parts: Sequence[Sequence[str]], connections: int, seconds: int
) -> list[tuple[float, ...]]:
    """Run wrk against each server at once; return requests, microseconds, errors, median and p99 of each."""
    script = Path(__file__).with_name("load.lua")
    environment = {**os.environ, **({"BENCH_WRITES": "yes"} if what == "write" else {})}
    each = connections // len(served.origins)
    with ExitStack() as stack:
        running = []
        for origin, lines in zip(served.origins, parts, strict=True):
            file = stack.enter_context(NamedTemporaryFile("w", prefix="bench-lines-"))
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            threads = each if what == "write" else 1
            command = ["wrk", f"-t{threads}", f"-c{each}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script)]
            running.append(
                subprocess.Popen(
                    [*command, origin, "--", what, file.name], env=environment, stdout=subprocess.PIPE, text=True
                )
            )
        printed = [process.communicate()[0] for process in running]
    lines_found = [next(line.split()[1:] for line in text.splitlines() if line.startswith("FOUND")) for text in printed]
    return [tuple(map(float, line)) for line in lines_found]


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
