"""ical.js beside us: the same calendars, read in the same run by node, where that is on this machine.

The pinned version is installed once into the user's cache folder, not into the repository.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

VERSION = "2.2.1"
SCRIPT = Path(__file__).with_name("ical.mjs")


def times(job: str, calendar: bytes, rounds: int, calls: int, *more: str) -> float | None:
    """Return the milliseconds of the processor that ical.js takes for a job; None without node.

    `job` is one that `ical.mjs` knows; the best of `rounds` rounds of `calls` calls counts, as in `timing.best`.
    """
    node, library = shutil.which("node"), _library()
    if node is None or library is None:
        return None
    command = [node, str(SCRIPT), str(library), job, str(rounds), str(calls), *more]
    done = subprocess.run(command, input=calendar, capture_output=True, check=True, timeout=300)
    return float(json.loads(done.stdout)["milliseconds"])


def _library() -> Path | None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "pep-suite" / f"ical.js-{VERSION}"
    library = folder / "node_modules" / "ical.js" / "dist" / "ical.js"
    npm = shutil.which("npm")
    if not library.exists() and npm is not None:
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--prefix", str(folder), "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        subprocess.run([npm, "install", *options, f"ical.js@{VERSION}"], check=False, timeout=120, capture_output=True)
    return library if library.exists() else None
