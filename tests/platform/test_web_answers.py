"""What an API gives back is dumped as marshmallow dumps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, fields, post_dump

from shared.platform.web.answers import Json, OutSchema, Remembered


class Colour(StrEnum):
    RED = "red"


class InnerSchema(OutSchema):
    name = fields.String(attribute="who.name")
    at = fields.AwareDateTime()


class OuterSchema(OutSchema):
    text = fields.String()
    renamed = fields.Integer(data_key="number", attribute="count")
    yes = fields.Boolean()
    day = fields.Date()
    pence = fields.Integer(as_string=True)
    colour = fields.String()
    facts = fields.Dict(keys=fields.String(), values=fields.String())
    raw = fields.Raw()
    codes = fields.List(fields.String())
    inner = fields.Nested(InnerSchema)
    many = fields.List(fields.Nested(InnerSchema))
    besides = fields.Integer(dump_default=7)
    hidden = fields.String(load_only=True)


@dataclass(frozen=True, slots=True)
class Who:
    name: str | None


@dataclass(frozen=True, slots=True)
class Inner:
    who: Who | None
    at: datetime | None


@dataclass(frozen=True)
class Outer:
    text: Any
    count: int | None
    yes: Any
    day: date | None
    pence: int | None
    colour: Colour | None
    facts: dict[Any, Any] | None
    raw: Any
    codes: list[str | None] | None
    inner: Inner | None
    many: list[Inner] | None
    hidden: str = "secret"


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


inners = st.builds(Inner, maybe(st.builds(Who, maybe(st.text()))), maybe(st.datetimes(timezones=st.just(UTC))))
outers = st.builds(
    Outer,
    text=maybe(st.text() | st.integers()),
    count=maybe(st.integers()),
    yes=maybe(st.booleans() | st.sampled_from(["yes", 0, 1])),
    day=maybe(st.dates()),
    pence=maybe(st.integers()),
    colour=st.sampled_from([None, Colour.RED]),
    facts=maybe(st.dictionaries(st.text() | st.integers(), maybe(st.text() | st.integers()), max_size=3)),
    raw=maybe(st.integers() | st.text()),
    codes=maybe(st.lists(maybe(st.text()), max_size=3)),
    inner=maybe(inners),
    many=maybe(st.lists(inners, max_size=2)),
)


@given(outers)
def test_a_dump_is_the_same_as_marshmallows(outer: Outer) -> None:
    schema = OuterSchema()
    assert schema.dump(outer) == Schema.dump(schema, outer)
    assert schema.dump([outer], many=True) == Schema.dump(schema, [outer], many=True)


@given(st.dictionaries(st.sampled_from(["text", "count", "colour", "codes"]), st.none(), max_size=4))
def test_of_a_dictionary_what_is_not_there_is_left_out(found: dict[str, None]) -> None:
    assert OuterSchema().dump(found) == Schema.dump(OuterSchema(), found)


def test_a_schema_with_hooks_of_dumping_is_refused() -> None:
    class Hooked(OutSchema):
        text = fields.String()

        @post_dump
        def change(self, data: Any, **_: Any) -> Any:
            return {**data, "more": 1}

    with pytest.raises(TypeError, match="Hooked"):
        Hooked().dump({"text": "a"})


def test_json_has_its_keys_in_order_and_writes_what_orjson_cannot() -> None:
    writer = Json(Flask(__name__))
    assert writer.dumps({"b": 1, "a": "é"}) == '{"a":"é","b":1}'
    assert writer.loads(writer.dumps({"half": "\ud800", "large": 2**70})) == {"half": "\ud800", "large": 2**70}
    assert writer.dumps(date(2026, 12, 7)) == '"Mon, 07 Dec 2026 00:00:00 GMT"'


def test_what_is_made_of_the_same_is_given_again_and_what_is_not_is_made_anew() -> None:
    app, made = Flask(__name__), []
    app.json = Json(app)
    remembered = Remembered(kept=2)

    def ask(key: str, made_of: object) -> Any:
        def make() -> dict[str, object]:
            made.append(key)
            return {"key": key, "made of": made_of}

        with app.test_request_context():
            return remembered.answer(key, made_of, make).get_json()

    for made_of in ((1, "a"), (1, "a"), (2, "a"), (1, "a")):
        assert ask("one", made_of) == {"key": "one", "made of": list(made_of)}
    assert made == ["one"] * 3
    for key in ("two", "one", "three", "one", "two"):
        ask(key, (1, "a"))
    assert made[3:] == ["two", "three", "two"]
