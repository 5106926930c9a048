"""Run with: python -m benchmarks.memory [--rounds 5] [--apart] [--containers PROJECT]

How long the embedded form takes from the command to the first page, and what memory each of its processes takes: Rss is
all that it has in memory, Pss shares what several processes have in common. With `--apart` the same of what each
container runs, on PostgreSQL and RabbitMQ of this machine and without a container engine; with `--containers` what
`docker stats` says of each container of a running compose project. Writes `benchmarks/results/memory.md`. Reads /proc,
so Linux only.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import apart
from benchmarks.borrowed import stop
from benchmarks.events.report import machine, spread, table

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
START_SECONDS = 240.0
SETTLE_SECONDS = 5.0
READS = 50

Figures = dict[str, list[float]]


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--apart", action="store_true", help="measure also what each container runs")
    parser.add_argument("--containers", metavar="PROJECT", help="a compose project that runs")
    wanted = parser.parse_args()
    figures: Figures = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with running(home) as (process, seconds):
            figures["seconds, a new home"].append(seconds)
        for _ in range(wanted.rounds):
            with running(home) as (process, seconds):
                figures["seconds, a home that is there"].append(seconds)
                time.sleep(SETTLE_SECONDS)
                for name, pid in _family(process.pid).items():
                    for kind, megabytes in _memory(pid).items():
                        figures[f"{name}, {kind} MB"].append(megabytes)
    if wanted.apart:
        measure_apart(figures, wanted.rounds)
    write(figures, containers(wanted.containers) if wanted.containers else {})


def measure_apart(figures: Figures, rounds: int) -> None:
    """Start what each container runs, one after the other, since all listen at the same port."""
    with tempfile.TemporaryDirectory() as folder, apart.environments(Path(folder)) as environment:
        for _ in range(rounds):
            for name, (words, path) in apart.CONTAINERS.items():
                with apart.started(words, path, environment) as (pid, seconds):
                    time.sleep(SETTLE_SECONDS)
                    taken = [_memory(each) for each in apart.family(pid)]
                    figures[f"container {name}, seconds"].append(seconds)
                    figures[f"container {name}, Pss MB"].append(sum(each["Pss"] for each in taken))


@contextmanager
def running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Run the suite on a home; gives the process and the seconds from the command to the first page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "suite", "--home", str(home), "--port", str(port)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/", process)
        seconds = time.monotonic() - started
        for _ in range(READS):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in").close()
        yield process, seconds
    finally:
        stop(process, how=signal.SIGINT)


def containers(project: str) -> dict[str, float]:
    """Return the megabytes of each container of a compose project, as `docker stats` gives them."""
    listed = subprocess.run(
        ["docker", "ps", "--filter", f"label=com.docker.compose.project={project}", "--format", "{{.Names}}"],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    if not listed:
        raise SystemExit(f"No container of the project {project} runs.")
    printed = subprocess.run(
        ["docker", "stats", "--no-stream", "--format", "{{json .}}", *listed],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    rows = [json.loads(line) for line in printed.splitlines()]
    return {row["Name"]: megabytes_of(row["MemUsage"].split("/")[0]) for row in rows}


def megabytes_of(text: str) -> float:
    """Return what docker writes as `51.2MiB` or `1.1GiB` in megabytes (2^20 bytes)."""
    found = re.fullmatch(r"\s*([0-9.]+)\s*([KMG]i)?B\s*", text)
    if found is None:
        raise ValueError(f"not an amount of memory: {text!r}")
    return float(found[1]) * {None: 2**-20, "Ki": 2**-10, "Mi": 1.0, "Gi": 2.0**10}[found[2]]


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.02)
    raise SystemExit("The suite did not start.")


def _family(pid: int) -> dict[str, int]:
    """Return the processes of the tree by what they are."""
    found = {"supervisor": pid}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
        name = next((word for word in words if word in ("web", "worker")), "")
        if name:
            found[name] = int(child)
    return found


def _memory(pid: int) -> dict[str, float]:
    """Return a process's memory in megabytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {kind: int(re.search(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)[1]) / 1024 for kind in ("Rss", "Pss")}  # type: ignore[index]


def write(figures: Figures, found: dict[str, float]) -> None:
    """Write the table and print it."""
    text = [
        "# Starting, and memory",
        "",
        f"Medians (lowest to highest). Memory {SETTLE_SECONDS:.0f} s after the first page and {READS} more.",
        machine({}, ""),
        "",
        table(["", "measured"], [[name, spread(values, 1)] for name, values in figures.items()]),
        "",
    ]
    if found:
        text += [table(["container", "MB"], [[name, f"{value:.0f}"] for name, value in sorted(found.items())]), ""]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "memory.md").write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
