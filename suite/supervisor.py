"""The process tree of `./run`: this process watches two children, `web` and `worker`, and starts a fallen one again.

It owns the listening socket, so a visitor waits for a restarted web process instead of being refused. Every child
holds the reading end of a pipe; when this process dies, however it dies, the pipe closes and the children stop.
Standard library only, so that the children are started at once.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

from suite.home import Refusal

STOP_WITHIN = 4.0
STEADY_AFTER = 20.0
PAUSES = (0.1, 0.3, 0.6, 1.0, 2.0)
GIVE_UP_AFTER = 5


@dataclass
class Child:
    """One process of the tree, and how it has fared."""

    name: str
    command: Sequence[str]
    keep: Sequence[int]
    log: IO[bytes]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    kills: int = 0
    start_at: float = 0.0
    first_only: list[str] = field(default_factory=list)

    def start(self, pipe: int) -> None:
        """Start the process; its standard error goes to its log."""
        words, self.first_only = [*self.command, *self.first_only], []
        self.process = subprocess.Popen(
            words, stdin=pipe, stderr=self.log, pass_fds=tuple(self.keep), start_new_session=True
        )
        self.started = time.monotonic()

    def note_fall(self, code: int) -> None:
        """Remember that the process ended, and put its next start off a little longer each time.

        One that was killed from outside (`code` below nought) may well stand the next time, however often it happens;
        only one that ends by itself again and again is given up.
        """
        now = time.monotonic()
        if now - self.started > STEADY_AFTER:
            self.falls = self.kills = 0
        self.falls, self.kills = (self.falls + 1, self.kills) if code >= 0 else (self.falls, self.kills + 1)
        self.start_at = now + PAUSES[min(self.falls + self.kills, len(PAUSES)) - 1]


def listen(port: int) -> socket.socket:
    """Return a socket that listens on this machine only; raises `Refusal` when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise Refusal(f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from error
    return listener


def watch(children: Sequence[Child]) -> int:
    """Run the children until Ctrl-C or SIGTERM; return the exit code, 0 for a clean stop."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_read, False)
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    asked = _Asked()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, asked)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pipe_read, pipe_write = os.pipe()
    try:
        while not asked.to_stop:
            pause = _tend(children, pipe_read)
            select.select([wake_read], [], [], pause)
            _empty(wake_read)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    finally:
        os.close(pipe_write)
        _stop(children, asked)
    return 0


class _Asked:
    """Counts the requests to stop."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, _number: int, _frame: object) -> None:
        self.times += 1

    @property
    def to_stop(self) -> bool:
        return self.times > 0


def _tend(children: Sequence[Child], pipe: int) -> float:
    """Start whoever is due, note who fell; return the seconds until somebody is due."""
    pause = 60.0
    for child in children:
        if child.process is not None and (code := child.process.poll()) is not None:
            child.process = None
            child.note_fall(code)
            if child.falls > GIVE_UP_AFTER:
                raise Refusal(f"The {child.name} process keeps falling; the reason is at the end of {child.log.name}")
            print(f"The {child.name} process {_ended(code)}; starting it again.", file=sys.stderr, flush=True)
        if child.process is None:
            wait = child.start_at - time.monotonic()
            if wait <= 0:
                child.start(pipe)
            else:
                pause = min(pause, wait)
    return pause


def _stop(children: Sequence[Child], asked: _Asked) -> None:
    """Ask all to stop; end those who do not within the time, or at a second Ctrl-C."""
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    while any(process.poll() is None for process in running) and time.monotonic() < deadline and asked.times < 2:
        time.sleep(0.02)
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def _ended(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"


def _empty(pipe: int) -> None:
    try:
        while os.read(pipe, 512):
            pass
    except BlockingIOError:
        return
