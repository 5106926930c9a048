"""Run with: python -m benchmarks.term [--children 1500 100000] [--forms embedded server]

Opens a term through the real workers, one process for each service: pep's finds that each child should have a plan and
opens it, its relay tells the others, and they take it in. Needs PostgreSQL and RabbitMQ (BENCH_ADMIN, BENCH_BROKER) for
the form `server`; reads memory from /proc. Adds its rows to `benchmarks/results/term.json` and writes `term.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.borrowed import new_postgresql, stop
from benchmarks.events.report import machine, table
from benchmarks.term import ground
from services.pep.adapters.tables_plan import plan as pep_plan
from services.scheduling.adapters.tables import meeting
from services.virtual_school.adapters.tables import PLAN as VIRTUAL_SCHOOL_PLAN
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES

BROKER = os.environ.get("BENCH_BROKER", "amqp://guest:guest@127.0.0.1:5672//")
RESULTS = Path(__file__).parents[1] / "results"
LONGEST_SECONDS = 900.0
COUNTED = {"pep": pep_plan, "scheduling": meeting, "virtual_school": VIRTUAL_SCHOOL_PLAN}
NAMES = {"embedded": "SQLite and the embedded queue", "server": "PostgreSQL and RabbitMQ"}


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--children", type=int, nargs="+", default=[1_500, 100_000])
    parser.add_argument("--forms", nargs="+", choices=sorted(NAMES), default=sorted(NAMES))
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made is removed
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / "term.json"
    found: dict[str, dict[str, float]] = json.loads(kept.read_text()) if kept.exists() else {}
    for form in wanted.forms:
        for count in wanted.children:
            found[f"{form} {count}"] = measure(form, count)
            kept.write_text(json.dumps(found))
    write(found)


def measure(form: str, count: int) -> dict[str, float]:
    """Open a term for so many children in one form; return seconds and megabytes."""
    with ExitStack() as stack:
        os.environ.update(stack.enter_context(databases(form)))
        runtime = ground.make_runtime()
        ground.fill(runtime, count)
        if form == "server":
            stack.callback(ground.make_bus(runtime).remove)
        started = time.monotonic()
        # Whoever hears is there before anything is told.
        workers = {name: stack.enter_context(worker(name)) for name in reversed(SERVICES)}
        figures = {f"{name} seconds": _wait(runtime, name, count) - started for name in SERVICES}
        for name, process in workers.items():
            figures[f"{name} megabytes"] = _peak(process.pid)
            print(f"{form} {count} {name}: {figures[f'{name} seconds']:.1f} s, {figures[f'{name} megabytes']:.0f} MB")
        runtime.close()
    return figures


@contextmanager
def databases(form: str) -> Iterator[dict[str, str]]:
    """Give the environment of an empty form, and remove it afterwards."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if form == "server":
            urls = {name: stack.enter_context(new_postgresql(f"term_{name}")) for name in SERVICES}
            broker = BROKER
        else:
            urls = {name: f"sqlite:///{folder}/{name}.sqlite" for name in SERVICES}
            broker = f"embedded:///{folder}/queue.sqlite"
        found = {f"BENCH_{name.upper()}": url for name, url in urls.items()}
        yield found | {"BENCH_BROKER": broker, "BENCH_QUEUE": f"bench-term-{os.getpid()}", "BENCH_HOME": folder}


@contextmanager
def worker(service: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service's worker."""
    command = [sys.executable, "-m", "benchmarks.term.worker", service]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        stop(process, seconds=30)


def _wait(runtime: Runtime, service: str, count: int) -> float:
    """Wait until a service has so many plans (scheduling: meetings to arrange); return when that was."""
    query = select(func.count()).select_from(COUNTED[service])
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        with runtime.database(service).reading() as connection:
            there = connection.execute(query).scalar_one()
        if there >= count:
            return time.monotonic()
        time.sleep(0.25)
    raise SystemExit(f"{service} has {there} of {count} after {LONGEST_SECONDS:.0f} s.")


def _peak(pid: int) -> float:
    """Return the most memory that a process ever had, in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def write(found: dict[str, dict[str, float]]) -> None:
    """Write the table and print it."""
    rows = []
    for key, figures in found.items():
        form, count = key.split()
        opened, taken = figures["pep seconds"], max(figures[f"{name} seconds"] for name in SERVICES)
        rows.append(
            [
                NAMES[form],
                f"{int(count):,}",
                f"{int(count) / opened:,.0f}",
                f"{int(count) / taken:,.0f}",
                *(f"{figures[f'{name} megabytes']:.0f}" for name in SERVICES),
            ]
        )
    head = [
        "on",
        "children",
        "opened a second",
        "taken in by all, a second",
        *(f"{name} worker, MB" for name in SERVICES),
    ]
    text = [
        "# Opening a term",
        "",
        f"From the start of the workers; the most memory each process had. {machine({}, '')}",
        "",
        table(head, rows),
        "",
    ]
    (RESULTS / "term.md").write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
