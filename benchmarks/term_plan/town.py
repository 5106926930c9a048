"""An invented authority with a term's meetings: how busy its people are, and what its meetings need."""

from __future__ import annotations

from random import Random

from services.scheduling.domain.term_plan import Attendee, Problem, ToPlace, Worth

DAYS, STARTS = 68, 6
WORKER_FREE, TEACHER_FREE, OFFICER_FREE, CARER_FREE = 0.30, 0.36, 0.50, 0.60


def town(seed: int = 1, *, children: int = 1500, visited: float = 0.5, visit: int = 6) -> Problem:
    """Return a term of 68 school days with six one-hour starts each, for so many children.

    A social worker has 18 children and at most 2 meetings a day, a school up to some 28; 8 officers of the Virtual
    School come to a share of the meetings (`visited`), and a day at a school is one journey. 8 in 100 meetings have a
    window of ten school days, 42 must be before a fixed date, the others any time in the term.
    """
    dice = Random(seed)
    everything = (1 << (DAYS * STARTS)) - 1

    def free(share: float) -> int:
        return sum(1 << cell for cell in range(DAYS * STARTS) if dice.random() < share)

    # As many to a head as an authority of 1,500 children has.
    workers = [Attendee(f"worker {n}", free(WORKER_FREE), most_a_day=2) for n in range(max(1, children * 84 // 1500))]
    teachers = [Attendee(f"teacher {n}", free(TEACHER_FREE)) for n in range(max(1, children * 320 // 1500))]
    officers = [Attendee(f"officer {n}", free(OFFICER_FREE), visits=True) for n in range(max(1, children * 8 // 1500))]
    carers = [Attendee(f"carer {n}", free(CARER_FREE)) for n in range(max(1, children * 1150 // 1500))]
    sizes = [(n + 1) ** -0.55 for n in range(len(teachers))]
    meetings = []
    for number in range(children):
        (school,) = dice.choices(range(len(teachers)), sizes)
        first, last, ideal = _window(dice)
        required = [workers[number % len(workers)].id, teachers[school].id, dice.choice(carers).id]
        if dice.random() < visited:
            required.append(officers[school % len(officers)].id)
        starts = (everything >> ((DAYS - 1 - last) * STARTS)) & ~((1 << (first * STARTS)) - 1)
        meetings.append(ToPlace(f"meeting {number}", f"school {school}", 1, starts, ideal, tuple(required)))
    people = {one.id: one for one in (*workers, *teachers, *officers, *carers)}
    weeks = tuple(day // 5 for day in range(DAYS))
    return Problem(STARTS, weeks, tuple(meetings), people, worth=Worth(visit=visit))


def _window(dice: Random) -> tuple[int, int, int]:
    """Return the first and the last day of a meeting's window, and the best day in it."""
    kind = dice.random()
    if kind < 0.08:
        first = dice.randrange(DAYS - 9)
        return first, first + 9, first + 4
    if kind < 0.50:
        last = dice.randrange(20, DAYS)
        return 0, last, last - 10
    return 0, DAYS - 1, dice.randrange(5, DAYS)
