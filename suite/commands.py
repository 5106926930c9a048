"""The commands of `./run`. They work on a home whether or not the suite is running on it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping

from services.pep.app import SPEC as PEP
from services.pep.domain.people import PersonDetails
from services.pep.domain.team import STAFF
from services.pep.entrypoints.commands import run_import_schools, run_import_ssda903, run_record_person
from services.scheduling.adapters.term_calendars import UnusableCalendar
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application.terms import find_school, import_terms, read_calendar
from services.scheduling.entrypoints.receive_mail import read_piped, receive_mail
from shared.contracts.roles import Role
from shared.kernel.errors import Conflict, DomainError, InvalidInput, Stale
from shared.platform.access import system_actor
from shared.platform.runtime import Runtime
from shared.platform.work import reading_work, writing_work
from suite.audit import anchored, shown, verified
from suite.backup.command import backup, restore
from suite.composition import authority_named, everybody, runtime_for
from suite.erasures import erased_again, tombstones_listed
from suite.events import discarded, gap_skipped, parked_listed, parked_shown, rebuilt, replayed, told
from suite.home import Home, Refusal
from suite.people import listing
from suite.signed_in import ended, listed, token_for

TRY_AGAIN_LATER = 75
"""What a mail server takes as "not now, try again" (EX_TEMPFAIL)."""


def run(command: str, home: Home, wanted: argparse.Namespace) -> int:
    """Do one command on a home; return its exit code. Raises `Refusal` with the one line to show."""
    if command in WITHOUT_A_RUNTIME:
        print(WITHOUT_A_RUNTIME[command](home, wanted))
        return 0
    home.expect()
    runtime = runtime_for(home)
    try:
        return act(runtime, command, wanted)
    finally:
        runtime.close()


def act(runtime: Runtime, command: str, wanted: argparse.Namespace) -> int:
    """Do one command on what a runtime names; return its exit code. Raises `Refusal` with the one line to show."""
    try:
        return COMMANDS[command](runtime, wanted)
    except InvalidInput as error:
        raise Refusal(" ".join(said for messages in error.errors.values() for said in messages)) from error
    except DomainError as error:
        raise Refusal(error.message) from error


def _people(runtime: Runtime, _wanted: argparse.Namespace) -> int:
    print(listing(everybody(runtime)))
    return 0


def _record_person(runtime: Runtime, wanted: argparse.Namespace) -> int:
    details = PersonDetails(
        name=wanted.name,
        email=wanted.email,
        roles=frozenset(_role_of_staff(word) for word in wanted.role),
        organisation=wanted.organisation,
        school_urn=wanted.school,
    )
    return run_record_person(runtime, PEP, authority_named(runtime, wanted.authority), details, sys.stdout)


def _role_of_staff(word: str) -> Role:
    if word not in STAFF:
        raise Refusal(f"{word!r} is no role of staff. Give one of {', '.join(STAFF)}.")
    return Role(word)


def _token(runtime: Runtime, wanted: argparse.Namespace) -> int:
    print(token_for(runtime, wanted.name))
    return 0


def _sessions(runtime: Runtime, wanted: argparse.Namespace) -> int:
    """List who is signed in and who has a token, or end what one person or everybody has."""
    if wanted.do == "list":
        print(listed(runtime, wanted.name))
    elif bool(wanted.name) is wanted.everybody:
        raise Refusal("Whose? Give a name, or --everybody.")
    else:
        print(ended(runtime, wanted.name, everybodys=wanted.everybody))
    return 0


def _import_ssda903(runtime: Runtime, wanted: argparse.Namespace) -> int:
    return run_import_ssda903(runtime, PEP, authority_named(runtime, wanted.authority), wanted.folder, sys.stdout)


def _import_schools(runtime: Runtime, wanted: argparse.Namespace) -> int:
    return run_import_schools(runtime, PEP, wanted.file, sys.stdout)


def _import_terms(runtime: Runtime, wanted: argparse.Namespace) -> int:
    try:
        with reading_work(runtime, SCHEDULING, system_actor()) as work:
            find_school(work, wanted.school)
        raw, name = read_calendar(wanted.source, allow_loopback=runtime.settings.may_fetch_loopback)
        with writing_work(runtime, SCHEDULING, system_actor()) as work:
            terms = import_terms(work, wanted.school, raw, name)
            ahead = terms.school_days_ahead(work.today)
    except UnusableCalendar as error:
        raise Refusal(str(error)) from error
    print(f"{terms.school.name} ({terms.school.urn}): term dates taken from {wanted.source}.")
    print(f"{terms.closed_days} days named as closed to pupils; {ahead} school days in the next six weeks.")
    return 0


def _receive_mail(runtime: Runtime, wanted: argparse.Namespace) -> int:
    try:
        authority = authority_named(runtime, wanted.authority).key
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return TRY_AGAIN_LATER
    try:
        became = receive_mail(runtime, SCHEDULING, read_piped(sys.stdin.buffer), authority)
    except (Stale, Conflict) as error:
        print(f"The mail could not be taken in just now: {error.message}", file=sys.stderr)
        return TRY_AGAIN_LATER
    print(json.dumps(became, ensure_ascii=False, indent=2))
    return 0


def _events(runtime: Runtime, wanted: argparse.Namespace) -> int:
    """Show how the events fare, or deal with a held one."""
    if wanted.replay is not None:
        print(replayed(runtime, wanted.replay))
    elif wanted.discard is not None:
        print(discarded(runtime, wanted.discard, wanted.why or ""))
    elif wanted.skip_gap is not None:
        print(gap_skipped(runtime, wanted.skip_gap, wanted.why or ""))
    else:
        print(told(runtime))
    return 0


def _rebuild(runtime: Runtime, wanted: argparse.Namespace) -> int:
    """Let the owners of facts say again how things stand, until the service has its copies."""
    print(rebuilt(runtime, wanted.service))
    return 0


def _parked(runtime: Runtime, wanted: argparse.Namespace) -> int:
    """List the parked events, or show, replay or discard one."""
    if wanted.do == "list":
        print(parked_listed(runtime))
    elif not wanted.event:
        raise Refusal(f"Which event? For example: ./run parked {wanted.do} scheduling:12")
    elif wanted.do == "show":
        print(parked_shown(runtime, wanted.event))
    elif wanted.do == "replay":
        print(replayed(runtime, wanted.event))
    else:
        print(discarded(runtime, wanted.event, wanted.why or ""))
    return 0


def _audit(runtime: Runtime, wanted: argparse.Namespace) -> int:
    """Verify the audit (1 as exit code when it is not as it was sealed), anchor it, or show a child's part of it."""
    if wanted.do == "anchor":
        print(anchored(runtime, wanted.after_restore or ""))
    elif wanted.do == "show":
        if not wanted.child:
            raise Refusal("Whose record? For example: ./run audit show --child 100001")
        print(shown(runtime, wanted.child, wanted.authority))
    else:
        words, whole = verified(runtime, wanted.former_secrets)
        print(words)
        return 0 if whole else 1
    return 0


def _erasures(runtime: Runtime, wanted: argparse.Namespace) -> int:
    """List what was erased, or erase again what a restored backup has brought back."""
    if wanted.do == "again":
        print(erased_again(runtime, wanted.register, wanted.former_secrets))
    else:
        print(tombstones_listed(runtime))
    return 0


WITHOUT_A_RUNTIME: Mapping[str, Callable[[Home, argparse.Namespace], str]] = {
    "backup": lambda home, wanted: backup(home, wanted.target),
    "restore": lambda home, wanted: restore(home, wanted.source, empty_queues=wanted.empty_queues),
}
"""These work where there is no suite to open, too."""

COMMANDS: Mapping[str, Callable[[Runtime, argparse.Namespace], int]] = {
    "people": _people,
    "record-person": _record_person,
    "token": _token,
    "sessions": _sessions,
    "import-ssda903": _import_ssda903,
    "import-schools": _import_schools,
    "import-terms": _import_terms,
    "receive-mail": _receive_mail,
    "events": _events,
    "parked": _parked,
    "rebuild": _rebuild,
    "audit": _audit,
    "erasures": _erasures,
}
