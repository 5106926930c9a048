"""Making a backup: all databases as they were at one moment, while the suite runs, and what lies beside them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.kernel.clock import Clock
from shared.platform.settings import Settings
from suite.backup.stores import Busy, SqliteStore, Store, still, store_for
from suite.home import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
QUEUE = "queue"
ANCHORS = "anchors"
ARCHIVES = (".tar.gz", ".tgz", ".tar")
PATIENCE_SECONDS = 60.0


def make_backup(
    settings: Settings, target: Path, clock: Clock, *, patience: float = PATIENCE_SECONDS
) -> Mapping[str, int]:
    """Back an installation up to a folder, or to a file named `….tar.gz`; return how many rows each database has.

    The suite may run meanwhile. It raises `Refusal` when the target is there already, a database cannot be read, or
    facts are always on their way over a broker that is not backed up.
    """
    if target.exists():
        raise Refusal(f"{target} is there already; a backup overwrites nothing. Choose another name.")
    if not target.parent.is_dir():
        raise Refusal(f"{target.parent} is not a folder.")
    stores = [store_for(name, address) for name, address in settings.databases.items()]
    embedded = settings.broker.startswith("embedded")
    anchors = _anchors(settings.home)
    if embedded:
        stores.append(SqliteStore(QUEUE, queue_path(settings)))
    with _becoming(target) as folder, _quiet_moment(stores, embedded, patience) as seen:
        counts = {name: _counts(store) for name, store in seen.items()}
        for store in seen.values():
            store.copy(folder / store.file_name)
        mails = _copy_beside(settings.home, folder)
        _write_anchors(anchors, folder)
        manifest = {
            "format": FORMAT,
            "made_at": clock.now().isoformat(),
            "revisions": {name: _revision(store) for name, store in seen.items() if name != QUEUE},
            "rows": counts,
            "mails": mails,
            "queue": "kept" if embedded else "empty at that moment",
            "files": {path.name: digest(path) for path in sorted(folder.iterdir()) if path.is_file()},
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    return {name: sum(of.values()) for name, of in counts.items() if name != QUEUE}


def queue_path(settings: Settings) -> Path:
    """Return the file of the embedded queue."""
    return Path("/" + settings.broker.partition("://")[2].lstrip("/"))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _becoming(target: Path) -> Iterator[Path]:
    """Give a folder that becomes the target (a folder, or an archive) only when all went well."""
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
        folder = Path(made) / "backup"
        folder.mkdir(mode=0o700)
        yield folder
        if target.name.endswith(ARCHIVES):
            packed = Path(made) / "packed"
            with open(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                mode = "w" if target.name.endswith(".tar") else "w:gz"
                with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
                    archive.add(folder, arcname="backup")
                os.fsync(file.fileno())
            packed.rename(target)
        else:
            folder.rename(target)


@contextmanager
def _quiet_moment(stores: Sequence[Store], embedded: bool, patience: float) -> Iterator[Mapping[str, Store]]:
    """See the stores at a moment when no fact is on a broker that is not backed up with them."""
    give_up = time.monotonic() + patience
    while True:
        try:
            with still(stores) as seen:
                under_way = 0 if embedded else facts_under_way(seen)
                if not under_way:
                    yield seen
                    return
            said = f"{under_way} facts are on their way over the broker, which is not part of a backup"
        except Busy as busy:
            said = f"a database could not be held still ({busy})"
        if time.monotonic() > give_up:
            raise Refusal(f"No backup: {said}. Try again in a quiet moment, or when `events` shows that all is sent.")
        time.sleep(0.1)


def facts_under_way(seen: Mapping[str, Store]) -> int:
    """Count the facts that have left an outbox and have not reached an inbox yet."""
    missing = 0
    for source, owner in seen.items():
        sent = {
            str(subject): int(str(number))
            for subject, number in owner.rows("SELECT subject, version FROM subject_version")
        }
        for subject, first in owner.rows("SELECT subject, min(version) FROM outbox GROUP BY subject"):
            sent[str(subject)] = int(str(first)) - 1
        for name, hearer in seen.items():
            if name != source:
                missing += _not_arrived(sent, source, hearer)
    return missing


def _not_arrived(sent: Mapping[str, int], source: str, hearer: Store) -> int:
    position = {
        str(subject): int(str(version))
        for subject, version in hearer.rows(f"SELECT subject, version FROM inbox_position WHERE source = '{source}'")  # nosec B608  # noqa: S608
    }
    held: dict[str, int] = {}
    query = f"SELECT subject, version FROM inbox_event WHERE source = '{source}' AND version IS NOT NULL"  # nosec B608  # noqa: S608
    for subject, version in hearer.rows(query):
        name, number = str(subject), int(str(version))
        if position.get(name, 0) < number <= sent.get(name, 0):
            held[name] = held.get(name, 0) + 1
    return sum(max(last - position.get(name, 0) - held.get(name, 0), 0) for name, last in sent.items())


def _counts(store: Store) -> dict[str, int]:
    return {table: int(str(store.rows(f'SELECT count(*) FROM "{table}"')[0][0])) for table in store.tables()}  # nosec B608  # noqa: S608


def _revision(store: Store) -> str:
    if "alembic_version" not in store.tables():
        return ""
    return ", ".join(str(row[0]) for row in store.rows("SELECT version_num FROM alembic_version"))


def _anchors(home: Path) -> Mapping[str, bytes]:
    """Return the home's anchors of the audit; read before the databases are, as none may be newer than they."""
    return {file.name: file.read_bytes() for file in sorted((home / ANCHORS).glob("*.jsonl"))}


def _write_anchors(anchors: Mapping[str, bytes], folder: Path) -> None:
    if anchors:
        (folder / ANCHORS).mkdir(mode=0o700)
    for name, lines in anchors.items():
        (folder / ANCHORS / name).write_bytes(lines)
        (folder / ANCHORS / name).chmod(0o600)


def _copy_beside(home: Path, folder: Path) -> int:
    """Copy the secret and the sent mails, where the home has them; return how many mails."""
    if (home / "secret").is_file():
        shutil.copyfile(home / "secret", folder / "secret")
        (folder / "secret").chmod(0o600)
    if not (home / "mail").is_dir():
        return 0
    (folder / "mail").mkdir(mode=0o700)
    mails = sorted((home / "mail").glob("*.eml"))
    for mail in mails:
        shutil.copyfile(mail, folder / "mail" / mail.name)
    return len(mails)
