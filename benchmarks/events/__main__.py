"""Run with: python -m benchmarks.events [--rounds 5] [--count 3000] [--peers PYTHON] [--add]

Needs PostgreSQL and RabbitMQ on this machine (BENCH_ADMIN, BENCH_BROKER) and, for the peers, a Python with
`benchmarks/events/peers/requirements.lock` installed. Every round measures every contender once, in turn, so that a
slow minute of the machine is shared; `--add` adds the rounds to those of earlier runs. Writes the table, the plot and
the figures into `benchmarks/results/`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from kombu import Connection

from benchmarks.borrowed import ADMIN, for_psycopg, new_postgresql, stop
from benchmarks.events import ours, raw
from benchmarks.events.report import PEERS, machine, median, plot, spread, table, verdict

BROKER = os.environ.get("BENCH_BROKER", "amqp://guest:guest@127.0.0.1:5672/%2F")
HERE = Path(__file__).parent
RESULTS = HERE.parent / "results"
RATE = 100
OURS_TIMES = 4
"""How many times as many events ours are given as the peers, so that all are measured for about as long."""
READY_SECONDS = 3.0
HANDLED = (
    "CREATE TABLE handled (id serial PRIMARY KEY, number integer, sent_at double precision,"
    " at timestamptz DEFAULT clock_timestamp())"
)

Figures = dict[str, list[float]]


def main() -> None:
    """Measure, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--paced", type=int, default=500, help="events sent at 100 a second for the latencies")
    parser.add_argument("--peers", default=str(HERE.parents[1] / ".venv-peers" / "bin" / "python"))
    parser.add_argument("--add", action="store_true", help="add to the figures of earlier runs")
    wanted = parser.parse_args()
    peers = [name for name in PEERS if Path(wanted.peers).exists()]
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / "events.json"
    figures: Figures = defaultdict(list, json.loads(kept.read_text()) if wanted.add and kept.exists() else {})
    with databases() as names:
        for number in range(wanted.rounds):
            print(f"round {number + 1} of {wanted.rounds}", file=sys.stderr, flush=True)
            measure_raw(figures, names, wanted.count)
            for peer in peers:
                measure_peer(figures, peer, wanted.peers, names, wanted.count, wanted.paced)
            measure_ours(figures, "server", server_form(names), names, wanted.count, wanted.paced)
            with tempfile.TemporaryDirectory() as folder:
                measure_ours(figures, "embedded", embedded_form(Path(folder)), names, wanted.count, wanted.paced)
            kept.write_text(json.dumps(figures))  # round by round: whoever stops the run keeps those before
    write(figures, peers, wanted)


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Make three empty databases, give their addresses for SQLAlchemy, and drop them afterwards."""
    with ExitStack() as stack:
        yield {part: stack.enter_context(new_postgresql(part)) for part in ("handled", "pep", "virtual_school")}


def server_form(names: dict[str, str]) -> dict[str, str]:
    """Return the environment of our contender on PostgreSQL and RabbitMQ."""
    return {
        "BENCH_PEP": names["pep"],
        "BENCH_VIRTUAL_SCHOOL": names["virtual_school"],
        "BENCH_BROKER": BROKER,
    }


def embedded_form(folder: Path) -> dict[str, str]:
    """Return the environment of our contender on SQLite files."""
    return {
        "BENCH_PEP": f"sqlite:///{folder}/pep.sqlite",
        "BENCH_VIRTUAL_SCHOOL": f"sqlite:///{folder}/virtual_school.sqlite",
        "BENCH_BROKER": f"embedded:///{folder}/queue.sqlite",
    }


def measure_raw(figures: Figures, names: dict[str, str], count: int) -> None:
    """Commits alone and publishing alone."""
    with psycopg.connect(for_psycopg(names["handled"]), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS handled")
        connection.execute(HANDLED)
    figures["raw commits"].append(raw.commits(for_psycopg(names["handled"]), count))
    figures["kombu one by one"].append(raw.kombu_one_by_one(BROKER, f"bench-{os.getpid()}", count // 3))
    figures["kombu window"].append(raw.kombu_window(BROKER, f"bench-{os.getpid()}-window", 2 * count))
    with environment({**server_form(names), "BENCH_QUEUE": f"bench-{os.getpid()}-ours"}):
        bus = ours.make_bus(ours.make_runtime())
        figures["our window"].append(raw.our_window(bus, 2 * count))
        bus.remove()


def measure_peer(figures: Figures, peer: str, python: str, names: dict[str, str], count: int, paced: int) -> None:
    """One task queue: publishing, handling, and the latency at a steady rate."""
    queue = f"bench_{os.getpid()}_{peer}_{time.time_ns()}"
    setting = {"BENCH_BROKER": BROKER, "BENCH_DATABASE": for_psycopg(names["handled"]), "BENCH_QUEUE": queue}
    command = [python, str(HERE / "peers" / f"{peer}_peer.py")]
    with psycopg.connect(for_psycopg(names["handled"]), autocommit=True) as connection, environment(setting):
        with working([[*command, "work"]], cwd=HERE / "peers"):
            time.sleep(4)  # a queue declared, its workers ready
        connection.execute("TRUNCATE handled")
        figures[f"{peer} publish"].append(count / _published([*command, "publish", str(count), "0"]))
        with working([[*command, "work"]], cwd=HERE / "peers"):
            _wait_for(lambda: _count(connection, "handled"), count)
            (seconds,) = connection.execute("SELECT extract(epoch FROM max(at) - min(at)) FROM handled").fetchone()
            figures[f"{peer} handle"].append((count - 1) / float(seconds))
            connection.execute("TRUNCATE handled")
            _published([*command, "publish", str(paced), str(RATE)])
            _wait_for(lambda: _count(connection, "handled"), paced)
        rows = connection.execute("SELECT extract(epoch FROM at) - sent_at FROM handled ORDER BY number").fetchall()
        _note_latencies(figures, peer, [float(row[0]) for row in rows])
    _delete_queues(queue)


def measure_ours(
    figures: Figures, form: str, setting: dict[str, str], names: dict[str, str], count: int, paced: int
) -> None:
    """Our own: from a full outbox to the last effect, and the latency from commit to effect at a steady rate."""
    setting = {**setting, "BENCH_QUEUE": f"bench-{os.getpid()}-{form}"}
    count *= OURS_TIMES
    program = [sys.executable, "-m", "benchmarks.events.ours"]
    # The consumer first: it is to wait for the relay, not to find a queue that is full already.
    workers = [[*program, "both"]] if form == "embedded" else [[*program, "consume"], [*program, "relay"]]
    with environment(setting):
        runtime = ours.make_runtime()
        for spec in (ours.TELLS, ours.HEARS):
            spec.metadata.drop_all(runtime.database(spec.name).engine)
            spec.metadata.create_all(runtime.database(spec.name).engine)
        ours.fill(runtime, count)
        with working(workers, READY_SECONDS):
            _wait_for(lambda: ours.count_effects(runtime), count)
            times = [at for _, at in ours.effects(runtime)]
            first, last = min(times), max(times)
            # The first burst started the watch, so it is not counted.
            figures[f"{form} end to end"].append(sum(1 for at in times if at > first) / (last - first))
            ours.clear(runtime)
            committed = json.loads(subprocess.check_output([*program, "pace", str(paced), str(RATE)]))
            _wait_for(lambda: ours.count_effects(runtime), paced)
        _note_latencies(figures, form, [at - committed[number] for number, at in ours.effects(runtime)])
        if form == "server":
            ours.make_bus(runtime).remove()
        runtime.close()


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables for this process and those it starts."""
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


