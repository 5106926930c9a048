"""`./run backup` and `./run restore`, for a home and for an installation whose databases the environment names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from shared.kernel.clock import SystemClock
from shared.platform.production import UnusableSettings, from_environment
from shared.platform.settings import SERVICES, Settings, embedded
from suite.backup.making import make_backup
from suite.backup.restoring import restore_backup
from suite.composition import SPECS, runtime_for
from suite.home import Home, Refusal


def backup(home: Home, target: Path) -> str:
    """Back up the suite of a home, or the one whose databases are named; return what to tell. Raises `Refusal`."""
    rows = make_backup(_settings(home, os.environ), target.absolute(), SystemClock())
    told = ", ".join(f"{name} {count:,}" for name, count in rows.items())
    return (
        f"Backed up to {target} (rows: {told}). It holds everything about everybody, and the secret that signs "
        "sessions: keep it as you keep the databases."
    )


def restore(home: Home, source: Path, *, empty_queues: bool) -> str:
    """Restore a backup into an empty home, or into empty databases; return what to tell. Raises `Refusal`."""
    settings = embedded(home.path, port=0, smtp_port=0, secret="", environ=os.environ)  # nosec B106  # restoring signs nothing
    manifest = restore_backup(settings, SPECS, source.absolute(), empty_queues=empty_queues)
    erased = "Records that were erased since must be erased again: ./run erasures again FILE (docs/operations.md)."
    told = f"Restored what was backed up on {manifest['made_at'][:16].replace('T', ' at ')} (UTC)."
    start = f"Start it: ./run --home {home.path}" if _in_home(settings) else "Start the services."
    return f"{told} {erased} {start}"


def _settings(home: Home, environ: Mapping[str, str]) -> Settings:
    if home.ready.is_file():
        return runtime_for(home).settings
    if not all(f"PEP_SUITE_{name.upper()}_DATABASE" in environ for name in SERVICES):
        home.expect()
    try:
        return from_environment(environ)
    except UnusableSettings as error:
        raise Refusal(str(error)) from error


def _in_home(settings: Settings) -> bool:
    return any(address.startswith("sqlite") for address in settings.databases.values())
