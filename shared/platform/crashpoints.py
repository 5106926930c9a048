"""Named places where a test may kill the process.

`PEP_SUITE_CRASHPOINT=name:n` kills this process with SIGKILL the n-th time it passes `name`.
"""

from __future__ import annotations

import os
import signal
import threading


class _Armed:
    """What is to kill this process: a name, and how many more passes of it are survived."""

    def __init__(self) -> None:
        self.name = ""
        self.left = 0
        self.lock = threading.Lock()


_armed = _Armed()


def arm(setting: str) -> None:
    """Choose where to die: `name` or `name:n`, or nowhere if empty."""
    name, _, count = setting.partition(":")
    _armed.name, _armed.left = name, int(count or 1)


def crashpoint(name: str) -> None:
    """Die here, as if the power had gone, when a test asked for it."""
    if not _armed.name or name != _armed.name:
        return
    with _armed.lock:
        _armed.left -= 1
        if _armed.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


arm(os.environ.get("PEP_SUITE_CRASHPOINT", ""))
