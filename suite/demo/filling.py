"""Fills a new home: who is in the authority, and then the whole story, day by day."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from services.pep.adapters.mail_store import QUEUE as PEP_MAILS
from services.pep.adapters.review_notices_store import QUEUE as REVIEW_NOTICES
from services.pep.app import SPEC as PEP
from services.pep.application.schools import record_schools
from services.pep.application.team import record_person
from services.scheduling.adapters.mail_queue import QUEUE as SCHEDULING_MAILS
from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application.terms import import_file
from services.virtual_school.app import SPEC as VIRTUAL_SCHOOL
from services.virtual_school.application.attendance import import_attendance
from shared.kernel.clock import london_date, london_time
from shared.kernel.working_days import subtract_working_days
from shared.platform.bank_holidays import ENGLAND_AND_WALES
from shared.platform.mail import Post
from shared.platform.postman import send_through
from shared.platform.runtime import Runtime
from suite.demo import exceptions, knowing
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
MAILS = ((SCHEDULING_MAILS, SCHEDULING), (PEP_MAILS, PEP), (REVIEW_NOTICES, PEP))
Progress = Callable[[int, int], None]

log = logging.getLogger(__name__)


def fill(runtime: Runtime, post: Post, *, empty: bool, progress: Progress = lambda done, total: None) -> None:
    """Fill a home in which nobody is known; `post` takes the mails of the story. `empty` leaves the children out.

    `progress` is told how many days of how many are played. Raises `RuntimeError` where a fact could not be applied.
    """
    today = london_date(runtime.clock.now())
    with Stage(runtime, SPECS) as stage:
        if empty:
            open_authority(stage, EMPTY_HOME_STAFF)
        else:
            _play(stage, post, today, progress)
        stage.check_nothing_is_stuck()


def open_authority(stage: Stage, members: tuple[Staff, ...]) -> None:
    """Record the schools and these members of staff, and let every service hear of them."""
    with stage.by_itself(PEP) as work:
        record_schools(work, schools())
        for person in everybody(work.settings.authorities[0].key, members):
            record_person(work, person)
    stage.settle()


def _play(stage: Stage, post: Post, today: date, progress: Progress) -> None:
    now = stage.clock.now()
    cast = children(today)
    told = steps(cast, today)
    stage.at(london_time(told[0].on - timedelta(days=7), 9))
    open_authority(stage, STAFF)
    for urn, calendar in calendars(today).items():
        with stage.acting(SCHEDULING, staff_id(f"dt-{urn}")) as work:
            import_file(work, urn, calendar, "term-dates.ics")
    knowing.record_rooms(stage)
    player = Player(stage)
    files = _attendance_files(cast, told, today)
    days = sorted({step.on for step in told} | set(files))
    for done, day in enumerate(days):
        progress(done, len(days))
        for step in (step for step in told if step.on == day):
            stage.at(moment(step))
            _play_step(player, step)
        if day == days[-3]:
            exceptions.name_delegate(player, day)
            exceptions.open_at_night(player, cast, day)
        elif day == days[-2]:
            exceptions.review(player, cast, day)
        stage.at(london_time(day, 18, 30))
        stage.settle()
        if day in files:
            with stage.acting(VIRTUAL_SCHOOL, staff_id(HEAD.key)) as work:
                import_attendance(work, files[day], f"attendance-{day.isoformat()}.csv")
        if today - day <= RECENT or done + 1 == len(days) or _week(days[done + 1]) != _week(day):
            stage.do_jobs()  # daily in these weeks, weekly before
            stage.settle()
        for queue, spec in MAILS:
            while send_through(queue, stage.runtime, spec, post):
                pass
    stage.at(now)
    knowing.say_what_suits(player, cast, today)
    stage.do_jobs()
    stage.settle()
    progress(len(days), len(days))


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


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
