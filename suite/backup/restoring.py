"""Restoring a backup into an empty place: nothing is overwritten, and what is damaged or too new is refused first."""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory

from shared.platform.bus import BrokerUnavailable, Bus
from shared.platform.migrations import configuration
from shared.platform.service import ServiceSpec
from shared.platform.settings import Settings
from suite.backup.making import ANCHORS, ARCHIVES, FORMAT, MANIFEST, QUEUE, digest, queue_path
from suite.backup.stores import SqliteStore, Store, still, store_for
from suite.home import Refusal


def restore_backup(
    settings: Settings,
    specs: Sequence[ServiceSpec],
    source: Path,
    *,
    empty_queues: bool = False,
    bus: Bus | None = None,
) -> Mapping[str, Any]:
    """Restore a backup to the databases of `settings` and, what lies beside them, to its home; return its manifest.

    Raises `Refusal`, and then a home is as empty as it was. `empty_queues` throws away what a broker that is not part
    of the backup still holds; facts from after the backup must not reach the restored services.
    """
    home = settings.home
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise Refusal(f"{home} is not empty: restore into an empty place, with --home DIR.")
    with _unpacked(source) as folder, _becoming_home(home) as new_home:
        manifest = _checked(folder, specs)
        embedded = settings.broker.startswith("embedded")
        if not embedded:
            _see_to_the_broker(bus or Bus(settings.broker), empty_queues=empty_queues)
        stores = list(_stores(settings, new_home, embedded=embedded))
        for store in stores:
            if not (folder / store.file_name).is_file():
                raise Refusal(f"This backup has no {store.file_name}: it was made of another kind of installation.")
        for store in stores:
            store.fill(folder / store.file_name)
        _compare(stores, manifest)
        _put_beside(folder, new_home)
    return manifest


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    if source.is_dir():
        yield source
        return
    if not source.is_file() or not source.name.endswith(ARCHIVES):
        raise Refusal(f"{source} is no backup: give the folder or the .tar.gz file that ./run backup made.")
    with tempfile.TemporaryDirectory(prefix="pep-suite-restore-") as made:
        try:
            with tarfile.open(source) as archive:
                archive.extractall(made, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise Refusal(f"{source} cannot be unpacked: {type(error).__name__}.") from error
        yield Path(made) / "backup"


@contextmanager
def _becoming_home(home: Path) -> Iterator[Path]:
    """Give a folder that becomes the home only when all went well."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    except OSError as error:
        raise Refusal(f"{home} cannot be made: {error.strerror}.") from error
    try:
        yield made
        if home.exists():
            home.rmdir()
        made.rename(home)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _checked(folder: Path, specs: Sequence[ServiceSpec]) -> Mapping[str, Any]:
    """Return the manifest of a backup that is whole and not newer than this version; raises `Refusal`."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        files, revisions = dict(manifest["files"]), dict(manifest["revisions"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"{folder} is no backup: it has no {MANIFEST} that can be read.") from error
    if manifest.get("format") != FORMAT:
        raise Refusal("This backup was made by a newer version of the suite; restore it with that version.")
    for name, expected in files.items():
        path = folder / Path(name).name
        if not path.is_file():
            raise Refusal(f"This backup is not whole: {path.name} is missing.")
        if digest(path) != expected:
            raise Refusal(f"This backup is damaged: {path.name} is not what was written.")
    for spec in specs:
        known = {script.revision for script in ScriptDirectory.from_config(configuration(spec)).walk_revisions()}
        if revisions.get(spec.name) not in known:
            raise Refusal(
                f"The tables of {spec.name} in this backup ({revisions.get(spec.name)}) are not known to this version "
                "of the suite; restore it with the version that made it, or a newer one."
            )
    return dict(manifest)


def _stores(settings: Settings, new_home: Path, *, embedded: bool) -> Iterator[Store]:
    """Give the stores to fill; files inside the home are filled in the folder that becomes it."""
    for name, address in settings.databases.items():
        store = store_for(name, address)
        yield (
            replace(store, path=_inside(store.path, settings.home, new_home))
            if isinstance(store, SqliteStore)
            else store
        )
    if embedded:
        yield SqliteStore(QUEUE, _inside(queue_path(settings), settings.home, new_home))


def _inside(path: Path, home: Path, new_home: Path) -> Path:
    if path.is_relative_to(home):
        return new_home / path.relative_to(home)
    if path.exists():
        raise Refusal(f"{path} is there already; nothing is overwritten.")
    return path


def _see_to_the_broker(bus: Bus, *, empty_queues: bool) -> None:
    """Refuse while the broker holds facts: they belong to another time than the backup."""
    try:
        left = sum(waiting + dead for waiting, dead in bus.depths().values())
        if left and not empty_queues:
            raise Refusal(
                f"The broker holds {left} facts that are not of this backup. Stop the workers, and add --empty-queues."
            )
        if left:
            bus.remove()
    except BrokerUnavailable as error:
        raise Refusal(f"The broker cannot be reached ({error}); what it holds must be seen to first.") from error


def _compare(stores: Sequence[Store], manifest: Mapping[str, Any]) -> None:
    """Raise `Refusal` unless every table has as many rows as when the backup was made."""
    with still(stores) as seen:
        for name, store in seen.items():
            for table, expected in manifest["rows"][name].items():
                found = store.rows(f'SELECT count(*) FROM "{table}"')[0][0]  # nosec B608  # noqa: S608
                if found != expected:
                    raise Refusal(f"{name} was not restored whole: {table} has {found} rows instead of {expected}.")


def _put_beside(folder: Path, new_home: Path) -> None:
    if (folder / "secret").is_file():
        shutil.copyfile(folder / "secret", new_home / "secret")
        (new_home / "secret").chmod(0o600)
    for name in ("mail", ANCHORS):
        if (folder / name).is_dir():
            shutil.copytree(folder / name, new_home / name)
