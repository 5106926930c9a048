"""What pages and API take and give about the people of the authority."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.pep.domain.schools import PHASES
from services.pep.domain.team import ONE_AT_A_TIME, STAFF
from shared.contracts.roles import Role
from shared.platform.web.fields import Day, Text


class PersonSchema(Schema):
    """A member of staff or a designated teacher, as they are recorded."""

    name = Text(longest=200, required=True, metadata={"label": "Name"})
    email = fields.Email(required=True, validate=validate.Length(max=254), metadata={"label": "E-mail address"})
    roles = fields.List(
        Text(validate=validate.OneOf([role.value for role in STAFF])),
        required=True,
        metadata={"label": "at least one role", "select": True},
    )
    organisation = Text(longest=200, load_default="", metadata={"label": "Organisation"})
    school_urn = Text(longest=20, load_default=None, allow_none=True, metadata={"label": "School"})


class PersonFormSchema(PersonSchema):
    """The same on a page, where the school may be typed."""

    school = Text(longest=200, load_default="", metadata={"label": "School"})


class RecordedPersonSchema(PersonSchema):
    """A person as the API gives one; without `here` they may not sign in."""

    id = fields.String()
    here = fields.Boolean()
    version = fields.Integer()


class PeopleQuerySchema(Schema):
    """What the list of people is narrowed to, in the address."""

    search = fields.String(load_default="", metadata={"description": "Part of a name, an address or an organisation"})
    role = fields.String(load_default="", validate=validate.OneOf(["", *(role.value for role in STAFF)]))
    school_urn = fields.String(load_default="")
    here = fields.Boolean(load_default=True)
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class PeoplePageSchema(Schema):
    """One page of people; `total` counts those on every page."""

    items = fields.List(fields.Nested(RecordedPersonSchema(exclude=("version",))))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()


class HeldPlaceSchema(Schema):
    """A place on a team that a person holds or will hold; `child_name` is empty where it may not be known."""

    membership_id = fields.String()
    child_name = fields.String()
    role = fields.String()
    from_date = fields.Date()
    until = fields.Date(allow_none=True)


class CaseloadSchema(Schema):
    """A caseload to be handed over; `places` are the memberships that the check page listed."""

    role = Text(
        required=True,
        validate=validate.OneOf([role.value for role in Role if role in ONE_AT_A_TIME]),
        metadata={"label": "Role", "select": True},
    )
    person_id = Text(longest=36, required=True, metadata={"label": "Who takes over", "select": True})
    from_date = Day(required=True, metadata={"label": "First day"})
    places = fields.List(Text(longest=36), load_default=None, allow_none=True)


class GoneSchema(Schema):
    """Somebody who is no longer here; `places` are the memberships that the page listed."""

    places = fields.List(Text(longest=36), load_default=None, allow_none=True)


class NewSchoolSchema(Schema):
    """A school recorded by hand."""

    urn = Text(longest=20, required=True, metadata={"label": "URN"})
    name = Text(longest=200, required=True, metadata={"label": "Name of the school"})
    phase = Text(required=True, validate=validate.OneOf(PHASES), metadata={"label": "Phase", "select": True})
    town = Text(longest=100, load_default="", metadata={"label": "Town"})
