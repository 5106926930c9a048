"""The commands of `./run` where the suite runs apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.platform.production import from_environment
from shared.platform.runtime import Runtime
from shared.platform.settings import SERVICES
from suite.arguments import parse
from suite.commands import WITHOUT_A_RUNTIME, act
from suite.home import Home, Refusal


def do(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do one command on the databases that the environment names; return its exit code.

    Raises `Refusal` when a database is needed that it does not name, and `UnusableSettings`.
    """
    wanted = parse(list(words))
    if wanted.command == "serve":
        raise Refusal("Say which command: people, token NAME, events …")
    if wanted.command in WITHOUT_A_RUNTIME:
        print(WITHOUT_A_RUNTIME[wanted.command](Home(wanted.home), wanted))
        return 0
    settings = from_environment(environ, _given(environ), broker=_is_set(environ, "PEP_SUITE_BROKER"))
    runtime = Runtime(settings)
    try:
        return act(runtime, wanted.command, wanted)
    except KeyError as error:
        if error.args and error.args[0] in SERVICES:
            raise Refusal(f"{wanted.command} needs PEP_SUITE_{str(error.args[0]).upper()}_DATABASE.") from error
        raise
    finally:
        runtime.close()


def _given(environ: Mapping[str, str]) -> list[str]:
    return [name for name in SERVICES if _is_set(environ, f"PEP_SUITE_{name.upper()}_DATABASE")]


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))
