"""A copy of a child's record for whoever may have it: read as a chronology, marked, released, kept.

Each service copies what it owns; the three are reached from one another, and none asks another for anything. Sealed
facts and free texts stay in the service that has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, flash, redirect, render_template, request, url_for
from marshmallow import Schema, validate
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from shared.kernel.errors import Conflict, InvalidInput, NotFound
from shared.kernel.ids import new_id
from shared.platform import copies
from shared.platform.access import may, permit
from shared.platform.chronology import WHOLE, Entry, Ground, Mark, in_order, matches, redact, withheld
from shared.platform.copies import LONGEST_WORDS, Release
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES
from shared.platform.web.access import allowed
from shared.platform.web.fields import Text
from shared.platform.web.forms import FormState, read_form
from shared.platform.web.links import service_url
from shared.platform.web.pages import render_page
from shared.platform.web.tables_as_csv import csv_answer
from shared.platform.web.unit import reading, writing
from shared.platform.work import Work

PAGE_SIZE = 50
PLACES = {"pep": "Plans and record", "scheduling": "Meetings", "virtual_school": "Virtual School"}
HEADING = ("Date", "What", "Part", "Ground", "Where the law has it", "Note", "Marked by")


class MarkSchema(Schema):
    """What is withheld, and why."""

    entry = Text(load_default="", longest=200, metadata={"label": "Entry"})
    part = Text(load_default="", longest=100, metadata={"label": "what is withheld", "select": True})
    words = Text(load_default="", longest=LONGEST_WORDS, metadata={"label": "Words"})
    ground = Text(required=True, validate=validate.OneOf(list(Ground)), metadata={"label": "why", "select": True})
    note = Text(load_default="", longest=1000, metadata={"label": "Note"})


class ReleaseSchema(Schema):
    """To whom a copy is released."""

    released_to = Text(required=True, longest=500, metadata={"label": "whom the copy is for, and how it reaches them"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record as it is read by those who prepare a copy: entries, marks, and the marks that withhold nothing."""

    name: str
    entries: Sequence[Entry]
    marks: Sequence[Mark]
    idle: Sequence[Mark]


def register(app: Flask, spec: ServiceSpec) -> None:
    """Add the pages to a service that has a chronology of a child."""
    if spec.chronology is None or spec.child_name is None:
        return
    desk = Desk(spec, spec.chronology, spec.child_name)
    prepare, export = desk.prepare_action, desk.export_action
    pages = Blueprint("record_copy", __name__, url_prefix="/children/<child_id>/record")
    for method, rule, action, view in (
        ("GET", "", prepare, desk.show),
        ("GET", "/mark", prepare, desk.ask_mark),
        ("POST", "/mark", prepare, desk.mark),
        ("POST", "/marks/<mark_id>/removal", prepare, desk.unmark),
        ("GET", "/release", export, desk.ask_release),
        ("POST", "/release", export, desk.release),
        ("GET", "/releases/<release_id>/copy.zip", export, desk.download),
        ("GET", "/releases/<release_id>/withheld.csv", export, desk.download_withheld),
        ("POST", "/releases/<release_id>/second-look", prepare, desk.look_again),
    ):
        pages.add_url_rule(rule, view.__name__, allowed(action)(view), methods=[method])
    app.register_blueprint(pages)


