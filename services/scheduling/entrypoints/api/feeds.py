"""One's own calendar addresses over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.scheduling.application.feeds import KEEP_OWN, make_feed, own_feeds, stop_feed
from services.scheduling.domain.feeds import Feed, FeedKind
from shared.platform.web.access import allowed
from shared.platform.web.api import ApiBlueprint
from shared.platform.web.unit import reading, writing

blueprint = ApiBlueprint(
    "feeds_api", __name__, url_prefix="/api/feeds", description="Private addresses for one's own calendar program."
)
KINDS = [kind.value for kind in FeedKind]


class FeedInSchema(Schema):
    """Which feed is wished for."""

    kind = fields.String(required=True, validate=validate.OneOf(KINDS))


class FeedSchema(FeedInSchema):
    """A feed one has."""

    id = fields.String()
    made_at = fields.AwareDateTime()


class NewFeedSchema(FeedSchema):
    """A feed that was just made, with its address: it is not told again."""

    address = fields.String()


@blueprint.get("")
@allowed(KEEP_OWN)
@blueprint.response(200, FeedSchema(many=True))
def list_feeds() -> list[dict[str, Any]]:
    """List one's calendar addresses, without the addresses."""
    with reading() as work:
        return [_shown(one) for one in own_feeds(work)]


@blueprint.post("")
@allowed(KEEP_OWN)
@blueprint.arguments(FeedInSchema)
@blueprint.response(201, NewFeedSchema)
def post_feed(wished: dict[str, str]) -> dict[str, Any]:
    """Make a calendar address; it is told this once."""
    with writing() as work:
        made = make_feed(work, FeedKind(wished["kind"]))
    return {**_shown(made.feed), "address": made.address}


@blueprint.delete("/<feed_id>")
@allowed(KEEP_OWN)
@blueprint.response(204)
def delete_feed(feed_id: str) -> None:
    """Stop a calendar address."""
    with writing() as work:
        stop_feed(work, feed_id)


def _shown(one: Feed) -> dict[str, Any]:
    return {"id": one.id, "kind": one.kind.value, "made_at": one.made_at}
