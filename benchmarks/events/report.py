"""The table and the plot of a run."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape


def median(values: Sequence[float]) -> float:
    """Return the median, nought for nothing measured."""
    return statistics.median(values) if values else 0.0


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Return "median (lowest to highest)"."""
    if not values:
        return ""
    return f"{median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def machine(servers: Mapping[str, str]) -> str:
    """Return what was measured on, in one paragraph."""
    packages = ("kombu", "amqp", "SQLAlchemy", "psycopg")
    names = [f"{name} {version(name)}" for name in packages] + [f"{name} {number}" for name, number in servers.items()]
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}; " + ", ".join(names) + "."


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
