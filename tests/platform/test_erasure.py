"""Erasing a record: which rows are a child's follows from the tables, in every service and for tables yet to come."""

from __future__ import annotations

from importlib import import_module

import pytest
from sqlalchemy import Column, ForeignKey, String, Table

from shared.platform.db import new_metadata
from shared.platform.erasure import STAYS, SUBJECT_TABLES, people_tables, rows_of_child
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES

SPECS: dict[str, ServiceSpec] = {name: import_module(f"services.{name}.app").SPEC for name in SERVICES}

NOT_OF_A_CHILD = {
    "attendance_upload": "a file of many children's marks; what names the child is taken out of it",
    "delegation": "between two people of a school; the places on teams that follow from it are the children's",
    "failing_address": "an address; those of people known through the child alone are forgotten",
    "form_in_force": "which form an authority uses from when",
    "inbox_position": "a number for each subject, which is how late facts are kept away",
    "own_form": "what an authority's plans ask",
    "published": "how many facts of each type were sent",
    "room": "a room of a school or authority",
    "school": "a school",
    "school_day": "a school's",
    "sign_in_choice": "minutes old, before it is known who signs in",
    "sign_of_life": "when the worker last did its round",
    "audit_head": "how far the chain of the audit reaches",
    "term_calendar": "a school's",
    "term_date": "a school's",
    "term_plan": "a draft for many children; its lines are each child's",
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_is_a_childs_a_persons_kept_by_subject_or_says_why_it_is_none(service: str) -> None:
    metadata = SPECS[service].metadata
    erased = {table.name for table in rows_of_child(metadata, lambda column: column == "c")}
    erased |= {table.name for table in people_tables(metadata)}

    left = set(metadata.tables) - erased - STAYS - set(SUBJECT_TABLES) - set(NOT_OF_A_CHILD)

    assert left == set(), "say whose these are: name the child in `child_id`, or what is the child's in `…_id`"
    assert not erased & set(NOT_OF_A_CHILD)


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_leans_on_a_row_goes_before_it(service: str) -> None:
    order = list(rows_of_child(SPECS[service].metadata, lambda column: column == "c"))
    for table in order:
        for key in table.foreign_keys:
            if key.column.table in order and key.column.table is not table:
                assert order.index(table) < order.index(key.column.table)


def test_a_table_that_names_what_is_the_childs_is_found_through_any_number_of_steps() -> None:
    metadata = new_metadata()
    Table("child", metadata, Column("id", String, primary_key=True))
    Table("plan", metadata, Column("id", String, primary_key=True), Column("child_id", String))
    Table("note", metadata, Column("id", String, primary_key=True), Column("plan_id", String))
    Table("page", metadata, Column("on", String, ForeignKey("note.id"), primary_key=True))
    Table("school", metadata, Column("id", String, primary_key=True), Column("name", String))

    assert [table.name for table in rows_of_child(metadata, lambda column: column == "c")] == [
        "page",
        "note",
        "plan",
        "child",
    ]
