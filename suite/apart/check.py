"""Whether a container's process is well. Standard library only: it runs every few seconds in every container."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

PORT = 8000
SECONDS = 5.0


def check(path: str, port: int = PORT) -> int:
    """Return 0 if `path` of this container answers with success, else 1 and a line why."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=SECONDS):  # nosec B310  # an HTTP address
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 1
