"""The pages of plans, sections, targets, views, concerns and the care plan."""

from __future__ import annotations

import pytest

from services.pep.domain.forms import FieldType
from shared.testing.pages import check_page
from tests.pep.plan_world import World


def opened(world: World) -> str:
    return world.open().id


@pytest.mark.parametrize("key", ["sam", "dee", "ira", "val", "cal"])
def test_everybody_on_the_team_who_may_reads_the_plan(world: World, key: str) -> None:
    plan = world.open()
    world.arrange(plan)
    words = check_page(world.client(key).get(f"/plans/{plan.id}"))
    assert "Meeting arranged" in words
    assert "Dee Larkin" in words
    assert "Wednesday 2 December 2026, 2:30pm to 3:30pm" in words


def test_each_section_says_whose_it_is_and_who_is_waited_for(world: World) -> None:
    words = check_page(world.client("sam").get(f"/plans/{opened(world)}"))
    assert "Attendance and conduct Waiting for Dee Larkin" in words
    assert "Leisure interests Not started" in words


def test_the_reasons_not_to_submit_lead_to_the_fields(world: World) -> None:
    plan = world.open()
    client = world.client("sam")
    page = client.get(f"/plans/{plan.id}")
    address = f"/plans/{plan.id}/sections/leisure#interests"
    assert address in page.text
    assert 'id="interests"' in client.get(address.split("#")[0]).text
    refused = client.post(f"/plans/{plan.id}/submission", data={"version": "1"})
    assert refused.status_code == 422
    assert "The plan cannot be submitted yet" in check_page(refused)


def test_no_reason_leads_to_a_page_that_the_reader_may_not_open(world: World) -> None:
    page = world.client("cal").get(f"/plans/{opened(world)}")
    words = check_page(page)
    assert "Targets: at least one is needed" in words
    assert "/targets/new" not in page.text


def test_without_a_meeting_the_page_asks_why_and_then_submits(world: World) -> None:
    plan = world.open()
    world.fill_in(plan)
    client = world.client("dee")
    refused = client.post(f"/plans/{plan.id}/submission", data={"version": "1", "no_meeting_reason": " "})
    assert refused.status_code == 422
    assert "Say why no meeting took place" in check_page(refused)
    done = client.post(f"/plans/{plan.id}/submission", data={"version": "1", "no_meeting_reason": "Flood"})
    assert done.status_code == 303
    words = check_page(client.get(f"/plans/{plan.id}"))
    assert "No meeting took place: Flood" in words
    assert "With the Virtual School" in words
    again = client.post(f"/plans/{plan.id}/submission", data={"version": "1", "no_meeting_reason": "Flood"})
    assert again.status_code == 412


@pytest.mark.parametrize("phase", ["early_years", "primary", "secondary", "post_16"])
def test_every_section_of_every_phase_can_be_written_and_read(world: World, phase: str) -> None:
    from dataclasses import replace

    from services.pep.domain.terms import Phase

    world.child = replace(world.child, phase=Phase(phase))
    plan = world.open()
    with world.looking("sam") as work:
        from services.pep.application.plans import parts_of

        form = parts_of(work, plan).form
    samples = {FieldType.YES_NO: "yes", FieldType.NUMBER: "4", FieldType.MONEY: "£1,200.50"}
    writers = {"social_worker": "sam", "designated_teacher": "dee", "carer": "cal"}
    for section in form.sections:
        client = world.client(writers[section.owner])
        path = f"/plans/{plan.id}/sections/{section.key}"
        check_page(client.get(path))
        data = {"version": "0"}
        for field in section.fields:
            if field.type is FieldType.DATE:
                data |= {f"{field.key}-day": "7", f"{field.key}-month": "12", f"{field.key}-year": "2026"}
            else:
                data[field.key] = field.options[0][0] if field.options else samples.get(field.type, "Some words")
        assert client.post(path, data=data).status_code == 303, section.key
        assert "Last saved by" in check_page(client.get(path))
        check_page(world.client("ira").get(path))
    with world.looking("sam") as work:
        assert {r.kind.value for r in parts_of(work, plan).reasons} == {"target"}


def test_a_wrong_answer_keeps_everything_typed(world: World) -> None:
    plan = world.open()
    data = {"version": "0", "attendance_percent": "lots", "conduct": "Polite & <kind>"}
    page = world.client("dee").post(f"/plans/{plan.id}/sections/attendance", data=data)
    assert page.status_code == 422
    words = check_page(page)
    assert "Enter a number, such as 12 or 94.5" in words
    assert 'value="lots"' in page.text
    assert "Polite &amp; &lt;kind&gt;" in page.text


def test_an_unreal_date_is_refused_and_kept(world: World) -> None:
    plan = world.open()
    data = {"version": "0", "sen_status": "ehc_plan", "ehc_review_on-day": "31", "ehc_review_on-month": "2"}
    page = world.client("dee").post(f"/plans/{plan.id}/sections/sen", data=data)
    assert page.status_code == 422
    check_page(page)
    assert 'value="31"' in page.text


