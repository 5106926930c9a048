"""Named places where a test may kill the process.

`PEP_SUITE_CRASHPOINT=name:n` kills this process with SIGKILL the n-th time it passes `name`.
"""

from __future__ import annotations

import os
import signal

_name, _, _count = os.environ.get("PEP_SUITE_CRASHPOINT", "").partition(":")
_left = int(_count or 1)


def crashpoint(name: str) -> None:
    """Die here, as if the power had gone, when a test asked for it."""
    global _left
    if name != _name or not name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
