"""`./run` without a command: make the home ready, then watch the process tree. Standard library only."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from typing import IO

from shared.platform.settings import Mode
from suite.home import Home, Refusal
from suite.supervisor import Child, listen, watch

LARGEST_LOG = 5_000_000
HEAD_START = 0.7
"""Seconds that the web process has to itself on a busy machine: somebody waits for it, nobody for the worker."""


def serve(home: Home, port: int, *, empty: bool) -> int:
    """Serve `home` on `port` until Ctrl-C; return the exit code. Raises `Refusal` when it cannot be started."""
    if os.environ.get("PEP_SUITE_MODE") == Mode.PRODUCTION:
        raise Refusal(
            "./run is for trying the suite out: it catches all mail and lets people pick a name. "
            "For production run the services apart: see docs/operations.md."
        )
    home.make()
    lock = home.lock()
    listener = listen(port)
    home.remember(port=listener.getsockname()[1], smtp_port=free_port())
    if empty and home.ready.exists():
        print("This home is filled already, so --empty changes nothing.", file=sys.stderr, flush=True)
    if not home.is_ready():
        _prepare(home, empty=empty)
    code = watch(_children(home, listener, lock))
    if code == 0:
        print("\nStopped. Start it again to go on where it was.", flush=True)
    return code


def free_port() -> int:
    """Return a port on this machine that nobody uses just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _log(home: Home, name: str) -> IO[bytes]:
    """Open a process's log to write on; one that has grown large is put aside first, in the place of the one before."""
    path = home.log / f"{name}.log"
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _prepare(home: Home, *, empty: bool) -> None:
    command = [sys.executable, "-m", "suite", "prepare", "--home", str(home.path), *(["--empty"] if empty else [])]
    if code := subprocess.run(command, check=False).returncode:
        raise Refusal(f"The home could not be made ready (see above; code {code}). Nothing was started.")


def _children(home: Home, listener: socket.socket, lock: int) -> list[Child]:
    """Return the two children, not yet started. Both inherit the home's lock."""

    def child(name: str, keep: list[int], *words: str) -> Child:
        command = [sys.executable, "-m", "suite", name, "--home", str(home.path), *words]
        return Child(name, command, [lock, *keep], _log(home, name))

    web = child("web", [listener.fileno()], "--listener", str(listener.fileno()))
    web.first_only = ["--announce"]
    worker = child("worker", [])
    worker.start_at = time.monotonic() + HEAD_START
    return [web, worker]
