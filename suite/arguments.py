"""The command line of `./run`: what may be said, in words. Standard library only, so that it answers at once."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

DEFAULT_PORT = 8600
DEFAULT_HOME = Path(__file__).resolve().parent.parent / "home"

DESCRIPTION = """\
Start PEP Suite: three services, their workers, an embedded queue, SQLite databases and a local mail catcher.
An empty home is filled with an invented authority. Stop it with Ctrl-C; started again, it goes on where it was.
"""


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line; a mistake or `--help` prints and exits. `command` is "serve" when none is named."""
    return _parser().parse_args(words)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say in one line what is wrong and where to look."""
        self.exit(2, f"{self.prog}: {message}. See {self.prog} --help.\n")


def _parser() -> argparse.ArgumentParser:
    top = _Parser(
        prog="./run", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    top.add_argument(
        "--home",
        type=_home,
        default=DEFAULT_HOME,
        metavar="DIR",
        help="where everything is kept (default: home beside this script)",
    )
    top.add_argument(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"port on this machine (default: {DEFAULT_PORT}; 0: any free one)",
    )
    top.add_argument(
        "--empty", action="store_true", help="fill a new home with the authority and two people only, no children"
    )
    top.set_defaults(command="serve")
    commands = top.add_subparsers(title="commands (each has --help)", metavar="COMMAND")

    def command(name: str, words: str) -> argparse.ArgumentParser:
        parser = commands.add_parser(
            name, help=words, description=words[0].upper() + words[1:] + ".", prog=f"./run {name}", allow_abbrev=False
        )
        parser.add_argument(
            "--home", type=_home, default=argparse.SUPPRESS, metavar="DIR", help="the home of the suite"
        )
        parser.set_defaults(command=name)
        return parser

    def of_authority(parser: argparse.ArgumentParser) -> None:
        words = "short name of the authority, where the installation serves several"
        parser.add_argument("--authority", default="", metavar="KEY", help=words)

    command("people", "list the people one can sign in as")
    person = command("record-person", "record a member of staff, such as the first ones; done again, nothing changes")
    person.add_argument("name", metavar="NAME", help="first name and surname")
    person.add_argument("--email", required=True, metavar="ADDRESS", help="where their invitations go")
    person.add_argument(
        "--role", required=True, action="append", metavar="ROLE", help="such as virtual_school_head; may be given twice"
    )
    person.add_argument(
        "--organisation", default="", metavar="TEXT", help="whom they work for (default: the authority)"
    )
    of_authority(person)
    person.add_argument("--school", metavar="URN", help="the school of a designated teacher, imported before")
    token = command("token", "print a bearer token for the JSON API, good for 30 days")
    token.add_argument("name", metavar="NAME", help="whose: a full name, a part of one, or an id")
    signed_in = command("sessions", "list who is signed in and who has a token, or end what somebody has")
    signed_in.add_argument("do", nargs="?", choices=("list", "end"), default="list")
    signed_in.add_argument("name", nargs="?", default="", metavar="NAME", help="whose; all are listed without one")
    signed_in.add_argument("--everybody", action="store_true", help="end every session and take every token back")
    children = command("import-ssda903", "import looked-after children from an SSDA903 return")
    children.add_argument("folder", type=Path, metavar="FOLDER", help="holds header.csv and episodes.csv")
    of_authority(children)
    schools = command("import-schools", "import schools from a Get Information About Schools CSV file")
    schools.add_argument("file", type=Path, metavar="FILE", help="the CSV file")
    terms = command("import-terms", "import a school's term dates from a calendar (.ics)")
    terms.add_argument("school", metavar="SCHOOL", help="the school's URN, its name or a part of it")
    terms.add_argument("source", metavar="FILE_OR_URL", help="the calendar: a file, or an http or https address")
    mail = command(
        "receive-mail",
        "read one mail on standard input, as a mail server pipes it, and print as JSON what became of it",
    )
    of_authority(mail)
    events = command("events", "show what was published, applied and parked; let a held event go on")
    one = events.add_mutually_exclusive_group()
    one.add_argument("--replay", metavar="EVENT", help="try a parked event again; EVENT is SERVICE:NUMBER, or all")
    one.add_argument("--discard", metavar="EVENT", help="give up a held event for good, so that what waits goes on")
    one.add_argument("--skip-gap", metavar="EVENT", help="apply an event although an earlier one never came")
    events.add_argument("--why", metavar="TEXT", help="why an event is discarded, or a gap skipped; it is kept")
    backup = command("backup", "back everything up, while the suite runs or not")
    backup.add_argument("target", type=Path, metavar="FILE_OR_FOLDER", help="a new folder, or a new file ….tar.gz")
    restore = command("restore", "restore a backup into an empty home, or into empty databases")
    restore.add_argument("source", type=Path, metavar="FILE_OR_FOLDER", help="what backup made")
    restore.add_argument(
        "--empty-queues", action="store_true", help="throw away what RabbitMQ still holds from after the backup"
    )
    rebuild = command("rebuild", "give a service the copies of others' facts back that it lost")
    rebuild.add_argument("service", choices=("pep", "scheduling", "virtual_school"), metavar="SERVICE")
    parked = command("parked", "list, show, replay or discard the events that got stuck")
    parked.add_argument("do", nargs="?", choices=("list", "show", "replay", "discard"), default="list")
    parked.add_argument("event", nargs="?", metavar="EVENT", help="SERVICE:NUMBER as listed; replay also takes all")
    parked.add_argument("--why", metavar="TEXT", help="why an event is discarded; it is kept")
    erasures = command("erasures", "list the records that were erased; erase again what a restored backup brought back")
    erasures.add_argument("do", nargs="?", choices=("list", "again"), default="list")
    erasures.add_argument(
        "register", nargs="?", type=Path, metavar="FILE", help="the register that outlived the backup: erasures.jsonl"
    )
    erasures.add_argument(
        "--former-secrets", type=Path, metavar="FILE", help="secrets used before, one a line: they signed old lines"
    )
    audit = command("audit", "tell whether the record of who looked at what is whole; anchor it; show a child's part")
    audit.add_argument("do", choices=("verify", "anchor", "show"))
    audit.add_argument("--child", metavar="REFERENCE", help="whose record to show, by reference or id")
    of_authority(audit)
    audit.add_argument(
        "--former-secrets",
        type=Path,
        metavar="FILE",
        help="secrets used before, one a line: they signed old anchors",
    )
    audit.add_argument(
        "--after-restore",
        metavar="WHY",
        help="anchor though entries are gone, as a backup was restored; kept",
    )
    return top


def _home(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return number
