"""Run with: python -m benchmarks.web [--rounds 5] [--seconds 3] [--granian PYTHON] [--add]

Needs wrk, PostgreSQL (BENCH_ADMIN) and, for granian, a Python with requirements.lock and granian installed. Every round
measures every contender once, in turn, so that a slow minute of the machine is shared; `--add` adds the rounds to those
of earlier runs. Writes the table, the plot and the figures into `benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.borrowed import new_postgresql
from benchmarks.web import ground
from benchmarks.web.report import write
from benchmarks.web.servers import Load, Served, load, serving
from shared.platform.auth import issue_token

RESULTS = Path(__file__).parents[1] / "results"
PLANS = 40
"""The last of them, one for each connection, are written and the others read: every write adds a step to read."""
CONNECTIONS = 16
CONTENDERS = {
    "plain": ("benchmarks.web.plain:app", "", {}),
    "dutiful": ("benchmarks.web.plain:app", "", {"BENCH_DUTIES": "yes"}),
    "ours": ("benchmarks.web.ours:app", "/pep/api", {}),
    "afresh": ("benchmarks.web.ours:app", "/pep/api", {"BENCH_FORGET": "yes"}),
}

Figures = dict[str, list[float]]


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load on each contender in each round")
    parser.add_argument("--granian", default=str(Path(__file__).parents[2] / ".venv-granian" / "bin" / "python"))
    parser.add_argument("--servers", nargs="+", choices=("gunicorn", "granian"), default=("gunicorn", "granian"))
    parser.add_argument("--add", action="store_true", help="add to the figures of earlier runs")
    wanted = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed (apt-get install wrk).")
    pythons = {"gunicorn": sys.executable, "granian": wanted.granian}
    servers = {server: pythons[server] for server in wanted.servers if Path(pythons[server]).exists()}
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / "web.json"
    figures: Figures = defaultdict(list, json.loads(kept.read_text()) if wanted.add and kept.exists() else {})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made is removed
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder)) as found:
        for number in range(wanted.rounds):
            print(f"round {number + 1} of {wanted.rounds}", file=sys.stderr, flush=True)
            for server, python in servers.items():
                measure(figures, server, python, found, Path(folder), wanted.seconds)
            kept.write_text(json.dumps(figures))  # round by round: whoever stops the run keeps those before
    write(figures, RESULTS)


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, tuple[str, list[ground.Filled]]]]:
    """Make and fill a database of each kind, and drop what is no file afterwards."""
    with new_postgresql("web") as postgresql:
        urls = {"SQLite": f"sqlite:///{folder}/pep.sqlite", "PostgreSQL": postgresql}
        found = {}
        for engine, url in urls.items():
            runtime = ground.make_runtime(url)
            found[engine] = (url, ground.fill(runtime, PLANS))
            runtime.close()
        yield found


def measure(
    figures: Figures,
    server: str,
    python: str,
    found: dict[str, tuple[str, list[ground.Filled]]],
    folder: Path,
    seconds: int,
) -> None:
    """One round on one server."""
    body = folder / "body.json"
    for engine, (url, filled) in found.items():
        for contender, (application, prefix, more) in CONTENDERS.items():
            environment = {"BENCH_DATABASE": url, **more}
            with serving(server, python, application, environment, ground.backends_of(url)) as served:
                if not body.exists() and contender == "ours":
                    body.write_bytes(served.get(f"{prefix}/plans/{filled[0].plan_id}", _token(filled[0]))[0])
                _note(figures, f"{server} {engine} {contender} read", _read(served, prefix, filled, seconds))
                if contender == "afresh":
                    continue
                _note(figures, f"{server} {engine} {contender} write", _write(served, prefix, filled, seconds))
    with serving(server, python, "benchmarks.web.static:app", {"BENCH_BODY": str(body)}) as served:
        _note(figures, f"{server} static", load(served, "read", ["/plan none"], CONNECTIONS, seconds))


def _read(served: Served, prefix: str, filled: list[ground.Filled], seconds: int) -> Load:
    lines = [f"{prefix}/plans/{one.plan_id} {_token(one)}" for one in filled[:-CONNECTIONS]]
    return load(served, "read", lines, CONNECTIONS, seconds)


def _write(served: Served, prefix: str, filled: list[ground.Filled], seconds: int) -> Load:
    lines = []
    for one in filled[-CONNECTIONS:]:
        path = f"{prefix}/targets/{one.target_ids[0]}"
        lines.append(f"{path}/review {_token(one)} {served.get(path, _token(one))[1]}")
    return load(served, "write", lines, CONNECTIONS, seconds)


def _token(one: ground.Filled) -> str:
    return issue_token(ground.SECRET, one.person_id, ground.NOW)


def _note(figures: Figures, name: str, found: Load) -> None:
    figures.setdefault(name, []).append(found.rate)
    figures.setdefault(f"{name} p99", []).append(found.p99)
    figures.setdefault(f"{name} processor", []).append(found.processor)
    words = f"{found.rate:,.0f} a second, p99 {found.p99:.0f} ms, processor {found.processor:.2f} ms"
    print(f"  {name}: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