@dataclass(frozen=True)
class Desk:
    """The desk at which one service's copies of records are prepared, released and kept."""

    spec: ServiceSpec
    chronology: Callable[[Work, str], list[Entry]]
    child_name: Callable[[Connection, str], str]

    @property
    def prepare_action(self) -> str:
        """Return the permission to read a record in order and mark what is withheld."""
        return f"{self.spec.name}.record.prepare"

    @property
    def export_action(self) -> str:
        """Return the permission to release a copy and take it away."""
        return f"{self.spec.name}.record.export"

    @property
    def file_name(self) -> str:
        """Return what files are called after: the part of the record, and nobody."""
        return self.spec.name.replace("_", "-")

    def prepared(self, work: Work, child_id: str, action: str) -> Prepared:
        """Return a record as it is read by those who prepare a copy; raises `NotFound`, `Denied`."""
        permit(work, action, child_id)
        name = self.child_name(work.connection, child_id)
        if not name:
            raise NotFound("child_not_found", "There is no such record, or you are not on this child's team.")
        entries = in_order([*self.chronology(work, child_id), *copies.who_looked(work.connection, child_id)])
        marks = copies.marks_of(work.connection, child_id)
        return Prepared(name, entries, marks, [mark for mark in marks if not matches(mark, entries)])

    def show(self, child_id: str) -> Response:
        """Show the record in order, with what is withheld and the copies that were released."""
        number = max(1, request.args.get("page", 1, type=int))
        with reading() as work:
            found = self.prepared(work, child_id, self.prepare_action)
            released = copies.releases_of(work.connection, child_id)
            may_release, me = may(work, self.export_action, child_id), work.actor.person_id
        start = (number - 1) * PAGE_SIZE
        shown = found.entries[start : start + PAGE_SIZE]
        by_entry: dict[str, list[Mark]] = {}
        for mark, one, _ in withheld(shown, found.marks):
            known = by_entry.setdefault(one.key, [])
            known.extend([mark] if mark not in known else [])
        return render_page(
            "record/chronology.html",
            title=f"The record of {found.name}: {PLACES[self.spec.name]}",
            wide=True,
            name=found.name,
            record=service_url("pep", f"/children/{child_id}"),
            child_id=child_id,
            found=found,
            shown=shown,
            by_entry=by_entry,
            everywhere=[mark for mark in found.marks if mark.everywhere],
            released=released,
            may_release=may_release,
            me=me,
            page=number,
            page_count=max(1, -(-len(found.entries) // PAGE_SIZE)),
            page_url=lambda wanted: url_for(".show", child_id=child_id, page=wanted),
            places=[
                {"text": PLACES[one], "href": service_url(one, f"/children/{child_id}/record"),
                 "current": one == self.spec.name}
                for one in SERVICES
            ],
        )  # fmt: skip

    def ask_mark(self, child_id: str) -> Response:
        """Ask what is withheld of an entry, or which words wherever they are."""
        return self.mark_page(child_id, request.args.get("entry", ""), FormState.saved({"part": WHOLE}))

    def mark(self, child_id: str) -> AnyResponse:
        """Withhold something from the next copy."""
        """Ask what is withheld, and why."""
        values, errors = read_form(MarkSchema())
        if not errors:
            try:
                with writing() as work:
                    entries = self.prepared(work, child_id, self.prepare_action).entries
                    made = _checked_mark(work, child_id, values, entries)
                    copies.add_mark(work.connection, made)
            except InvalidInput as refusal:
                errors = refusal.errors
            else:
                flash("It is withheld from the next copy.", "success")
                return redirect(url_for(".show", child_id=child_id), 303)
        return self.mark_page(child_id, request.form.get("entry", ""), FormState.typed(errors), 422)

    def unmark(self, child_id: str, mark_id: str) -> AnyResponse:
        """Take a mark back."""
        with writing() as work:
            permit(work, self.prepare_action, child_id)
            copies.take_back(work.connection, child_id, mark_id, work.actor.person_id, work.now)
        flash("It is no longer withheld from the next copy.", "success")
        return redirect(url_for(".show", child_id=child_id), 303)

    def ask_release(self, child_id: str) -> Response:
        """Ask whom a copy is for."""
        return self.release_page(child_id, FormState.saved())

    def release(self, child_id: str) -> AnyResponse:
        """Release a copy."""
        """Show what is withheld, and ask whom the copy is for."""
        values, errors = read_form(ReleaseSchema())
        if errors:
            return self.release_page(child_id, FormState.typed(errors), 422)
        with writing() as work:
            found = self.prepared(work, child_id, self.export_action)
            if found.idle:
                raise Conflict(
                    "marks_idle",
                    "Some marks withhold nothing any more, as the record says something else by now. "
                    "Look at them again, or take them back.",
                )
            made, content = _made(work, self.spec, child_id, found, values["released_to"])
            copies.add_release(work.connection, made, content)
        flash(f"Copy {made.number} is made. Download it here and send it as you said.", "success")
        return redirect(url_for(".show", child_id=child_id), 303)

    def download(self, child_id: str, release_id: str) -> Response:
        """Hand out a copy as it was released."""
        with reading() as work:
            permit(work, self.export_action, child_id)
            found, content = copies.find_release(work.connection, child_id, release_id)
        answer = Response(content, mimetype="application/zip")
        name = f"record-{self.file_name}-{found.released_at.date().isoformat()}-{found.number}.zip"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def download_withheld(self, child_id: str, release_id: str) -> Response:
        """Hand out the list of what was withheld from a copy."""
        with reading() as work:
            permit(work, self.export_action, child_id)
            found, _ = copies.find_release(work.connection, child_id, release_id)
        name = f"withheld-{self.file_name}-{found.released_at.date().isoformat()}-{found.number}.csv"
        return csv_answer(name, HEADING, found.withheld)

    def look_again(self, child_id: str, release_id: str) -> AnyResponse:
        """Record a second look at a copy."""
        with writing() as work:
            permit(work, self.prepare_action, child_id)
            copies.look_again(work, child_id, release_id)
        flash("Your second look is recorded.", "success")
        return redirect(url_for(".show", child_id=child_id), 303)

    def mark_page(self, child_id: str, entry: str, form: FormState, status: int = 200) -> Response:
        """Show the page on which something is withheld."""
        with reading() as work:
            found = self.prepared(work, child_id, self.prepare_action)
        meant = next((one for one in found.entries if one.key == entry), None)
        if entry and meant is None:
            raise NotFound("entry_not_found", "The record has no such entry any more. Look at it again.")
        parts = [{"value": WHOLE, "text": "The whole entry"}] + [
            {"value": part.key, "text": f"{part.label or 'The text'}, as a whole or the words below"}
            for part in (meant.parts if meant else ())
        ]
        return render_page(
            "record/mark.html",
            title="Withhold something from the copy",
            status=status,
            name=found.name,
            child_id=child_id,
            entry=meant,
            parts=parts,
            grounds=[{"value": one.value, "text": one.words, "hint": one.source} for one in Ground],
            form=form,
        )

    def release_page(self, child_id: str, form: FormState, status: int = 200) -> Response:
        """Show the page on which a copy is released."""
        with reading() as work:
            found = self.prepared(work, child_id, self.export_action)
        return render_page(
            "record/release.html",
            title="Release a copy",
            status=status,
            name=found.name,
            child_id=child_id,
            found=found,
            withheld=withheld(found.entries, found.marks),
            place=PLACES[self.spec.name],
            form=form,
        )


def _checked_mark(work: Work, child_id: str, values: dict[str, Any], entries: Sequence[Entry]) -> Mark:
    """Return a mark that withholds something now; raises `InvalidInput` by field."""
    entry, part, words = values["entry"], values["part"], values["words"].strip()
    if not entry and not words:
        raise InvalidInput({"words": ["Enter the words that are withheld wherever they are."]})
    made = Mark(
        id=new_id(),
        child_id=child_id,
        entry=entry,
        part=part if entry else WHOLE,
        words=words,
        ground=Ground(values["ground"]),
        note=values["note"].strip(),
        marked_by=work.actor.person_id,
        marked_by_name=work.actor.name,
        marked_at=work.now,
    )
    if not matches(made, entries):
        where = "in what you chose" if entry else "anywhere in this record"
        raise InvalidInput({"words": [f"These words are not {where}. Copy them from the text."]})
    return made


def _made(work: Work, spec: ServiceSpec, child_id: str, found: Prepared, released_to: str) -> tuple[Release, bytes]:
    """Return a copy with its bytes: made of what is released alone."""
    number = copies.next_number(work.connection, child_id)
    released = redact(found.entries, found.marks)
    about = {"of": PLACES[spec.name], "copy": number, "made_on": work.today.isoformat(), "name": found.name}
    page = render_template("record/copy.html", about=about, made_on=work.today, entries=released)
    content, digest = copies.packed(page, about, released)
    rows = [
        (one.on.isoformat(), one.kind, part.label + (f": “{mark.words}”" if mark.words else ""), mark.ground.words,
         mark.ground.source, mark.note, mark.marked_by_name)
        for mark, one, part in withheld(found.entries, found.marks)
    ]  # fmt: skip
    release = Release(
        id=new_id(),
        child_id=child_id,
        number=number,
        released_to=released_to,
        released_by=work.actor.person_id,
        released_by_name=work.actor.name,
        released_at=work.now,
        entries=len(released),
        withheld=rows,
        digest=digest,
    )
    return release, content
