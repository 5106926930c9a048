"""Fills a new home: who is in the authority, and then the whole story, day by day."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, timedelta

from services.pep.app import SPEC as PEP
from services.pep.application.schools import record_schools
from services.pep.application.team import record_person
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application.terms import import_file
from services.scheduling.entrypoints.send_mail import send_through
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from services.virtual_school.application.attendance import import_attendance
from shared.kernel.clock import london_date, london_time
from shared.kernel.working_days import subtract_working_days
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.mail import Post
from shared.platform.runtime import Runtime
from suite.demo.attendance import first_day, marks_file
from suite.demo.cast import everybody, schools, staff_id
from suite.demo.children import Child, children
from suite.demo.player import NotPossible, Player
from suite.demo.playing import moment, play
from suite.demo.staff import EMPTY_HOME_STAFF, HEAD, STAFF, Staff
from suite.demo.stage import Stage
from suite.demo.story import Step, steps
from suite.demo.term_dates import calendars

RECENT = timedelta(days=10)
SPECS = (PEP, SCHEDULING, VIRTUAL_SCHOOL)

log = logging.getLogger(__name__)


def fill(runtime: Runtime, post: Post, *, empty: bool) -> None:
    """Fill a home in which nobody is known; `post` takes the mails of the story. `empty` leaves the children out."""
    today = london_date(runtime.clock.now())
    with Stage(runtime, SPECS) as stage:
        if empty:
            open_authority(stage, EMPTY_HOME_STAFF)
        else:
            _play(stage, post, today)


def open_authority(stage: Stage, members: tuple[Staff, ...]) -> None:
    """Record the schools and these members of staff, and let every service hear of them."""
    with stage.by_itself(PEP) as work:
        record_schools(work, schools())
        for person in everybody(work.settings.authority, members):
            record_person(work, person)
    stage.settle()


def _play(stage: Stage, post: Post, today: date) -> None:
    now = stage.clock.now()
    cast = children(today)
    told = steps(cast, today)
    stage.at(london_time(told[0].on - timedelta(days=7), 9))
    open_authority(stage, STAFF)
    for urn, calendar in calendars(today).items():
        with stage.acting(SCHEDULING, staff_id(f"dt-{urn}")) as work:
            import_file(work, urn, calendar, "term-dates.ics")
    player = Player(stage)
    files = _attendance_files(cast, told, today)
    days = sorted({step.on for step in told} | set(files))
    for day, following in zip(days, [*days[1:], None], strict=True):
        for step in (step for step in told if step.on == day):
            stage.at(moment(step))
            _play_step(player, step)
        stage.at(london_time(day, 18, 30))
        stage.settle()
        if day in files:
            with stage.acting(VIRTUAL_SCHOOL, staff_id(HEAD.key)) as work:
                import_attendance(work, files[day], f"attendance-{day.isoformat()}.csv")
        if following is None or today - day <= RECENT or following.isocalendar()[:2] != day.isocalendar()[:2]:
            stage.do_jobs()  # daily in these weeks, weekly before
        _end_day(stage, post)
    stage.at(now)
    stage.do_jobs()
    _end_day(stage, post)


def _play_step(player: Player, step: Step) -> None:
    try:
        play(player, step)
    except NotPossible as reason:
        log.info("Left out of the story on %s: %s", step.on, reason)


def _attendance_files(cast: tuple[Child, ...], told: Sequence[Step], today: date) -> dict[date, bytes]:
    """Return the files that school systems send, by day: one with what went before, one with the last days."""
    before, yesterday = (subtract_working_days(today, days, ENGLAND_AND_WALES) for days in (5, 1))
    first = first_day(today)
    return {
        before: marks_file(cast, told, first, before, today),
        yesterday: marks_file(cast, told, before + timedelta(days=1), yesterday, today),
    }


def _end_day(stage: Stage, post: Post) -> None:
    """Carry what follows from the day, and send the mail."""
    stage.settle()
    while send_through(stage.runtime, SCHEDULING, post):
        stage.settle()
