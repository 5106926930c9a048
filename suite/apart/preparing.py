"""What runs once before the others: migrations, and in a try-out the invented authority."""

from __future__ import annotations

from collections.abc import Mapping

from shared.platform.migrations import upgrade
from shared.platform.production import ON, from_environment
from shared.platform.runtime import Runtime
from suite.apart.services import named
from suite.home import Home
from suite.preparing import fill_where_nobody_is_known


def migrate(service: str, environ: Mapping[str, str]) -> int:
    """Bring a service's tables to this version. Raises `UnusableSettings`."""
    runtime = Runtime(from_environment(environ, [service], broker=False))
    try:
        done = upgrade(runtime.database(service), named(service))
    finally:
        runtime.close()
    print(f"{service}: the tables {'were brought' if done else 'are already up'} to this version.", flush=True)
    return 0


def fill_demo(environ: Mapping[str, str]) -> int:
    """Fill empty databases with the invented authority where the settings ask for it. Raises `UnusableSettings`."""
    if environ.get("PEP_SUITE_FILL_DEMO", "no").strip().lower() not in ON:
        print("PEP_SUITE_FILL_DEMO is off: nothing is filled.", flush=True)
        return 0
    runtime = Runtime(from_environment(environ, broker=False))
    home = Home(runtime.settings.home)
    home.make()
    try:
        if not fill_where_nobody_is_known(runtime, home, empty=False):
            print("There are people already: nothing is filled.", flush=True)
    finally:
        runtime.close()
    home.filling.unlink(missing_ok=True)
    return 0
