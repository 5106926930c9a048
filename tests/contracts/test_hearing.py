"""Each service can hear the golden samples of all it subscribes to, in any order that the way between allows."""

from __future__ import annotations

import dataclasses
import importlib
import random
from pathlib import Path

import pytest

import shared.contracts.pep
import shared.contracts.scheduling
import shared.contracts.virtual_school  # noqa: F401 - each declares its events
from shared.contracts.envelope import Envelope
from shared.contracts.registry import all_events
from shared.platform.desk import held_events
from shared.platform.inbox import Inbox
from shared.platform.service import ServiceSpec
from shared.platform.settings import SERVICES
from shared.testing.runtimes import make_runtime

GOLDEN = Path(__file__).parent / "golden"

STORY = [
    "pep.person.recorded.v1",
    "pep.school.recorded.v1",
    "pep.child.entered_care.v1",
    "pep.team.member_joined.v1",
    "pep.parent.standing_changed.v1",
    "pep.emergency.opened.v1",
    "pep.emergency.closed.v1",
    "pep.child.school_changed.v1",
    "pep.child.details_changed.v1",
    "pep.plan.opened.v1",
    "scheduling.meeting.arranged.v1",
    "scheduling.invitee.replied.v1",
    "scheduling.meeting.put_back.v1",
    "scheduling.meeting.moved.v1",
    "scheduling.meeting.held.v1",
    "scheduling.meeting.restated.v1",
    "pep.plan.submitted.v1",
    "virtual_school.plan.returned.v1",
    "pep.plan.returned.v1",
    "virtual_school.plan.approved.v1",
    "pep.plan.approved.v1",
    "pep.plan.superseded.v1",
    "virtual_school.concern.raised.v1",
    "pep.concern.answered.v1",
    "pep.meeting.requested.v1",
    "scheduling.meeting.cancelled.v1",
    "virtual_school.concern.closed.v1",
    "pep.review.due.v1",
    "pep.review.withdrawn.v1",
    "pep.team.member_left.v1",
    "pep.child.left_care.v1",
    "pep.session.ended.v1",
    "pep.record.erased.v1",
    "scheduling.record.erased.v1",
    "virtual_school.record.erased.v1",
]
"""A child's way through care, as the three services tell it."""


def spec_of(service: str) -> ServiceSpec:
    spec: ServiceSpec = importlib.import_module(f"services.{service}.app").SPEC
    return spec


def told() -> list[Envelope]:
    """The story, numbered within each subject of each source."""
    last: dict[tuple[str, str], int] = {}
    envelopes = []
    for name in STORY:
        envelope = Envelope.from_bytes((GOLDEN / f"{name}.json").read_bytes())
        key = (envelope.source, envelope.subject)
        last[key] = last.get(key, 0) + 1
        envelopes.append(dataclasses.replace(envelope, subject_version=last[key]))
    return envelopes


def hear(home: Path, service: str, envelopes: list[Envelope]) -> list[str]:
    """Let a service hear the envelopes; return what it could not apply, and why."""
    spec = spec_of(service)
    runtime = make_runtime(home, [spec])
    inbox = Inbox(spec, runtime, SERVICES)
    inbox.receive([each.to_bytes() for each in envelopes if each.source != service], carefully=True)
    inbox.try_held()
    with runtime.database(service).reading() as connection:
        held = held_events(connection)
    runtime.close()
    return [f"{each.type}: {each.reason}" for each in held]


def test_the_story_tells_every_event_once() -> None:
    assert sorted(STORY) == list(all_events())


@pytest.mark.parametrize("service", ["scheduling", "virtual_school"])
def test_a_service_hears_the_whole_story_from_the_start(tmp_path: Path, service: str) -> None:
    assert hear(tmp_path, service, told()) == []


@pytest.mark.parametrize("service", ["scheduling", "virtual_school"])
@pytest.mark.parametrize("seed", range(3))
def test_people_schools_and_other_services_may_be_heard_of_early_or_late(
    tmp_path: Path, service: str, seed: int
) -> None:
    # Only what one source says of one subject is in order; the order between subjects is chance.
    chance = random.Random(seed)
    by_subject: dict[tuple[str, str], list[Envelope]] = {}
    for envelope in told():
        by_subject.setdefault((envelope.source, envelope.subject), []).append(envelope)
    order = []
    while lines := [line for line in by_subject.values() if line]:
        order.append(chance.choice(lines).pop(0))

    assert hear(tmp_path, service, order) == []
