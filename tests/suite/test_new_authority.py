"""A new authority: whatever its short name, its first people are recorded by command and it works from then on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.pep.application.schools import record_schools
from services.pep.domain.schools import School
from services.pep.entrypoints.jobs import keep_up_with_the_date
from shared.kernel.clock import FixedClock
from shared.platform.access import system_actor
from shared.platform.app_factory import create_app
from shared.platform.auth import issue_token
from shared.platform.production import from_environment
from shared.platform.runtime import Runtime
from shared.platform.work import writing_work
from shared.testing.bus import deliver_everything
from suite.__main__ import main
from suite.composition import SPECS, everybody

PEP, SCHEDULING, VIRTUAL_SCHOOL = SPECS
NOVEMBER, JANUARY = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2027, 1, 6, 9, tzinfo=UTC)
HEAD = ["Hattie Lowe", "--email", "hattie@southbay.example", "--role", "virtual_school_head"]
STAFF = [
    HEAD,
    ["Sam Osei", "--email", "sam@southbay.example", "--role", "social_worker"],
    ["Val Ahmed", "--email", "val@southbay.example", "--role", "virtual_school_caseworker", "--organisation", "VS"],
    ["Dot Bell", "--email", "dot@oakfield.example", "--role", "designated_teacher", "--school", "900001"],
]


@pytest.fixture
def southbay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    """Empty databases of an authority that has no policy file, with one school."""
    for spec in SPECS:
        monkeypatch.setenv(f"PEP_SUITE_{spec.name.upper()}_DATABASE", f"sqlite:///{tmp_path}/{spec.name}.sqlite")
    monkeypatch.setenv("PEP_SUITE_BROKER", f"embedded:///{tmp_path}/queue.sqlite")
    monkeypatch.setenv("PEP_SUITE_HOME", str(tmp_path))
    monkeypatch.setenv("PEP_SUITE_AUTHORITY", "southbay")
    monkeypatch.setenv("PEP_SUITE_AUTHORITY_NAME", "Southbay Council")
    monkeypatch.setenv("PEP_SUITE_ORGANIZER_ADDRESS", "meetings@southbay.example")
    monkeypatch.setenv("PEP_SUITE_ORGANIZER_NAME", "Southbay Virtual School meetings")
    for spec in SPECS:
        assert main(["apart", "migrate", spec.name]) == 0
    runtime = Runtime(from_environment(os.environ), FixedClock(NOVEMBER))
    with writing_work(runtime, PEP, system_actor("southbay")) as work:
        record_schools(work, [School("900001", "Oakfield Academy", "Primary", town="Southbay")])
    yield runtime
    runtime.close()


def record(*words: str) -> int:
    return main(["apart", "do", "record-person", *words])


def ask(runtime: Runtime, who: str, service: str, path: str, body: Any = None, *, read: str = "") -> Any:
    """Ask a service's API as somebody; with `body`, send it, and with `read` under the ETag of that."""
    (person,) = [each for each in everybody(runtime) if each.name == who]
    client = create_app(next(spec for spec in SPECS if spec.name == service), runtime).test_client()
    token = issue_token(runtime.settings.secret, person.id, runtime.clock.now())
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    headers = {"If-Match": f'"{client.get(f"/api{read}").get_etag()[0]}"'} if read else {}
    answer = client.post(f"/api{path}", json=body, headers=headers) if body else client.get(f"/api{path}")
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def test_the_first_people_are_recorded_once_and_a_mistake_is_named(
    southbay: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(*HEAD) == 0
    assert "Hattie Lowe (Virtual School head; Southbay Council) is recorded." in capsys.readouterr().out
    assert record(*HEAD) == 0
    assert "was recorded already; nothing has changed." in capsys.readouterr().out
    assert [person.authority for person in everybody(southbay)] == ["southbay"]
    for wrong, said in (
        (["Hattie Smith", *HEAD[1:]], "Hattie Lowe is recorded with this e-mail address and other details."),
        (["X", "--email", "x@southbay.example", "--role", "carer"], "'carer' is no role of staff. Give one of social"),
        (["X", "--email", "x@southbay.example", "--role", "designated_teacher"], "a designated teacher works at one"),
        ([" ", "--email", " ", "--role", "iro"], "Enter the person’s name. Enter an e-mail address"),
    ):
        assert record(*wrong) == 2
        assert said in capsys.readouterr().err
    assert len(everybody(southbay)) == 1


def test_it_opens_a_term_arranges_a_meeting_and_rates_by_the_rules_of_everybody(southbay: Runtime) -> None:
    for words in STAFF:
        assert record(*words) == 0
    deliver_everything(southbay, SPECS)
    staff = {person.name: person.id for person in everybody(southbay)}
    child = {
        "reference": "700001", "name": "Amara Bright", "born_on": "2017-03-09", "legal_status": "C2",
        "entered_care_on": "2026-11-18", "school_urn": "900001", "social_worker": staff["Sam Osei"],
        "virtual_school_caseworker": staff["Val Ahmed"],
    }  # fmt: skip
    ask(southbay, "Sam Osei", "pep", "/children", child)
    southbay.clock = FixedClock(JANUARY)
    keep_up_with_the_date(southbay, PEP)
    deliver_everything(southbay, SPECS)

    terms = {plan["term"]: plan["id"] for plan in ask(southbay, "Sam Osei", "pep", "/plans")["items"]}
    assert "2027-spring" in terms
    (meeting,) = ask(southbay, "Sam Osei", "scheduling", f"/meetings?plan_id={terms['2027-spring']}")
    path = f"/meetings/{meeting['id']}"
    slot = ask(southbay, "Sam Osei", "scheduling", f"{path}/slots")["slots"][0]
    wish = {"start": slot["starts_at"], "end": slot["ends_at"], "place": "Oakfield Academy"}
    arranged = ask(southbay, "Sam Osei", "scheduling", f"{path}/arrangement", wish, read=path)
    assert "Dot Bell" in {each["name"] for each in arranged["invitees"]}
    deliver_everything(southbay, SPECS)
    assert ask(southbay, "Hattie Lowe", "virtual_school", "/plans")

    for spec in SPECS:
        with southbay.database(spec.name).reading() as connection:
            for table in spec.metadata.sorted_tables:
                rows = [str(tuple(row)).lower() for row in connection.execute(table.select())]
                assert not [row for row in rows if "northmoor" in row], f"{spec.name}.{table.name}"
