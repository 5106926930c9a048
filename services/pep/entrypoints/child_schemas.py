"""What pages and API take and give about children, teams and schools: one schema for a form and its JSON."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.pep.domain.children import LEGAL_STATUSES, SEXES
from services.pep.domain.team import TEAM_ROLES
from services.pep.domain.terms import Phase
from shared.contracts.languages import ENGLISH, LANGUAGES
from shared.platform.web.fields import Day, Text


def _label(words: str, *, select: bool = False) -> dict[str, object]:
    return {"label": words, "select": select}


class DetailsSchema(Schema):
    """A child's details, as they can be corrected."""

    name = Text(longest=200, load_default="", metadata=_label("Full name"))
    known_as = Text(longest=100, load_default="", metadata=_label("Likes to be called"))
    born_on = Day(required=True, metadata=_label("Date of birth"))
    sex = Text(load_default="", validate=validate.OneOf(list(SEXES)), metadata=_label("Sex", select=True))
    upn = Text(longest=13, load_default="", metadata=_label("UPN"))
    legal_status = Text(
        required=True, validate=validate.OneOf(list(LEGAL_STATUSES)), metadata=_label("Legal status", select=True)
    )
    entered_care_on = Day(required=True, metadata=_label("Day the child became looked after"))
    placement_started_on = Day(load_default=None, allow_none=True, metadata=_label("Start of the first placement"))


class EnterCareSchema(DetailsSchema):
    """A child who becomes looked after."""

    name = Text(longest=200, required=True, metadata=_label("Full name"))
    reference = Text(longest=40, required=True, metadata=_label("Identifier (SSDA903)"))
    school_urn = Text(longest=20, load_default=None, allow_none=True, metadata=_label("School"))
    social_worker = Text(longest=36, load_default=None, allow_none=True, metadata=_label("Social worker", select=True))
    iro = Text(longest=36, load_default=None, allow_none=True, metadata=_label("IRO", select=True))
    virtual_school_caseworker = Text(
        longest=36, load_default=None, allow_none=True, metadata=_label("Virtual School caseworker", select=True)
    )
    team_manager = Text(longest=36, load_default=None, allow_none=True, metadata=_label("Team manager", select=True))


class EnterCareFormSchema(EnterCareSchema):
    """The same on a page, where the social worker must be chosen and the school may be typed."""

    social_worker = Text(longest=36, required=True, metadata=_label("Social worker", select=True))
    school = Text(longest=200, load_default="", metadata=_label("School"))


class SchoolChangeSchema(Schema):
    """A change of school; no `school_urn` means that the child is on no school's roll."""

    school_urn = Text(longest=20, load_default=None, allow_none=True, metadata=_label("School"))
    since = Day(required=True, metadata=_label("First day"))


class SchoolChangeFormSchema(SchoolChangeSchema):
    """The same on a page, where the school may be typed, and having none is said."""

    school = Text(longest=200, load_default="", metadata=_label("School"))
    has_school = Text(
        required=True,
        validate=validate.OneOf(["yes", "no"]),
        metadata=_label("whether the child has a school", select=True),
    )


class ReviewSchema(Schema):
    """A review that was held."""

    held_on = Day(required=True, metadata=_label("Day of the review"))


class LeaveCareSchema(Schema):
    """A child who leaves care."""

    left_on = Day(required=True, metadata=_label("Last day in care"))


class DeathSchema(Schema):
    """The day a child died."""

    died_on = Day(required=True, metadata=_label("Day the child died"))


def _language() -> Text:
    return Text(
        load_default=ENGLISH,
        validate=validate.OneOf([ENGLISH, *LANGUAGES]),
        metadata=_label("Language", select=True),
    )


class JoinSchema(Schema):
    """A person who joins the team: one who is known, or (`name`) a carer, parent, child or advocate to be recorded."""

    role = Text(
        required=True,
        validate=validate.OneOf([role.value for role in TEAM_ROLES]),
        metadata=_label("Role", select=True),
    )
    person_id = Text(longest=36, load_default="", metadata=_label("Person", select=True))
    name = Text(longest=200, load_default="", metadata=_label("Name"))
    email = fields.Email(load_default=None, allow_none=True, metadata=_label("E-mail address"))
    from_date = Day(required=True, metadata=_label("First day on the team"))
    language = _language()


class LanguageSchema(Schema):
    """The language besides English in which somebody is written to, by its code; empty for English alone."""

    language = _language()


class EndSchema(Schema):
    """The end of a membership."""

    until = Day(required=True, metadata=_label("Last day on the team"))


class HandOverSchema(Schema):
    """A role handed over to another person."""

    person_id = Text(longest=36, required=True, metadata=_label("Who takes over", select=True))
    from_date = Day(required=True, metadata=_label("First day"))


class AllocateSchema(Schema):
    """Children given to a social worker."""

    children = fields.List(Text(longest=36), required=True, metadata=_label("at least one child", select=True))
    person_id = Text(longest=36, required=True, metadata=_label("Social worker", select=True))


class ChildrenQuerySchema(Schema):
    """What a list of children is narrowed to, in the address."""

    search = fields.String(load_default="", metadata={"description": "Part of a name or of the identifier"})
    phase = fields.String(load_default="", validate=validate.OneOf(["", *(phase.value for phase in Phase)]))
    year_group = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(-1, 13))
    school_urn = fields.String(load_default="")
    in_care = fields.Boolean(load_default=True)
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class ChildSchema(Schema):
    """A child as the API gives one; a field the reader may not see is absent."""

    id = fields.String()
    reference = fields.String()
    name = fields.String()
    known_as = fields.String()
    born_on = fields.Date()
    sex = fields.String()
    upn = fields.String()
    legal_status = fields.String()
    entered_care_on = fields.Date()
    placement_started_on = fields.Date()
    left_care_on = fields.Date(allow_none=True)
    school_urn = fields.String(allow_none=True)
    school_since = fields.Date(allow_none=True)
    no_school_since = fields.Date(allow_none=True)
    phase = fields.String()
    year_group = fields.Integer()
    reviews_held = fields.List(fields.Date())
    version = fields.Integer()


class PlaceSchema(Schema):
    """Where a child goes to school: at a school since a day, or on no school's roll since a day."""

    id = fields.String()
    school_urn = fields.String(allow_none=True)
    school_since = fields.Date(allow_none=True)
    no_school_since = fields.Date(allow_none=True)
    version = fields.Integer()


class ChildPageSchema(Schema):
    """One page of children; `total` counts those on every page."""

    items = fields.List(fields.Nested(ChildSchema))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()


class DeadlineSchema(Schema):
    """A clock that runs: the last day, its rule and how it was counted."""

    kind = fields.String()
    on = fields.Date()
    rule = fields.String()
    unit = fields.String()
    length = fields.String()
    citation = fields.String()
    why = fields.String()
    overdue = fields.Boolean()


class MemberSchema(Schema):
    """A place on the team; `email` and `language` are empty for a reader who may not see them."""

    id = fields.String()
    child_id = fields.String()
    person_id = fields.String()
    name = fields.String()
    role = fields.String()
    organisation = fields.String()
    email = fields.String(allow_none=True)
    language = fields.String()
    from_date = fields.Date()
    until = fields.Date(allow_none=True)


class SchoolSchema(Schema):
    """A school."""

    urn = fields.String()
    name = fields.String()
    phase = fields.String()
    kind = fields.String()
    town = fields.String()
    postcode = fields.String()
    local_authority = fields.String()
    status = fields.String()


class SchoolsQuerySchema(Schema):
    """What a list of schools is narrowed to."""

    search = fields.String(load_default="")
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
