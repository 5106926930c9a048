"""Reading an SSDA903 return: who is looked after now, since when, and under what legal status.

The return is the yearly statistical return of children looked after. Of its files, `header.csv` and `episodes.csv` are
needed; `reviews.csv` is used where it is there. It holds no name and no school (URN in its episodes is that of the
placement at Ofsted, not of a school).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from services.pep.adapters.csv_files import Row, read_date, read_rows
from services.pep.domain.children import LEGAL_STATUSES, SHORT_BREAK_STATUSES
from services.pep.domain.imports import Problem, UnreadableFile

HEADER_COLUMNS = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
EPISODE_COLUMNS = (
    "CHILD", "DECOM", "RNE", "LS", "CIN", "PLACE", "PLACE_PROVIDER", "DEC", "REC", "REASON_PLACE_CHANGE", "HOME_POST",
    "PL_POST", "URN",
)  # fmt: skip
REVIEW_COLUMNS = ("CHILD", "DOB", "REVIEW", "REVIEW_CODE")
NEXT_EPISODE_FOLLOWS = "X1"
NONE_FOLLOWS = "X1 says that another episode follows, and none does; the child is taken to have left care."
UPN_UNKNOWN = frozenset({"", "UN1", "UN2", "UN3", "UN4", "UN5"})


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch under one legal status in one placement; open where `ended_on` is empty."""

    began_on: date
    ended_on: date | None
    legal_status: str
    reason_ended: str
    row: Row


@dataclass(frozen=True, slots=True)
class Record:
    """What the return says of one child: the last continuous period of care.

    `left_care_on` is empty for a child who is looked after now.
    """

    reference: str
    born_on: date
    sex: str
    upn: str
    legal_status: str
    entered_care_on: date
    left_care_on: date | None
    reviews_held: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Return:
    """A return that was read: the children, every fault found, and how many rows there were.

    `without_episode` counts the children whom the return lists without an episode, such as care leavers and children
    adopted in the year: they are not looked after.
    """

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    rows: int
    without_episode: int


def read_return(folder: Path, today: date) -> Return:
    """Read the return in `folder`; raises `UnreadableFile` where a file is missing or its columns are wrong.

    A faulty row is reported and left out, and the rest is read. Dates are dd/mm/yyyy.
    """
    if not folder.is_dir():
        raise UnreadableFile(f"There is no folder {folder}.")
    headers, problems = read_rows(_file(folder, "header.csv"), HEADER_COLUMNS, known=HEADER_COLUMNS)
    episodes, more = read_rows(_file(folder, "episodes.csv"), EPISODE_COLUMNS, known=EPISODE_COLUMNS)
    problems += more
    rows = len(headers) + len(episodes) + len(problems)
    children = _children(headers, today, problems)
    by_child = _episodes(episodes, children, today, problems)
    held: dict[str, set[date]] = defaultdict(set)
    if (folder / "reviews.csv").is_file():
        reviews, more = read_rows(folder / "reviews.csv", REVIEW_COLUMNS, known=REVIEW_COLUMNS)
        problems += more
        rows += len(reviews) + len(more)
        held = _reviews(reviews, children, today, problems)
    records = [
        _record(reference, children[reference], found, held[reference], problems)
        for reference, found in by_child.items()
    ]
    named = {row["CHILD"] for row in episodes}
    for reference in (children.keys() & named) - by_child.keys():
        row = children[reference][0]
        problems.append(row.problem("CHILD", "None of the child's episodes can be used, so the child was left out."))
    problems.sort(key=lambda problem: (problem.file, problem.line))
    return Return(tuple(records), tuple(problems), rows, len(children.keys() - named))


def _file(folder: Path, name: str) -> Path:
    """Return the file of that name, whatever the case it was saved in."""
    for path in sorted(folder.iterdir()):
        if path.name.lower() == name:
            return path
    raise UnreadableFile(f"{folder} holds no {name}. A return needs header.csv and episodes.csv.")


def _children(rows: Iterable[Row], today: date, problems: list[Problem]) -> dict[str, tuple[Row, date]]:
    found: dict[str, tuple[Row, date]] = {}
    for row in rows:
        fault = _header_fault(row, today) or (
            ("CHILD", "This child has a row already; the first was used.") if row["CHILD"] in found else None
        )
        if fault:
            problems.append(row.problem(*fault))
            continue
        born_on = read_date(row["DOB"])
        assert born_on is not None  # noqa: S101 - _header_fault has looked
        found[row["CHILD"]] = (row, born_on)
        if row["SEX"] not in ("1", "2"):
            problems.append(row.problem("SEX", "This must be 1 or 2; taken as not recorded.", row_used=True))
        if row["UPN"] not in UPN_UNKNOWN and not _is_upn(row["UPN"]):
            problems.append(row.problem("UPN", "A UPN has 13 characters, or is UN1 to UN5; left empty.", row_used=True))
    return found


