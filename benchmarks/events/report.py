"""The table and the plot of a run."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape

PEERS = ("celery", "dramatiq", "nameko", "faststream")


def median(values: Sequence[float]) -> float:
    """Return the median, nought for nothing measured."""
    return statistics.median(values) if values else 0.0


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return "median (lowest to highest)"."""
    if not values:
        return ""
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def verdict(
    name: str, one: float, other: float, *, at_least: float = 0, at_most: float = 0, aim: float = 0
) -> list[str]:
    """Return a row that compares two figures with a target, and says by how much it is missed."""
    target = f"at least {at_least}" if at_least else f"at most {at_most}"
    target += f"; aim {aim}" if aim else ""
    if not (one and other):
        return [name, "not measured", target, ""]
    ratio = one / other
    missed = (at_least and ratio < at_least) or (at_most and ratio > at_most)
    away = abs(ratio / (at_least or at_most) - 1)
    return [name, f"{ratio:.2f}", target, f"missed by {away:.0%}" if missed else "met"]


def machine(servers: Mapping[str, str], peers: str) -> str:
    """Return what was measured on, in one paragraph; `peers` is the peers' Python."""
    packages = ("kombu", "amqp", "SQLAlchemy", "psycopg")
    names = [f"{name} {version(name)}" for name in packages] + [f"{name} {number}" for name, number in servers.items()]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    on = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"
    return f"{on}; Python {platform.python_version()}; {', '.join(names + _peer_versions(peers))}."


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _peer_versions(python: str) -> list[str]:
    if not python:
        return []
    ask = "import sys; from importlib.metadata import version\nfor name in sys.argv[1:]: print(name, version(name))"
    return subprocess.run([python, "-c", ask, *PEERS], check=True, capture_output=True, text=True).stdout.splitlines()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def plot(title: str, bars: Mapping[str, float], path: Path) -> None:
    """Write horizontal bars as SVG: a name, a bar, the figure."""
    top = max(bars.values()) or 1.0
    height = 60 + 34 * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" role="img"',
        ' font-family="Arial, sans-serif">',
        f'<title>{escape(title)}</title><rect width="860" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="32" font-size="18" font-weight="bold">{escape(title)}</text>',
    ]
    for row, (name, value) in enumerate(bars.items()):
        y, width = 52 + 34 * row, 420 * value / top
        ours = "#1d70b8" if name.startswith("PEP Suite") else "#b1b4b6"
        parts.append(f'<text x="16" y="{y + 17}" font-size="14">{escape(name)}</text>')
        parts.append(f'<rect x="330" y="{y}" width="{width:.1f}" height="24" fill="{ours}"/>')
        parts.append(f'<text x="{338 + width:.0f}" y="{y + 17}" font-size="14">{value:,.0f}</text>')
    path.write_text("\n".join([*parts, "</svg>\n"]), encoding="utf-8")
