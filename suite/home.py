"""The home: the one folder that holds all that an embedded suite keeps. Standard library only.

pep.sqlite, scheduling.sqlite, virtual_school.sqlite, queue.sqlite   the databases and the queue
secret                                                             signs sessions and tokens; never leaves the home
mail/                                                              every mail sent, one .eml each
anchors/                                                           how far the audit reached, day by day
log/                                                               what the processes had to say
lock                                                               held by the run that uses the home
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

SERVICES = Path(__file__).resolve().parent.parent / "services"
FALLEN_RUN_GOES_WITHIN = 6.0


class Refusal(Exception):
    """The command cannot be done; the text is the one line that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Home:
    """The paths inside one home."""

    path: Path

    @property
    def mail(self) -> Path:
        """Return the folder of sent mails."""
        return self.path / "mail"

    @property
    def log(self) -> Path:
        """Return the folder of logs."""
        return self.path / "log"

    @property
    def ready(self) -> Path:
        """Return the file that says with which migrations the home was last made ready."""
        return self.path / "ready"

    def make(self) -> None:
        """Create the folders; raises `Refusal` when that is not allowed."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.mail, self.log):
                folder.mkdir(exist_ok=True)
            probe = self.path / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise Refusal(f"{self.path} cannot be written to: {error.strerror}. Choose another with --home.") from error

    @property
    def filling(self) -> Path:
        """Return the file that is there while the home is being filled; found at a start, the filling broke off."""
        return self.path / "filling"

    def is_ready(self) -> bool:
        """Tell whether the tables are those of this version of the suite, in the databases now named."""
        try:
            return self.ready.read_text() == readiness()
        except OSError:
            return False

    def remember(self, *, port: int, smtp_port: int) -> None:
        """Keep the ports of this run, for the commands."""
        (self.path / "ports").write_text(f"{port} {smtp_port}\n")

    def ports(self) -> tuple[int, int]:
        """Return the ports of the last run: pages and mail."""
        port, smtp_port = (self.path / "ports").read_text().split()
        return int(port), int(smtp_port)

    def secret(self) -> str:
        """Return the secret that signs sessions and tokens; made at first use, readable by its owner alone."""
        path = self.path / "secret"
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass
        return path.read_text().strip()

    def expect(self) -> None:
        """Raise `Refusal` unless the suite was started here before."""
        if not self.ready.is_file():
            raise Refusal(f"There is no suite in {self.path} yet: start it once with ./run --home {self.path}")

    def lock(self) -> int:
        """Take the home for this process and the children that inherit the lock; raises `Refusal` when it is taken.

        The lock goes with the processes that hold it, however they end.
        """
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        patience = time.monotonic() + FALLEN_RUN_GOES_WITHIN
        while not _taken(lock):
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            if _is_alive(holder) or time.monotonic() > patience:
                os.close(lock)
                raise Refusal(
                    f"{self.path} is in use by another run (process {holder or 'unknown'}). "
                    "Stop that one, or choose another --home."
                )
            time.sleep(0.05)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock


def readiness() -> str:
    """Return what a home was made ready for: the migrations of this version, and the databases named outside it."""
    revisions = sorted(path.name for path in SERVICES.glob("*/migrations/versions/*.py"))
    elsewhere = [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.endswith("_DATABASE")]
    return hashlib.sha256("\n".join([*revisions, *elsewhere]).encode()).hexdigest()


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(process: str) -> bool:
    """Tell whether the run that wrote its number lives; if it fell, its children are about to follow."""
    if not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
