"""Templates compiled once for each process, however many apps it makes.

Compiling the GOV.UK macros takes about a second for each app; three services in one process, and every test that makes
an app, would each pay it. The key holds the template's text, so a changed template is compiled anew.
"""

from __future__ import annotations

from types import CodeType

from jinja2.bccache import Bucket, BytecodeCache

_COMPILED: dict[tuple[str, str], CodeType] = {}


class SharedInProcess(BytecodeCache):
    """Keeps compiled templates in this process's memory; the environments that share it must be set up alike."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template its code, if another app compiled the same text."""
        bucket.code = _COMPILED.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code for the next app."""
        if bucket.code is not None:
            _COMPILED[bucket.key, bucket.checksum] = bucket.code
