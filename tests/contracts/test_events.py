"""The contracts between the services: what is promised of every event type, by name, shape and golden sample."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest

import shared.contracts.pep
import shared.contracts.scheduling
import shared.contracts.virtual_school  # noqa: F401 - each declares its events
from shared.contracts.catalogue import personal_fields
from shared.contracts.envelope import Envelope
from shared.contracts.plain import NotPlain, reader
from shared.contracts.registry import (
    UnknownEvent,
    UnreadableEvent,
    all_events,
    event,
    event_class,
    from_data,
    from_schema,
    to_data,
)
from shared.platform.settings import SERVICES
from shared.testing.samples import sample

GOLDEN = Path(__file__).parent / "golden"
NAMES = list(all_events())

PERSONAL = {
    "pep.child.details_changed.v1": ["name"],
    "pep.child.entered_care.v1": ["name", "upn"],  # the number under which schools send the Virtual School its marks
    "pep.person.recorded.v1": ["name", "email", "language"],
    "pep.team.member_joined.v1": ["name", "email"],
}
"""Every field by which personal data leaves a service. One that is added here is a decision, not an accident."""

FREE_TEXT = {"text", "note", "notes", "comment", "comments", "body", "description", "message", "view", "details"}


def golden(name: str) -> Envelope:
    return Envelope.from_bytes((GOLDEN / f"{name}.json").read_bytes())


def with_strangers(value: Any) -> Any:
    """The same data as a newer version might say it: with fields nobody here knows, at every level of records."""
    if isinstance(value, Mapping):
        return {**{key: with_strangers(each) for key, each in value.items()}, "hitherto_unknown": {"x": [1]}}
    return [with_strangers(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES)
def test_the_name_says_which_service_tells_a_past_fact(name: str) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+\.[a-z_]+\.v[1-9]", name)
    source = name.partition(".")[0]
    assert source in SERVICES
    assert event_class(name).__module__ == f"shared.contracts.{source}"


@pytest.mark.parametrize("name", NAMES)
def test_an_event_is_a_frozen_value_that_says_what_it_means(name: str) -> None:
    cls = event_class(name)
    assert dataclasses.is_dataclass(cls)
    assert typing.cast("Any", cls).__dataclass_params__.frozen
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")  # what dataclass writes when nobody did


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_today_still_says_all_that_the_golden_sample_says(name: str) -> None:
    promised = golden(name).data
    fact = from_data(name, promised)

    written = to_data(fact)

    assert {key: written.get(key) for key in promised} == promised


@pytest.mark.parametrize("name", NAMES)
def test_the_golden_sample_is_read_with_and_without_fields_nobody_knows(name: str) -> None:
    envelope = golden(name)
    expected = sample(event_class(name))
    hints = typing.get_type_hints(event_class(name))
    mappings = {field for field, hint in hints.items() if typing.get_origin(hint) not in (None, tuple)}
    newer = {
        key: value if key in mappings else with_strangers(value)
        for key, value in (*envelope.data.items(), ("hitherto_unknown", 1))
    }

    known = {field.name: getattr(expected, field.name) for field in dataclasses.fields(expected)}
    read = from_data(name, envelope.data)
    assert {key: getattr(read, key) for key in envelope.data} == {key: known[key] for key in envelope.data}
    assert from_data(name, newer) == read


@pytest.mark.parametrize("name", NAMES)
def test_every_field_the_golden_sample_lacks_has_a_default(name: str) -> None:
    absent = [field for field in dataclasses.fields(event_class(name)) if field.name not in golden(name).data]

    assert [field.name for field in absent if field.default is field.default_factory is dataclasses.MISSING] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_fact_without_a_field_it_needs_is_refused_and_says_which(name: str) -> None:
    data = dict(golden(name).data)
    needed = [
        field.name
        for field in dataclasses.fields(event_class(name))
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    del data[needed[0]]

    with pytest.raises(UnreadableEvent) as refusal:
        from_data(name, data)

    assert needed[0] in refusal.value.problems


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_way_of_reading_builds_what_the_schema_builds_or_leaves_it_to_the_schema(name: str) -> None:
    cls = event_class(name)
    whole = to_data(sample(cls))
    assert reader(cls)(whole) == from_schema(cls, whole)
    odd = [
        None,
        True,
        1,
        1.0,
        "1",
        "yes",
        "2026-11-21",
        "2026-11-21T09:00:00",
        "20261121",
        [],
        ["1"],
        [1],
        {},
        {"a": 1},
    ]
    for field in whole:
        for value in odd:
            data = {**whole, field: value}
            with suppress(NotPlain):
                assert reader(cls)(data) == from_schema(cls, data), (field, value)


def test_there_is_a_golden_sample_for_every_event_and_for_nothing_else() -> None:
    there = {file.name.removesuffix(".json") for file in GOLDEN.glob("*.json")}

    assert there == set(NAMES), "run: python -m maintenance.golden_samples (and never delete a published sample)"


def test_personal_data_leaves_a_service_only_in_the_listed_fields() -> None:
    declared = {name: personal_fields(cls) for name, cls in all_events().items()}

    assert {name: fields for name, fields in declared.items() if fields} == PERSONAL


@pytest.mark.parametrize("name", NAMES)
def test_names_and_addresses_are_declared_as_personal_and_free_text_does_not_travel(name: str) -> None:
    fields = {field.name for field in dataclasses.fields(event_class(name))}
    if name != "pep.school.recorded.v1":  # a school's name is public
        assert fields & {"name", "email", "phone", "address"} <= set(personal_fields(event_class(name)))
    assert not fields & FREE_TEXT


def test_a_name_can_be_taken_only_once() -> None:
    @dataclasses.dataclass(frozen=True)
    class Impostor:
        child_id: str

    with pytest.raises(ValueError, match="taken"):
        event("pep.plan.opened.v1")(Impostor)


def test_an_undeclared_name_is_unknown() -> None:
    with pytest.raises(UnknownEvent):
        event_class("pep.plan.levitated.v1")


def test_the_envelope_follows_cloudevents() -> None:
    body = orjson.loads((GOLDEN / "pep.plan.opened.v1.json").read_bytes())

    # The required attributes of CloudEvents 1.0, and names of attributes as its section 3.1 allows them.
    assert {"specversion", "id", "source", "type"} <= body.keys()
    assert body["specversion"] == "1.0"
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", key) for key in body)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", body["time"])


def test_the_envelope_is_read_back_as_it_was_written() -> None:
    for name in NAMES:
        assert Envelope.from_bytes(golden(name).to_bytes()) == golden(name)