def _header_fault(row: Row, today: date) -> tuple[str, str] | None:
    if not row["CHILD"]:
        return "CHILD", "The child's identifier is missing."
    if len(row["CHILD"]) > 40:
        return "CHILD", "A child's identifier has at most 40 characters."
    born_on = read_date(row["DOB"])
    if born_on is None:
        return "DOB", "This is not a date as dd/mm/yyyy."
    return ("DOB", "The date of birth is in the future.") if born_on > today else None


def _episodes(
    rows: Iterable[Row], children: dict[str, tuple[Row, date]], today: date, problems: list[Problem]
) -> dict[str, list[Episode]]:
    found: dict[str, list[Episode]] = defaultdict(list)
    for row in rows:
        if row["CHILD"] not in children:
            problems.append(row.problem("CHILD", "There is no usable row for this child in header.csv."))
            continue
        fault = _episode_fault(row, children[row["CHILD"]][1], today)
        if fault:
            problems.append(row.problem(*fault))
            continue
        began_on, ended_on = read_date(row["DECOM"]), read_date(row["DEC"])
        assert began_on is not None  # noqa: S101 - _episode_fault has looked
        found[row["CHILD"]].append(Episode(began_on, ended_on, row["LS"], row["REC"], row))
    return {reference: sorted(found[reference], key=_in_time) for reference in children if reference in found}


def _episode_fault(row: Row, born_on: date, today: date) -> tuple[str, str] | None:
    began_on, ended_on = read_date(row["DECOM"]), read_date(row["DEC"])
    if began_on is None:
        return "DECOM", "This is not a date as dd/mm/yyyy."
    if began_on < born_on:
        return "DECOM", "The episode begins before the child's date of birth."
    if began_on > today:
        return "DECOM", "The episode begins in the future."
    if row["LS"] not in LEGAL_STATUSES:
        return "LS", "This is not a legal status of the return."
    if row["DEC"] and ended_on is None:
        return "DEC", "This is not a date as dd/mm/yyyy."
    if ended_on is not None and ended_on < began_on:
        return "DEC", "The episode ends before it begins."
    return ("DEC", "The episode ends in the future.") if ended_on is not None and ended_on > today else None


def _reviews(
    rows: Iterable[Row], children: dict[str, tuple[Row, date]], today: date, problems: list[Problem]
) -> dict[str, set[date]]:
    held: dict[str, set[date]] = defaultdict(set)
    for row in rows:
        on = read_date(row["REVIEW"])
        if row["CHILD"] not in children:
            problems.append(row.problem("CHILD", "There is no usable row for this child in header.csv."))
        elif on is None and row["REVIEW"]:
            problems.append(row.problem("REVIEW", "This is not a date as dd/mm/yyyy."))
        elif on is not None and on > today:
            problems.append(row.problem("REVIEW", "The review is in the future."))
        elif on is not None:
            held[row["CHILD"]].add(on)
    return held


def _record(
    reference: str,
    child: tuple[Row, date],
    episodes: list[Episode],
    reviews: set[date],
    problems: list[Problem],
) -> Record:
    row, born_on = child
    for earlier, later in pairwise(episodes):
        if earlier.ended_on is None:
            problems.append(earlier.row.problem("DEC", _open_too_long(later), row_used=True))
    last = episodes[-1]
    if last.ended_on is not None and last.reason_ended == NEXT_EPISODE_FOLLOWS:
        problems.append(last.row.problem("REC", NONE_FOLLOWS, row_used=True))
    entered_on = _period_began(episodes)
    return Record(
        reference=reference,
        born_on=born_on,
        sex=row["SEX"] if row["SEX"] in ("1", "2") else "",
        upn=row["UPN"] if _is_upn(row["UPN"]) else "",
        legal_status=last.legal_status,
        entered_care_on=entered_on,
        left_care_on=last.ended_on,
        reviews_held=tuple(sorted(on for on in reviews if entered_on <= on <= (last.ended_on or date.max))),
    )


def _period_began(episodes: list[Episode]) -> date:
    """Return the first day of the last continuous period of care.

    An episode continues the one before where that ended as `X1` (a new episode follows) on the same day, the day
    before or, where two overlap, later. Short breaks (V3, V4) and other care are not one period, as regulation 48
    leaves most of the regulations off the former.
    """
    began = episodes[-1]
    for earlier in reversed(episodes[:-1]):
        gap = began.began_on - (earlier.ended_on or began.began_on)
        same_kind = (earlier.legal_status in SHORT_BREAK_STATUSES) == (began.legal_status in SHORT_BREAK_STATUSES)
        follows = earlier.ended_on is None or earlier.reason_ended == NEXT_EPISODE_FOLLOWS
        if not (gap <= timedelta(days=1) and same_kind and follows):
            break
        began = earlier
    return began.began_on


def _open_too_long(later: Episode) -> str:
    return f"The episode has no end, though another began on {later.row['DECOM']}; taken to have ended then."


def _in_time(episode: Episode) -> tuple[date, date]:
    return (episode.began_on, episode.ended_on or date.max)


def _is_upn(text: str) -> bool:
    return len(text) == 13 and text.isascii() and text.isalnum()
