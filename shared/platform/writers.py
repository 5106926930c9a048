"""Whose turn it is to write to a SQLite file: one writer at a time, of all threads and processes of the machine.

SQLite's own way to wait for the other writer is to sleep, for longer each time, and to look again: under load most of
the time nobody writes. Whoever takes a turn here first is waited for by a lock and, between processes, looked for
often.
It is a courtesy only: SQLite still lets one write at a time, whoever comes without a turn.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

LOOK_EVERY_SECONDS = 0.000_2
PATIENCE_SECONDS = 1.0
"""For how long one waits politely: another process that is stopped in the middle must not hold everybody up."""


class Turns:
    """The turns to write to the file at `path`, for one process."""

    def __init__(self, path: str) -> None:
        self._path = f"{path}.writer.lock"
        self._in_process = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and give it back when the block ends."""
        with self._in_process:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held = self._wait(self._file)
            try:
                yield
            finally:
                if held:
                    fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give up the file."""
        with self._in_process:
            if self._file is not None:
                os.close(self._file)
            self._file = None

    def _wait(self, file: int) -> bool:
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if monotonic() > deadline:
                    return False
                sleep(LOOK_EVERY_SECONDS)
            else:
                return True
