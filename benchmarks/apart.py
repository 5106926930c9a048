"""The processes of the containers, started one after the other on this machine, without a container engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.borrowed import new_postgresql, stop
from shared.platform.settings import SERVICES
from suite.apart.check import PORT

ROOT = Path(__file__).parents[1]
BROKER = os.environ.get("BENCH_BROKER", "amqp://guest:guest@127.0.0.1:5672//")
START_SECONDS = 60.0
READS = 50
CONTAINERS = {
    **{f"{name} web": (["web", name], f"/{name}/health/live") for name in SERVICES},
    **{f"{name} worker": (["worker", name], "/health/live") for name in SERVICES},
}
"""What each container runs, and the path by which it shows that it lives."""


@contextmanager
def environments(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment of all processes: filled databases and a virtual host of their own, removed afterwards.

    Needs PostgreSQL (BENCH_ADMIN), RabbitMQ (BENCH_BROKER) and `rabbitmqctl` on this machine.
    """
    with ExitStack() as stack:
        urls = {name: stack.enter_context(new_postgresql(f"memory_{name}")) for name in SERVICES}
        found = {
            **os.environ,
            **{f"PEP_SUITE_{name.upper()}_DATABASE": url for name, url in urls.items()},
            "PEP_SUITE_BROKER": stack.enter_context(_virtual_host()),
            "PEP_SUITE_HOME": str(folder),
            "PEP_SUITE_ANCHORS": str(folder),
            "PEP_SUITE_SMTP_HOST": "127.0.0.1",
            "PEP_SUITE_FILL_DEMO": "yes",
            "PEP_SUITE_NAME_SIGN_IN": "yes",
        }
        for words in (*(["migrate", name] for name in SERVICES), ["demo"], ["broker"]):
            _suite(words, found).wait()
        yield found


@contextmanager
def started(words: list[str], path: str, environment: dict[str, str]) -> Iterator[tuple[int, float]]:
    """Run a container's process; gives its pid and the seconds from its start until it shows that it lives."""
    address = f"http://127.0.0.1:{PORT}{path}"
    begun = time.monotonic()
    process = _suite(words, environment)
    try:
        _wait_for(address, process)
        seconds = time.monotonic() - begun
        for _ in range(READS):
            _ask(address)
        yield process.pid, seconds
    finally:
        stop(process, seconds=30)


def family(pid: int) -> list[int]:
    """Return a process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


def _suite(words: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "suite", "apart", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def _virtual_host() -> Iterator[str]:
    control = shutil.which("rabbitmqctl")
    if control is None:
        raise SystemExit("rabbitmqctl is needed: the queues of this run are in a virtual host of their own.")
    name, parts = f"bench-memory-{os.getpid()}", urlsplit(BROKER)
    subprocess.run([control, "-q", "add_vhost", name], check=True)
    try:
        allowed = [control, "-q", "set_permissions", "-p", name, parts.username or "guest", ".*", ".*", ".*"]
        subprocess.run(allowed, check=True)
        yield parts._replace(path=f"/{name}").geturl()
    finally:
        subprocess.run([control, "-q", "delete_vhost", name], check=True)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            _ask(address)
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit(f"{address} never answered.")


def _ask(address: str) -> None:
    """Have a page made; a refusal is an answer, too."""
    try:
        urllib.request.urlopen(address).close()
    except urllib.error.HTTPError as refusal:
        refusal.close()
