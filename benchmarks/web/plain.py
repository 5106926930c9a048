"""The plain way: Flask, SQLAlchemy's ORM with eager loading, marshmallow. The same answers from the same tables.

Nobody is signed in, no policy is asked and no reading is put on record. What has to be worked out (what is missing, how
far a section is) is worked out by the same rules. Served as `benchmarks.web.plain:app`; `BENCH_DATABASE` is the
database.

With `BENCH_DUTIES` it does in its plain way what the suite must: it finds out from the token who asks, lets in only
whom it finds on the child's team today, puts each reading on record before it answers, and writes a line for each
request.
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import Flask, Response, abort, g, jsonify, request
from marshmallow import Schema, fields
from sqlalchemy import and_, create_engine, or_, select
from sqlalchemy.orm import DeclarativeBase, Session, joinedload, relationship, selectinload, sessionmaker

from benchmarks.web.ground import NOW, SECRET
from services.pep.adapters import tables_child, tables_plan
from services.pep.adapters.form_files import form_of
from services.pep.domain import submission
from services.pep.domain.history import words_of
from services.pep.domain.plan import PlanState
from services.pep.entrypoints.plan_schemas import OutcomeSchema
from shared.contracts.roles import ROLE_TITLES, Role
from shared.kernel.clock import london_date
from shared.kernel.ids import new_id
from shared.platform.audit_tables import ENTRY
from shared.platform.auth import read_token
from shared.platform.roster import MEMBERSHIP, PERSON

TODAY = london_date(NOW)


class Base(DeclarativeBase):
    """What is mapped."""


class Child(Base):
    __table__ = tables_child.child


class Person(Base):
    __table__ = PERSON


class Membership(Base):
    __table__ = MEMBERSHIP
    person = relationship(
        Person, primaryjoin=MEMBERSHIP.c.person_id == PERSON.c.id, foreign_keys=MEMBERSHIP.c.person_id
    )


class Section(Base):
    __table__ = tables_plan.plan_section


class Target(Base):
    __table__ = tables_plan.target
    __mapper_args__: ClassVar = {"version_id_col": tables_plan.target.c.version}


class Meeting(Base):
    __table__ = tables_plan.plan_meeting


class Step(Base):
    __table__ = tables_plan.history


class Kept(Base):
    __table__ = tables_plan.kept_version


class Audit(Base):
    __table__ = ENTRY


_plan, _step = tables_plan.plan.c, tables_plan.history.c


class Plan(Base):
    __table__ = tables_plan.plan
    child = relationship(Child)
    sections = relationship(Section)
    targets = relationship(Target, order_by=tables_plan.target.c.position)
    meetings = relationship(Meeting, order_by=tables_plan.plan_meeting.c.starts_at.desc())
    steps = relationship(
        Step,
        primaryjoin=and_(_step.child_id == _plan.child_id, or_(_step.plan_id == _plan.id, _step.plan_id == "")),
        foreign_keys=_step.child_id,
        order_by=_step.number.desc(),
        viewonly=True,
    )
    team = relationship(
        Membership,
        primaryjoin=MEMBERSHIP.c.child_id == _plan.child_id,
        foreign_keys=MEMBERSHIP.c.child_id,
        viewonly=True,
    )


class AttendeeOut(Schema):
    name = fields.String()
    role = fields.String()
    required = fields.Boolean()
    answer = fields.String()
    attended = fields.Boolean()


class MeetingOut(Schema):
    id = fields.String()
    starts_at = fields.AwareDateTime()
    ends_at = fields.AwareDateTime()
    mode = fields.String()
    state = fields.String()
    held_on = fields.Date(allow_none=True)
    attendees = fields.List(fields.Nested(AttendeeOut))


class SectionOut(Schema):
    key = fields.String()
    title = fields.String()
    owner = fields.String()
    state = fields.String()
    status = fields.String()
    missing = fields.Integer()
    version = fields.Integer()


class ReasonOut(Schema):
    kind = fields.String()
    words = fields.String()
    section = fields.String()
    field = fields.String()
    target_id = fields.String()
    waits_for = fields.String(attribute="owner")
    heading = fields.String(allow_none=True)


class TargetOut(Schema):
    id = fields.String()
    plan_id = fields.String()
    category = fields.String()
    what = fields.String()
    measure = fields.String()
    who = fields.String()
    by_date = fields.Date(allow_none=True)
    how_often = fields.String()
    cost_pence = fields.Integer()
    outcome = fields.String(allow_none=True)
    outcome_why = fields.String()
    reviewed_on = fields.Date(allow_none=True)
    version = fields.Integer()


class StepOut(Schema):
    at = fields.AwareDateTime()
    person_id = fields.String()
    name = fields.String()
    acting_as = fields.String()
    code = fields.String()
    words = fields.Function(lambda step: words_of(step.code, step.facts))
    facts = fields.Dict(keys=fields.String(), values=fields.String())


class PlanOut(Schema):
    id = fields.String()
    child_id = fields.String()
    kind = fields.String()
    term = fields.String()
    phase = fields.String()
    form_version = fields.String()
    state = fields.String()
    opened_on = fields.Date()
    meet_by = fields.Date()
    due_on = fields.Date()
    rule = fields.String()
    held_on = fields.Date(allow_none=True)
    no_meeting_reason = fields.String()
    submission = fields.Integer()
    submitted_on = fields.Date(allow_none=True)
    approved_on = fields.Date(allow_none=True)
    rating = fields.String()
    decision_codes = fields.List(fields.String())
    version = fields.Integer()
    child_name = fields.String(attribute="child.name")
    late = fields.Function(lambda plan: plan.due_on < TODAY and plan.state in OPEN)
    meeting = fields.Method("give_meeting")
    sections = fields.Method("give_sections")
    targets = fields.List(fields.Nested(TargetOut))
    missing = fields.Method("give_missing")
    history = fields.List(fields.Nested(StepOut), attribute="steps")

    def give_meeting(self, plan: Plan) -> Any:
        """Return the latest meeting that was not cancelled, with names."""
        meeting = next((one for one in plan.meetings if one.state != "cancelled"), None)
        if meeting is None:
            return None
        names = {member.person_id: member.person.name for member in plan.team}
        attendees = [
            {
                **one,
                "name": names.get(one["person_id"]) or ROLE_TITLES[Role(one["role"])],
                "role": ROLE_TITLES[Role(one["role"])],
                "attended": one["person_id"] in meeting.attended,
            }
            for one in meeting.invitees
        ]
        columns = ("id", "starts_at", "ends_at", "mode", "state", "held_on")
        return MEETING.dump({name: getattr(meeting, name) for name in columns} | {"attendees": attendees})

    def give_sections(self, plan: Plan) -> Any:
        """Return how far each section is."""
        saved = {section.key: section for section in plan.sections}
        answers = {key: section.answers for key, section in saved.items()}
        rows = []
        for section in form_of(plan.phase, plan.form_version).sections:
            last = saved.get(section.key)
            state, missing = submission.section_progress(section, answers)
            owners = " or ".join(one.person.name for one in plan.team if one.role == section.owner)
            words = {"done": "Done", "optional": "Optional", "started": f"Started by {last and last.saved_by_name}"}
            rows.append(
                {
                    "key": section.key,
                    "title": section.title,
                    "owner": section.owner,
                    "state": state,
                    "status": words.get(state, f"Waiting for {owners}"),
                    "missing": missing,
                    "version": last.version if last else 0,
                }
            )
        return SECTIONS.dump(rows)

    def give_missing(self, plan: Plan) -> Any:
        """Return what is missing before the plan can be submitted."""
        form = form_of(plan.phase, plan.form_version)
        answers = {section.key: section.answers for section in plan.sections}
        return REASONS.dump(submission.reasons_not_to_submit(plan, form, answers, tuple(plan.targets)))


OPEN = (PlanState.DUE, PlanState.DATED, PlanState.HELD, PlanState.RETURNED)
PLAN, MEETING, SECTIONS, REASONS = PlanOut(), MeetingOut(), SectionOut(many=True), ReasonOut(many=True)
TARGET, OUTCOME = TargetOut(), OutcomeSchema()

engine = create_engine(os.environ["BENCH_DATABASE"], pool_size=5, max_overflow=5)
session_of = sessionmaker(engine, expire_on_commit=False)
app = Flask(__name__)
DUTIES = "BENCH_DUTIES" in os.environ
log = logging.getLogger("plain")


if DUTIES:
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    @app.before_request
    def identify() -> None:
        """Find out who asks."""
        with session_of() as session:
            token = read_token((SECRET,), request.headers["Authorization"].removeprefix("Bearer "), NOW)
            g.person = session.get_one(Person, token.person_id)

    @app.after_request
    def tell(answer: Response) -> Response:
        """Write a line for a request."""
        facts = {"at": datetime.now(UTC).isoformat(), "way": request.path, "status": answer.status_code}  # noqa: TID251
        log.info(json.dumps(facts | {"method": request.method, "actor": g.person.id}))
        return answer


def turn_away(team: list[Membership]) -> None:
    """Let in whom a team holds today."""
    if not any(
        one.person_id == g.person.id and one.from_date <= TODAY and (one.until is None or one.until >= TODAY)
        for one in team
    ):
        abort(404)


def put_on_record(session: Session, child_id: str, kind: str, action: str) -> None:
    """Add an entry to the audit."""
    session.add(
        Audit(
            authority="northmoor",
            at=datetime.now(UTC),  # noqa: TID251 - a plain program reads the clock where it is
            person_id=g.person.id if DUTIES else "someone",
            acting_as="designated_teacher",
            organisation="",
            kind=kind,
            action=action,
            child_id=child_id,
            way="api",
            why="",
            correlation_id=new_id(),
        )
    )


@app.get("/plans/<plan_id>")
def show(plan_id: str) -> Response:
    """Return a plan with all that belongs to it."""
    query = (
        select(Plan)
        .where(Plan.id == plan_id)
        .options(
            joinedload(Plan.child),
            selectinload(Plan.sections),
            selectinload(Plan.targets),
            selectinload(Plan.meetings),
            selectinload(Plan.steps),
            selectinload(Plan.team).joinedload(Membership.person),
        )
    )
    with session_of() as session:
        found = session.scalars(query).first()
        if found is None:
            abort(404)
        if DUTIES:
            turn_away(found.team)
            put_on_record(session, found.child_id, "view", "pep.plan.read")
            session.commit()
        return jsonify(PLAN.dump(found))


@app.get("/targets/<target_id>")
def show_target(target_id: str) -> Response:
    """Return a target."""
    with session_of() as session:
        return _target_answer(session.get_one(Target, target_id))


@app.put("/targets/<target_id>/review")
def review(target_id: str) -> Response:
    """Say what became of a target: its row, the version kept, the step and the audit, as the suite writes them."""
    values = OUTCOME.load(request.get_json())
    with session_of() as session:
        target = session.get_one(Target, target_id)
        if DUTIES:
            turn_away(list(session.scalars(select(Membership).where(Membership.child_id == target.child_id))))
        if str(target.version) not in request.if_match:
            abort(412)
        target.outcome, target.outcome_why = values["outcome"], values["outcome_why"]
        target.reviewed_on = TODAY
        now = datetime.now(UTC)  # noqa: TID251 - a plain program reads the clock where it is
        who = {"saved_by": "someone", "saved_by_name": "Someone", "acting_as": "Designated teacher", "saved_at": now}
        body = TARGET.dump(target)
        session.add(
            Kept(
                plan_id=target.plan_id,
                part=f"target/{target.id}",
                version=target.version + 1,
                body=body,
                reason="",
                **who,
            )
        )
        session.add(
            Step(
                at=now,
                person_id="someone",
                name="Someone",
                acting_as="Designated teacher",
                child_id=target.child_id,
                plan_id=target.plan_id,
                code="target_reviewed",
                facts={"what": target.what, "outcome": values["outcome"]},
            )
        )
        put_on_record(session, target.child_id, "change", "pep.plan.edit_targets")
        session.commit()
        return _target_answer(target)


def _target_answer(target: Target) -> Response:
    answer = jsonify(TARGET.dump(target))
    answer.set_etag(str(target.version))
    return answer
