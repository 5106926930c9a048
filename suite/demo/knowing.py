"""What the times of meetings must suit in Northmoor: part-timers, a school run, lessons, a school's day and rooms."""

from __future__ import annotations

from datetime import date, time

from services.scheduling.app import SPEC as SCHEDULING
from services.scheduling.application.hours import keep_hours, keep_own_hours
from services.scheduling.application.lessons import LessonWish, add_lesson
from services.scheduling.application.rooms import RoomWish, record_room
from services.scheduling.application.school_hours import keep_school_hours
from services.scheduling.domain.working_hours import Stretch
from shared.contracts.roles import Role
from shared.platform import roster
from suite.demo.cast import staff_id
from suite.demo.children import Child
from suite.demo.player import Player
from suite.demo.staff import HEAD, SCHOOLS
from suite.demo.stage import Stage

TUESDAY, THURSDAY = 1, 3
NEW = "Hanna Petrenko"


def record_rooms(stage: Stage) -> None:
    """Let the schools' designated teachers, and the head, record where meetings can be; one school says its day."""
    for school in SCHOOLS:
        with stage.acting(SCHEDULING, staff_id(f"dt-{school.urn}")) as work:
            record_room(work, RoomWish("Meeting room", 8), school.urn)
            if school.phase == "Secondary":
                record_room(work, RoomWish("Library office", 5), school.urn)
    with stage.acting(SCHEDULING, staff_id(f"dt-{SCHOOLS[5].urn}")) as work:
        hours = {"starts": time(8, 50), "ends": time(15, 15), "lunch_starts": time(12, 10), "lunch_ends": time(13)}
        keep_school_hours(work, SCHOOLS[5].urn, **hours)
    with stage.acting(SCHEDULING, staff_id(HEAD.key)) as work:
        record_room(work, RoomWish("Committee room 2", 12, "Northmoor Town Hall"))


def say_what_suits(player: Player, cast: tuple[Child, ...], day: date) -> None:
    """Let a teacher say on which days they work, and those round a child what to keep clear of."""
    child_id = player.child_ids[next(one.key for one in cast if one.row.name == NEW)]
    with player.stage.looking(SCHEDULING) as work:
        team = {one.role: one.person_id for one in roster.team(work.connection, child_id, day)}
    with player.stage.acting(SCHEDULING, team[Role.DESIGNATED_TEACHER]) as work:
        keep_own_hours(work, day, [Stretch(weekday, 510, 1005) for weekday in range(4)])
        add_lesson(work, child_id, LessonWish("English for new arrivals", TUESDAY, None, 570, 630, never=True))
        add_lesson(work, child_id, LessonWish("art", THURSDAY, None, 600, 660, childs_wish=True))
    with player.stage.acting(SCHEDULING, team[Role.SOCIAL_WORKER]) as work:
        keep_hours(work, team[Role.CARER], day, [Stretch(weekday, 555, 880) for weekday in range(5)])
