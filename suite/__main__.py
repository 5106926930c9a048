"""`python -m suite`: what `./run` becomes once the environment is there."""

from __future__ import annotations

import sys

from suite.arguments import parse
from suite.home import Home, Refusal

CHILDREN = ("web", "worker", "prepare")


def main(words: list[str]) -> int:
    """Do what the words say; return the exit code, 2 when it cannot be done."""
    try:
        if words and words[0] in CHILDREN:
            from suite import processes

            return processes.main(words)
        if words and words[0] == "apart":
            from suite.apart import commands as apart

            return apart.main(words[1:])
        wanted = parse(words)
        home = Home(wanted.home)
        if wanted.command == "serve":
            from suite.serve import serve

            return serve(home, wanted.port, empty=wanted.empty)
        from suite import commands

        return commands.run(wanted.command, home, wanted)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
