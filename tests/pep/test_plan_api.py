"""The JSON API of plans, sections, targets, views, concerns and the care plan."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pep.plan_world import World


def with_etag(answer: Any) -> dict[str, str]:
    return {"If-Match": f'"{answer.get_etag()[0]}"'}


def test_plans_are_listed_for_those_on_the_team_and_narrowed(world: World) -> None:
    plan = world.open()
    body = world.client("sam").get("/api/plans").json
    assert (body["total"], body["items"][0]["id"]) == (1, plan.id)
    assert body["items"][0]["child_name"] == "Amara Bright"
    assert world.client("sam").get("/api/plans?state=approved&state=held").json["total"] == 0
    assert world.client("sam").get("/api/plans?state=due&term=2026-autumn").json["total"] == 1
    assert world.client("new").get("/api/plans").json["total"] == 0
    assert world.client("new").get(f"/api/plans?child_id={plan.child_id}").status_code == 404
    assert world.client("sam").get("/api/plans?state=lost").status_code == 422


def test_a_plan_says_what_is_missing_and_for_whom_it_waits(world: World) -> None:
    plan = world.open()
    world.arrange(plan)
    answer = world.client("ira").get(f"/api/plans/{plan.id}")
    assert answer.headers["ETag"]
    body = answer.json
    assert body["state"] == "dated"
    assert body["meeting"]["starts_at"] == "2026-12-02T14:30:00+00:00"
    gap = next(one for one in body["missing"] if one["section"] == "leisure")
    assert (gap["field"], gap["waits_for"], gap["heading"]) == ("interests", "social_worker", "leisure")


def test_a_section_is_read_and_put_with_its_etag(world: World) -> None:
    plan = world.open()
    path = f"/api/plans/{plan.id}/sections/leisure"
    client = world.client("sam")
    first = client.get(path)
    assert (first.json["version"], first.json["missing"]) == (0, ["interests"])
    sent = {"answers": {"interests": "Chess"}}
    assert client.put(path, json=sent).status_code == 428
    saved = client.put(path, json=sent, headers=with_etag(first))
    assert saved.status_code == 200
    assert (saved.json["version"], saved.json["answers"]["interests"]) == (1, "Chess")
    late = client.put(path, json={"answers": {"interests": "Swimming"}}, headers=with_etag(first))
    assert late.status_code == 412
    assert late.mimetype == "application/problem+json"
    again = client.put(path, json={"answers": {"interests": "Swimming"}}, headers=with_etag(saved))
    assert again.json["version"] == 2
    assert world.client("dee").put(path, json=sent, headers=with_etag(again)).status_code == 403


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"spent_last_term": "250"}, "spent_last_term"),
        ({"spent_last_term": 2.5}, "spent_last_term"),
        ({"spent_last_term": -1}, "spent_last_term"),
        ({"impact": {"a": 1}}, "impact"),
        ({"hobbies": "Chess"}, "hobbies"),
    ],
)
def test_wrong_answers_are_named_by_field(world: World, answers: dict[str, Any], field: str) -> None:
    plan = world.open()
    path = f"/api/plans/{plan.id}/sections/pupil_premium"
    client = world.client("dee")
    refused = client.put(path, json={"answers": answers}, headers=with_etag(client.get(path)))
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [field]


def test_money_travels_in_pence(world: World) -> None:
    plan = world.open()
    path = f"/api/plans/{plan.id}/sections/pupil_premium"
    client = world.client("dee")
    saved = client.put(path, json={"answers": {"spent_last_term": 12550}}, headers=with_etag(client.get(path)))
    assert saved.json["answers"]["spent_last_term"] == 12550


def test_a_plan_is_submitted_and_followed_through_the_api(world: World) -> None:
    plan = world.open()
    client = world.client("dee")
    refused = client.post(f"/api/plans/{plan.id}/submission", json={"version": 1, "no_meeting_reason": "Flood"})
    assert (refused.status_code, refused.json["code"]) == (422, "plan_not_ready")
    assert {"leisure", "attendance"} <= {reason["section"] for reason in refused.json["reasons"]}
    world.fill_in(plan)
    done = client.post(f"/api/plans/{plan.id}/submission", json={"version": 1, "no_meeting_reason": "Flood"})
    assert (done.status_code, done.json["state"], done.json["submission"]) == (201, "submitted", 1)
    twice = client.post(f"/api/plans/{plan.id}/submission", json={"version": 1, "no_meeting_reason": "Flood"})
    assert twice.status_code == 412
    steps = client.get(f"/api/plans/{plan.id}/history").json
    assert steps[0]["words"] == "Submitted the plan without a meeting (submission 1): Flood"
    assert (steps[0]["name"], steps[0]["acting_as"]) == ("Dee Larkin", "Designated teacher")


def test_targets_are_added_changed_reviewed_and_taken_out(world: World) -> None:
    plan = world.open()
    client = world.client("dee")
    sent = {"category": "academic", "what": "Read a whole book", "cost_pence": 4950}
    assert client.post(f"/api/plans/{plan.id}/targets", json=sent | {"cost_pence": "49.50"}).status_code == 422
    made = client.post(f"/api/plans/{plan.id}/targets", json=sent)
    assert made.status_code == 201
    path = f"/api/targets/{made.json['id']}"
    assert made.headers["Location"].endswith(path)
    read = client.get(path)
    changed = client.put(path, json=sent | {"by_date": "2027-03-26"}, headers=with_etag(read))
    assert (changed.json["by_date"], changed.json["version"]) == ("2027-03-26", 2)
    assert client.put(path, json=sent, headers=with_etag(read)).status_code == 412
    told = {"outcome": "met", "outcome_why": "Two books read"}
    reviewed = client.put(f"{path}/review", json=told, headers=with_etag(client.get(path)))
    assert reviewed.json["outcome"] == "met"
    assert client.delete(path).status_code == 428
    assert client.delete(path, headers=with_etag(client.get(path))).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(f"/api/plans/{plan.id}/targets").json == []


def test_the_childs_views_are_put_with_an_etag(world: World) -> None:
    plan = world.open()
    path = f"/api/plans/{plan.id}/views"
    client = world.client("kid")
    read = client.get(path)
    saved = client.put(path, json={"hopes": "To be a vet"}, headers=with_etag(read))
    assert (saved.status_code, saved.json["gathered_by"]) == (200, "")
    assert client.put(path, json={"hopes": "A nurse"}, headers=with_etag(read)).status_code == 412
    assert world.client("cal").get(path).status_code == 403


def test_the_care_plan_and_its_concerns_go_over_the_api(world: World) -> None:
    plan = world.approved()
    world.concern()
    client = world.client("sam")
    body = client.get(f"/api/children/{plan.child_id}/care-plan").json
    assert body["current"]["plan_id"] == plan.id
    assert body["next_review_by"] > body["plan_to_iro_by"]
    assert client.get(f"/api/children/{plan.child_id}/concerns").json[0]["evidence"]["percentage"] == "78.4"
    bare = client.post("/api/concerns/concern/answer", json={"answer": "action", "version": 1})
    assert bare.status_code == 422
    assert set(bare.json["errors"]) == {"action", "owner_id", "by_date"}
    done = client.post("/api/concerns/concern/answer", json={"answer": "early_meeting", "version": 1})
    assert (done.status_code, done.json["by_date"]) == (201, "2026-12-07")
    assert (
        client.post("/api/concerns/concern/answer", json={"answer": "early_meeting", "version": 1}).status_code == 412
    )
    assert world.client("dee").get(f"/api/children/{plan.child_id}/care-plan").status_code == 403


def test_the_owner_says_over_the_api_that_the_action_is_done(world: World) -> None:
    world.concern()
    sent = {"answer": "action", "action": "Walk to school", "owner_id": "cal", "by_date": "2026-12-01", "version": 1}
    assert world.client("sam").post("/api/concerns/concern/answer", json=sent).status_code == 201
    assert world.client("dee").post("/api/concerns/concern/done", json={"version": 2}).status_code == 403
    done = world.client("cal").post("/api/concerns/concern/done", json={"version": 2})
    assert (done.status_code, done.json["done_on"]) == (201, "2026-11-23")


def test_every_resource_of_plans_is_described(world: World) -> None:
    paths = world.client("sam").get("/api/openapi.json").json["paths"]
    for path in (
        "/api/plans",
        "/api/plans/{plan_id}/sections/{key}",
        "/api/plans/{plan_id}/submission",
        "/api/targets/{target_id}",
        "/api/plans/{plan_id}/views",
        "/api/children/{child_id}/care-plan",
        "/api/concerns/{concern_id}/answer",
    ):
        assert path in paths
