"""The history of a plan and of a child's care plan: what happened, who did it, acting as whom, when, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

WORDS: Mapping[str, str] = {
    "plan_opened": "Opened the plan: meeting by {meet_by}, complete by {due_on}",
    "meeting_requested": "Asked for an early meeting by {meet_by}",
    "meeting_arranged": "Arranged the meeting for {when} and sent the invitations",
    "meeting_moved": "Moved the meeting to {when}",
    "meeting_cancelled": "Cancelled the meeting",
    "meeting_put_back": "Put the meeting back: the {role} cannot come",
    "meeting_held": "Held the meeting on {held_on}; {count} came",
    "invitee_replied": "{who} answered the invitation: {answer}",
    "section_saved": "Saved “{section}”",
    "section_amended": "Amended “{section}” after approval: {reason}",
    "circumstances_said": "Said what applies: {circumstances}",
    "target_added": "Added a target: {what}",
    "target_changed": "Changed a target: {what}",
    "target_removed": "Took out a target: {what}",
    "target_reviewed": "Reviewed a target ({outcome}): {what}",
    "views_given": "Gave their views",
    "views_recorded": "Recorded the child’s views ({how})",
    "link_sent": "Sent {name}, {who}, a personal link: {purpose}",
    "link_taken_back": "Took the personal link of {name} back",
    "contribution_given": "Wrote a contribution as {capacity}",
    "plan_submitted": "Submitted the plan to the Virtual School (submission {submission})",
    "plan_submitted_without_meeting": "Submitted the plan without a meeting (submission {submission}): {reason}",
    "plan_returned": "Returned the plan, rated {rating}: {codes}",
    "plan_approved": "Approved the plan, rated {rating}",
    "plan_superseded": "Replaced by the plan approved on {on}",
    "care_plan_written": "Wrote the education part of the care plan from the approved plan",
    "concern_raised": "Raised a concern: {title}",
    "concern_answered_action": "Answered the concern “{title}” with an action for {owner} by {by_date}",
    "concern_answered_meeting": "Answered the concern “{title}” with an early meeting by {by_date}",
    "concern_action_done": "Did what was promised on the concern “{title}”",
    "care_entered": "Recorded that the child became looked after on {entered_on}",
    "member_joined": "{name} joins the team from {from_date}: {role}",
    "member_left": "{name} leaves the team after {until}: {role}",
    "member_language": "{name} is written to in {language}",
    "delegate_named": "{name} acts for {teacher} from {from_date} to {until}",
    "delegate_ended": "{name} no longer acts for the designated teacher after {until}",
    "school_changed": "Changed the school to {school} from {since}",
    "school_ended": "Recorded that the child is on no school’s roll since {since}",
    "review_recorded": "Recorded the review of the care plan held on {held_on}",
    "review_asked": "Asked for an early review by {meet_by}",
    "review_withdrawn": "Said that the review is not needed: {why}",
    "review_arranged": "Arranged the review for {when} and sent the invitations",
    "review_moved": "Moved the review to {when}",
    "review_put_back": "Put the review back: it has no time any more",
    "review_told": "Told {count} that there is something to read before the review",
    "review_held": "Held the review on {held_on}; {count} came",
    "review_written": "Wrote the record of the review of {held_on}",
    "review_amended": "Amended the record of the review of {held_on}",
    "action_agreed": "Agreed at the review: {owner} by {by_date}",
    "action_done": "Did what a review agreed",
    "action_not_done": "Said that what a review agreed was not done",
    "disagreement_raised": "Recorded a disagreement, to be settled by {settle_by}",
    "disagreement_taken_further": "Took the disagreement further: {stage}",
    "disagreement_settled": "Settled the disagreement",
    "visit_recorded": "Visited the child on {visited_on}",
    "visits_set": "Said how often visits are due",
    "care_ended": "Recorded that the child left care on {left_on}",
    "concern_closed": "Closed the concern “{title}”: {outcome}",
    "death_recorded": "Recorded that the child died on {died_on}",
    "death_taken_back": "Took back the day of death, which was recorded by mistake",
    "hold_placed": "Put the record under a legal hold",
    "hold_lifted": "Lifted the legal hold on the record",
}
"""Code → sentence; the facts fill the gaps and are already in words."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step. `name` is the person's name at the time; `acting_as` the role in words; empty for the suite's own."""

    at: datetime
    person_id: str
    name: str
    acting_as: str
    child_id: str
    plan_id: str
    code: str
    facts: Mapping[str, str]

    @property
    def words(self) -> str:
        """Return what happened as a sentence."""
        return words_of(self.code, self.facts)

    @property
    def who(self) -> str:
        """Return who did it, and as whom."""
        if not self.name:
            return self.acting_as or "PEP Suite"
        return f"{self.name}, {self.acting_as}" if self.acting_as else self.name


def words_of(code: str, facts: Mapping[str, str]) -> str:
    """Return the sentence of a code with its facts filled in; a fact that is not there leaves “not recorded”."""
    return WORDS[code].format_map(_Facts(facts))


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "not recorded"