def test_a_stale_edit_shows_both_texts_and_can_be_saved_again(world: World) -> None:
    plan = world.open()
    path = f"/plans/{plan.id}/sections/leisure"
    client = world.client("sam")
    client.post(path, data={"version": "0", "interests": "Chess with friends"})
    stale = client.post(path, data={"version": "0", "interests": "Swimming"})
    assert stale.status_code == 412
    words = check_page(stale)
    assert "Chess with friends" in words
    assert "Swimming" in words
    assert 'name="version" value="1"' in stale.text
    assert client.post(path, data={"version": "1", "interests": "Swimming and chess"}).status_code == 303


def test_an_amendment_of_an_approved_plan_asks_for_its_reason(world: World) -> None:
    plan = world.approved()
    path = f"/plans/{plan.id}/sections/leisure"
    client = world.client("sam")
    refused = client.post(path, data={"version": "1", "interests": "Drums"})
    assert refused.status_code == 422
    assert "Say why you are changing an approved plan" in check_page(refused)
    data = {"version": "1", "interests": "Drums", "reason": "Took up drums"}
    assert client.post(path, data=data).status_code == 303
    assert "Reason" not in check_page(client.get(path)).split("Earlier versions")[0]
    assert "after approval: Took up drums" in check_page(client.get(f"/plans/{plan.id}"))


def test_a_target_is_added_changed_reviewed_and_taken_out(world: World) -> None:
    plan = world.open()
    client = world.client("dee")
    check_page(client.get(f"/plans/{plan.id}/targets/new"))
    empty = client.post(f"/plans/{plan.id}/targets/new", data={"category": "academic", "cost_pence": "lots"})
    assert empty.status_code == 422
    assert "Enter what the child will achieve" in check_page(empty)
    draft = {"category": "academic", "what": "Read a whole book", "cost_pence": "49.50"}
    assert client.post(f"/plans/{plan.id}/targets/new", data=draft).status_code == 303
    words = check_page(client.get(f"/plans/{plan.id}"))
    assert "Not SMART yet" in words
    assert "£49.50" in words
    with world.looking("dee") as work:
        from services.pep.application import targets

        (target,) = targets.list_targets(work, plan.id)
    assert "how everyone will know" in check_page(client.get(f"/targets/{target.id}"))
    whole = draft | {"version": "1", "measure": "Two books", "who": "Dee", "how_often": "Daily"}
    whole |= {"by_date-day": "26", "by_date-month": "3", "by_date-year": "2027"}
    assert client.post(f"/targets/{target.id}", data=whole).status_code == 303
    assert "Not SMART yet" not in check_page(client.get(f"/plans/{plan.id}"))
    stale = client.post(f"/targets/{target.id}", data=whole | {"version": "1", "what": "Read two whole books"})
    assert stale.status_code == 412
    assert "Read two whole books" in check_page(stale)
    check_page(client.get(f"/targets/{target.id}/review"))
    bare = client.post(f"/targets/{target.id}/review", data={"version": "2", "outcome": "met"})
    assert bare.status_code == 422
    check_page(bare)
    told = {"version": "2", "outcome": "partly", "outcome_why": "One book"}
    assert client.post(f"/targets/{target.id}/review", data=told).status_code == 303
    assert "Partly met" in check_page(client.get(f"/plans/{plan.id}"))
    late = client.post(f"/targets/{target.id}/removal", data={"version": "2"})
    assert late.status_code == 412
    check_page(late)
    assert client.post(f"/targets/{target.id}/removal", data={"version": "3"}).status_code == 303
    assert "No target is set yet" in check_page(client.get(f"/plans/{plan.id}"))


def test_the_child_writes_on_their_own_page_in_plain_words(world: World) -> None:
    plan = world.open()
    client = world.client("kid")
    path = f"/plans/{plan.id}/views"
    words = check_page(client.get(path))
    for question in ("What is going well?", "What would you like to change?", "Who do you want at your meeting?"):
        assert question in words
    assert "Who will see this? These people can read what you write: Sam Osei, Social worker" in words
    assert "How did you find out?" not in words
    empty = client.post(path, data={"version": "0"})
    assert empty.status_code == 422
    check_page(empty)
    assert client.post(path, data={"version": "0", "hopes": "To be a vet"}).status_code == 303
    assert "To be a vet" in check_page(client.get(path))
    check_page(client.get(f"{path}?edit=yes"))
    assert "In their own words" in check_page(world.client("dee").get(f"/plans/{plan.id}"))


