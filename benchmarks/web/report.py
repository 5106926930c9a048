"""The table and the plot of reading and writing over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.events.report import machine, median, plot, spread, table
from benchmarks.web.servers import PROCESSES, THREADS

VERSIONS = {name: version(name) for name in ("Flask", "marshmallow", "gunicorn")}
TARGETS = {"read": 3.0, "write": 1.5}
DOING = {"read": "reading a plan", "write": "writing progress"}


def write(figures: Mapping[str, Sequence[float]], folder: Path) -> None:
    """Write the table and the plot, and print the table."""
    servers = [name for name in ("gunicorn", "granian") if f"{name} static" in figures]
    rounds = max(len(values) for values in figures.values())
    text = [
        "# Reading a plan and writing progress over HTTP",
        "",
        f"{rounds} interleaved rounds; medians (lowest to highest) of requests a second with 16 connections and",
        f"{PROCESSES} servers of one process with {THREADS} threads, half of the connections each.",
        machine(VERSIONS, ""),
        "The plain way is Flask, SQLAlchemy's ORM with eager loading and marshmallow: nobody signs in, no policy is",
        "asked, nothing is logged, no reading is put on record. Ours does all four, and so does the plain way with the",
        "same duties, in its own way. Of ours an answer that follows from the same as before is given again, save",
        "where it says otherwise. All store alike: SQLite with a write-ahead log",
        "and synchronous FULL, PostgreSQL with synchronous_commit on. Ratios are of requests a second",
        "and, in brackets, of the processor time that server and database took, which a busy machine disturbs less.",
        "",
        table(
            ["", *(f"{server}, {words}" for server in servers for words in ("a second", "p99 ms", "processor ms"))],
            list(_rows(figures, servers)),
        ),
        "",
        table(["ratio", *servers, "target"], list(_ratios(figures, servers))),
        "",
    ]
    (folder / "web.md").write_text("\n".join(text), encoding="utf-8")
    bars = {
        f"{'PEP Suite' if who == 'ours' else 'Plain'}, {server}, {engine}": median(
            figures[f"{server} {engine} {who} read"]
        )
        for server in servers
        for engine in ("SQLite", "PostgreSQL")
        for who in ("plain", "ours")
    }
    plot("Plans read a second", bars, folder / "web.svg")
    print("\n".join(text))


def _rows(figures: Mapping[str, Sequence[float]], servers: Sequence[str]) -> Iterator[list[str]]:
    names = {"static": "a static body"}
    for engine in ("SQLite", "PostgreSQL"):
        for what in TARGETS:
            for who, words in (
                ("plain", "the plain way"),
                ("dutiful", "the plain way with the same duties"),
                ("ours", "PEP Suite"),
            ):
                names[f"{engine} {who} {what}"] = f"{DOING[what]}, {engine}: {words}"
        names[f"{engine} afresh read"] = f"{DOING['read']}, {engine}: PEP Suite, each time as the first"
    for name, words in names.items():
        cells = [
            cell
            for server in servers
            for cell in (
                spread(figures[f"{server} {name}"]),
                spread(figures[f"{server} {name} p99"]),
                spread(figures[f"{server} {name} processor"], 2),
            )
        ]
        yield [words, *cells]


def _ratios(figures: Mapping[str, Sequence[float]], servers: Sequence[str]) -> Iterator[list[str]]:
    def ratio(one: str, other: str) -> str:
        by_rate = median(figures[one]) / median(figures[other])
        by_processor = median(figures[f"{other} processor"]) / median(figures[f"{one} processor"])
        return f"{by_rate:.2f} ({by_processor:.2f})"

    for engine in ("SQLite", "PostgreSQL"):
        for what, target in TARGETS.items():
            for other, words, wanted in (
                ("plain", "the plain way", f"at least {target:g}"),
                ("dutiful", "the plain way with the same duties", ""),
            ):
                ratios = [
                    ratio(f"{server} {engine} ours {what}", f"{server} {engine} {other} {what}") for server in servers
                ]
                yield [f"{DOING[what]} / {words}, {engine}", *ratios, wanted]
        cells = [ratio(f"{server} {engine} afresh read", f"{server} {engine} plain read") for server in servers]
        yield [f"reading each time as the first / the plain way, {engine}", *cells, ""]
        cells = [ratio(f"{server} {engine} ours read", f"{server} static") for server in servers]
        yield [f"reading a plan / a static body, {engine}", *cells, ""]
