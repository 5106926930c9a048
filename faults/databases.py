"""The database restarted under load, and the disk full."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from faults.ground import Ground, NotHere, Place, open_place, settle
from faults.kills import outcome
from faults.load import Load, told_so_far, under_load, wait_for, workers
from faults.outcome import Outcome
from faults.servers import OwnPostgresql, own_postgresql
from shared.platform.runtime import Runtime
from shared.testing.crash_trial import Installation
from shared.testing.servers import POSTGRESQL

FILLER = "filler"
LOAD = Load(children=30, per_commit=10, pause=0.05)


def database_restarted(ground: Ground) -> Outcome:
    """Crash a PostgreSQL of our own, again and again, and start it again."""
    if ground.form == "embedded":
        raise NotHere("SQLite has no server")
    times = ground.times(20, 2)
    with (
        own_postgresql() as server,
        open_place(ground, postgresql=server.address) as place,
        workers(place.installation),
    ):
        with under_load(place.installation, LOAD):
            for _ in range(times):
                time.sleep(ground.chance.uniform(0.5, 2.0))
                server.crash()
                server.start()
        verdict = settle(place.installation)
    return outcome("PostgreSQL restarted, no time to finish", ground, verdict, times)


def sessions_ended(ground: Ground) -> Outcome:
    """End every session of both databases at once, again and again, as a restart of PostgreSQL does."""
    if ground.form == "embedded":
        raise NotHere("SQLite has no server")
    times = ground.times(20, 3)
    with open_place(ground) as place, workers(place.installation):
        with under_load(place.installation, LOAD):
            ended = 0
            for _ in range(times):
                time.sleep(ground.chance.uniform(0.3, 1.5))
                ended += _end_sessions(place.installation)
        verdict = settle(place.installation)
    note = f"{ended} sessions ended"
    broken = () if ended >= times else ("no session was ended",)
    return outcome("PostgreSQL: all sessions ended", ground, verdict, times, note=note, broken=broken)


def disk_full(ground: Ground) -> Outcome:
    """Fill the disk that the databases lie on (and the embedded queue), while facts are told and heard; make room."""
    times, stood_still = ground.times(5, 1), 0
    with ExitStack() as stack:
        disk, server, place = _on_a_small_disk(ground, stack)
        stack.enter_context(workers(place.installation))
        runtime = place.installation.runtime()
        with under_load(place.installation, Load(children=10, per_commit=10, pause=0.02)):
            for _ in range(times):
                before = told_so_far(runtime)
                wait_for(lambda before=before: told_so_far(runtime) > before, 15)  # type: ignore[misc]
                _fill(disk)
                # PostgreSQL has some room within its files still.
                stood_still += wait_for(lambda: _stands_still(runtime), 30)
                (disk / FILLER).unlink()
                if server is not None:
                    server.revive()
                full = told_so_far(runtime)
                wait_for(lambda full=full: told_so_far(runtime) > full, 30)  # type: ignore[misc]
        verdict = settle(place.installation)
        damaged = tuple(
            f"{name} is damaged" for name in ("pep", "scheduling") if not _is_whole(place.installation, name)
        )
        runtime.close()
    broken = damaged + (() if stood_still == times else ("writing went on although the disk was full",))
    return outcome("disk full", ground, verdict, times, broken=broken, note="writes refused while full, none torn")


def _on_a_small_disk(ground: Ground, stack: ExitStack) -> tuple[Path, OwnPostgresql | None, Place]:
    if ground.form == "embedded":
        disk = stack.enter_context(_small_disk("16m"))
        return disk, None, stack.enter_context(open_place(ground, home=disk))
    disk = stack.enter_context(_small_disk("128m"))
    server = stack.enter_context(own_postgresql(disk))
    return disk, server, stack.enter_context(open_place(ground, postgresql=server.address))


def _stands_still(runtime: Runtime) -> bool:
    before = _told_if_it_answers(runtime)
    time.sleep(0.5)
    return _told_if_it_answers(runtime) in (before, None)


def _told_if_it_answers(runtime: Runtime) -> int | None:
    try:
        return told_so_far(runtime)
    except OperationalError:
        return None


def _end_sessions(installation: Installation) -> int:
    names = [make_url(address).database for address in (installation.databases or {}).values()]
    engine = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    query = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ANY(:names)")
    try:
        with engine.connect() as connection:
            return int(connection.execute(query, {"names": names}).scalar_one())
    finally:
        engine.dispose()


@contextmanager
def _small_disk(size: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pep-suite-faults-disk-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder]
        try:
            allowed = subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - our words
        except OSError:
            allowed = False
        if not allowed:
            raise NotHere("mounting a small tmpfs needs root")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607 - the folder made above


def _fill(disk: Path) -> None:
    """Write until nothing more goes in; the databases take what room is left."""
    with suppress(OSError), (disk / FILLER).open("wb", buffering=0) as file:
        while True:
            file.write(os.urandom(4096))


def _is_whole(installation: Installation, service: str) -> bool:
    """SQLite says so; a page that PostgreSQL wrote in part fails its checksum, and so the reading of the ledger."""
    runtime = installation.runtime()
    if not runtime.database(service).is_sqlite:
        return True
    with runtime.database(service).reading() as connection:
        said = connection.execute(text("PRAGMA integrity_check")).scalar_one()
    runtime.close()
    return bool(said == "ok")