def test_an_adult_records_views_and_says_how(world: World) -> None:
    plan = world.open()
    client = world.client("dee")
    path = f"/plans/{plan.id}/views"
    refused = client.post(path, data={"version": "0", "hopes": "To be a vet"})
    assert refused.status_code == 422
    assert "Choose how you found out" in check_page(refused)
    assert "To be a vet" in refused.text
    assert client.post(path, data={"version": "0", "hopes": "To be a vet", "how": "talked"}).status_code == 303
    assert "Dee Larkin wrote this down. How: we talked" in check_page(client.get(path))
    stale = client.post(path, data={"version": "0", "hopes": "To be a nurse", "how": "talked"})
    assert stale.status_code == 412
    assert "To be a nurse" in check_page(stale)


@pytest.mark.parametrize("key", ["pat", "cal", "new"])
def test_views_are_not_shown_to_family_carers_or_strangers(world: World, key: str) -> None:
    assert world.client(key).get(f"/plans/{opened(world)}/views").status_code in (403, 404)


def test_the_care_plan_shows_what_was_agreed_and_the_next_dates(world: World) -> None:
    path = f"/children/{world.child.id}/care-plan"
    assert "No plan has been approved yet" in check_page(world.client("sam").get(path))
    world.approved()
    words = check_page(world.client("ira").get(path))
    assert words.index("Educational and training history") < words.index("Leisure interests")
    assert "Read a chapter book alone" in words
    assert "First review of the care plan held" in words
    assert world.client("dee").get(path).status_code == 403


def test_a_concern_is_answered_on_its_page(world: World) -> None:
    world.open()
    world.concern()
    client = world.client("sam")
    path = "/concerns/concern"
    words = check_page(client.get(path))
    assert "Attendance is low" in words
    assert "Attended 58 of 74 sessions (78.4%) from 2 September 2026 to 20 November 2026." in words
    refused = client.post(f"{path}/action", data={"version": "1", "action": "Walk with Amara"})
    assert refused.status_code == 422
    words = check_page(refused)
    assert "Choose who will do it" in words
    assert "Walk with Amara" in refused.text
    whole = {"version": "1", "action": "Walk with Amara", "owner_id": "cal"}
    whole |= {"by_date-day": "1", "by_date-month": "12", "by_date-year": "2026"}
    assert client.post(f"{path}/action", data=whole).status_code == 303
    again = client.post(f"{path}/action", data=whole)
    assert again.status_code == 412
    check_page(again)
    assert "Cal Winter will do this by 1 December 2026: Walk with Amara." in check_page(
        client.get(f"/children/{world.child.id}/care-plan")
    )
    carer = world.client("cal")
    assert "It is done" in check_page(carer.get(path))
    assert carer.post(f"{path}/done", data={"version": "2"}).status_code == 303
    assert "Done on 23 November 2026" in check_page(client.get(path))


def test_an_early_meeting_is_asked_for_on_the_concerns_page(world: World) -> None:
    plan = world.approved()
    world.concern()
    client = world.client("sam")
    assert client.post("/concerns/concern/early-meeting", data={"version": "1"}).status_code == 303
    words = check_page(client.get("/concerns/concern"))
    assert "An early PEP meeting was asked for, to be held by 7 December 2026." in words
    assert "Asked for an early meeting by 7 December 2026" in check_page(client.get(f"/plans/{plan.id}"))


def test_a_returned_plan_shows_what_to_mend(world: World) -> None:
    from shared.contracts.virtual_school import PlanQualityReturned
    from tests.pep.plan_world import TODAY

    plan = world.open()
    world.fill_in(plan)
    world.submit(plan, "Flood")
    world.hear(PlanQualityReturned(plan.child_id, plan.id, 1, "red", ("targets_not_smart",), TODAY))
    words = check_page(world.client("dee").get(f"/plans/{plan.id}"))
    assert "What the Virtual School asks you to mend Targets not smart" in words
    assert "Read what the Virtual School wrote" in words
    assert "Read what the Virtual School wrote" not in check_page(world.client("cal").get(f"/plans/{plan.id}"))


def test_the_history_says_who_did_what_and_when(world: World) -> None:
    words = check_page(world.client("ira").get(f"/plans/{opened(world)}"))
    assert (
        "Opened the plan: meeting by 4 December 2026, complete by 11 December 2026 by Sam Osei, Social worker" in words
    )
    assert "23 November 2026 at 9am" in words


@pytest.mark.parametrize("key", ["sam", "dee", "cal"])
def test_a_due_plans_page_leads_to_its_own_meeting(world: World, key: str) -> None:
    plan = world.open()
    page = world.client(key).get(f"/plans/{plan.id}").text
    assert f'href="/scheduling/plans/{plan.id}/meeting">Go to the meeting to arrange</a>' in page


def test_the_work_list_leads_to_the_meeting_to_arrange(world: World) -> None:
    plan = world.open()
    page = world.client("sam").get("/").text
    assert f'href="/scheduling/plans/{plan.id}/meeting"' in page
