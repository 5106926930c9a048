"""Making a home ready: the tables brought up to date and, where nobody is known yet, the invented authority."""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

from services.pep.entrypoints.commands import progress_bar
from shared.platform.migrations import upgrade
from shared.platform.runtime import Runtime
from suite.composition import SPECS, everybody, runtime_for
from suite.demo.filling import fill
from suite.home import Home, Refusal, readiness


class _Folder:
    """A post that puts every mail straight into the home's folder, named as the mail catcher names them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)

    def send(self, sender: str, recipient: str, raw: bytes) -> None:
        """Keep one mail."""
        (self._path / f"{next(self._numbers):05}.eml").write_bytes(raw)


def prepare(home: Home, *, empty: bool) -> None:
    """Bring the tables up to date and fill a new home; a filling that broke off starts afresh."""
    if home.filling.exists():
        for leftover in [*home.path.glob("*.sqlite*"), *home.mail.glob("*.eml")]:
            leftover.unlink()
    runtime = runtime_for(home)
    try:
        for spec in SPECS:
            upgrade(runtime.database(spec.name), spec)
        if not runtime.settings.is_production:  # nobody invented among real people
            fill_where_nobody_is_known(runtime, home, empty=empty)
    finally:
        runtime.close()
    home.ready.write_text(readiness())
    home.filling.unlink(missing_ok=True)


def fill_where_nobody_is_known(runtime: Runtime, home: Home, *, empty: bool) -> bool:
    """Fill databases in which nobody is known with the invented authority; tell whether that was done.

    The caller takes `home.filling` away once everything else is done too. Raises `Refusal` when the last one broke off.
    """
    known = everybody(runtime)
    if known and home.filling.exists():
        raise Refusal("The filling of these databases broke off. Empty them, and start again.")
    if known:
        return False
    home.filling.touch()
    started = time.monotonic()
    print("Filling the new home with an invented authority …", file=sys.stderr, flush=True)
    fill(runtime, _Folder(home.mail), empty=empty, progress=progress_bar("Days of the story", sys.stderr))
    _write_out([*home.path.glob("*.sqlite*"), *home.mail.glob("*.eml")])
    print(f"Filled in {time.monotonic() - started:.1f} s.", file=sys.stderr, flush=True)
    return True


def _write_out(files: list[Path]) -> None:
    """Wait until the disk has the files: the filling did not."""
    for file in files:
        with file.open("rb") as opened:
            os.fsync(opened)