@contextmanager
def working(commands: list[list[str]], apart: float = 0.0, cwd: Path | None = None) -> Iterator[None]:
    """Run worker processes, started `apart` seconds apart and each with its children in a group, and stop them."""
    running = []
    try:
        for number, command in enumerate(commands):
            time.sleep(apart if number else 0)
            running.append(
                subprocess.Popen(
                    command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
                )
            )
        yield
    finally:
        stop(*running)


def _published(command: list[str]) -> float:
    printed = subprocess.run(command, cwd=HERE / "peers", check=True, capture_output=True, text=True).stdout
    return float(json.loads(printed.strip().splitlines()[-1])["seconds"])


def _count(connection: psycopg.Connection, name: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(row[0]) if row else 0


def _wait_for(count: object, wanted: int, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while count() < wanted:  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise SystemExit(f"Only {count()} of {wanted} arrived in {seconds:.0f} s.")  # type: ignore[operator]
        time.sleep(0.05)


def _note_latencies(figures: Figures, name: str, seconds: list[float]) -> None:
    ordered = sorted(1000 * each for each in seconds[20:])  # the first ones warm up
    figures[f"{name} p50"].append(ordered[len(ordered) // 2])
    figures[f"{name} p99"].append(ordered[int(len(ordered) * 0.99)])


def _delete_queues(prefix: str) -> None:
    """Delete the queues and exchanges a peer made on the broker, where its command is at hand."""
    control = shutil.which("rabbitmqctl")
    if control is None:
        return
    printed = subprocess.run([control, "-q", "list_queues", "name"], capture_output=True, text=True, check=False).stdout
    for name in printed.split():
        if prefix in name:
            subprocess.run([control, "-q", "delete_queue", name], capture_output=True, check=False)


def write(figures: Figures, peers: list[str], wanted: argparse.Namespace) -> None:
    """Write the table and the plot."""
    handle = max((median(figures[f"{peer} handle"]) for peer in peers), default=0.0)
    publish = max((median(figures[f"{peer} publish"]) for peer in peers), default=0.0)
    p99 = min((median(figures[f"{peer} p99"]) for peer in peers), default=0.0)
    kombu, ours_alone, server, embedded = (
        median(figures[key]) for key in ("kombu window", "our window", "server end to end", "embedded end to end")
    )
    contenders = [
        ("psycopg, one row a commit", "raw commits", "", ""),
        ("kombu, confirmed one by one", "", "kombu one by one", ""),
        ("kombu, a window of confirms", "", "kombu window", ""),
        ("PEP Suite's publisher alone", "", "our window", ""),
        *((peer, f"{peer} handle", f"{peer} publish", peer) for peer in peers),
        ("PEP Suite, PostgreSQL and RabbitMQ, every promise kept", "server end to end", "", "server"),
        ("PEP Suite, embedded, every promise kept", "embedded end to end", "", "embedded"),
    ]
    rows = [
        [
            name,
            spread(figures[handled]),
            spread(figures[published]),
            spread(figures[f"{form} p50"], 1),
            spread(figures[f"{form} p99"], 1),
        ]
        for name, handled, published, form in contenders
    ]
    ratios = [
        verdict("end to end / best peer's handle rate", server, handle, at_least=2.5, aim=3.5),
        verdict("end to end / kombu's window ceiling", server, kombu, at_least=0.45, aim=0.6),
        verdict("confirmed publish / best peer's", ours_alone, publish, at_least=6),
        verdict("embedded end to end / best peer's handle rate", embedded, handle, at_least=5),
        verdict("p99 at 100 a second / best peer's", median(figures["server p99"]), p99, at_most=1.6),
    ]
    count, rounds = wanted.count, len(figures["server end to end"])
    text = [
        "# Commit to effect",
        "",
        f"{rounds} interleaved rounds of {count:,} events for each peer and {OURS_TIMES * count:,} for the",
        "suite; medians (lowest to highest). A peer's handler commits one row. The suite takes facts from its outbox,",
        "has each confirmed by the broker, and commits effect and position together. Latencies are at",
        f"{RATE} events a second, from the call that sends (peers)",
        "or the commit in one service (the suite) to the effect in the other.",
        "",
        machine(servers(), wanted.peers if peers else ""),
        "",
        table(["contender", "handled a second", "published a second", "p50 ms", "p99 ms"], rows),
        "",
        table(["ratio", "measured", "target", "verdict"], ratios),
        "",
    ]
    (RESULTS / "events.md").write_text("\n".join(text), encoding="utf-8")
    bars = {peer: median(figures[f"{peer} handle"]) for peer in peers}
    bars |= {"PEP Suite, PostgreSQL and RabbitMQ": server, "PEP Suite, embedded": embedded}
    plot("Events handled a second, end to end", bars, RESULTS / "events.svg")
    print("\n".join(text))


def servers() -> dict[str, str]:
    """Return the versions of the servers."""
    with psycopg.connect(for_psycopg(ADMIN)) as connection:
        (postgresql,) = connection.execute("SHOW server_version").fetchone() or ("",)
    with Connection(BROKER) as broker:
        rabbitmq = broker.connection.server_properties["version"]
    return {"PostgreSQL": str(postgresql).split()[0], "RabbitMQ": str(rabbitmq)}


if __name__ == "__main__":
    main()
