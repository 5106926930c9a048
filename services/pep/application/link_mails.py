"""What the mails of personal links say: nobody's name, and nothing of the plan. Who may read them is not known."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.pep.domain.links import CODE_LASTS, Purpose
from services.pep.domain.periods import long_date
from shared.kernel.clock import london_date

LINK_SUBJECT = "A personal link for you"
CODE_SUBJECT = "Your code"

_ASKS = {
    Purpose.CARER_PART: "You are asked to write the carer’s part of an education plan.",
    Purpose.CHILD_VIEWS: "We want to know what you think about school. What you say helps to make your plan.",
    Purpose.ADVOCATE_VIEWS: "You are asked to write down what a young person wants to say in an education plan.",
    Purpose.PARENT_PLAN: "There is something about an education plan for you to read.",
    Purpose.CONTRIBUTION: "You are asked to write a contribution to an education plan.",
}
_BECAUSE = {
    Purpose.CARER_PART: "a social worker of {authority} recorded this address as that of a carer",
    Purpose.CHILD_VIEWS: "your social worker at {authority} has this address for you",
    Purpose.ADVOCATE_VIEWS: "a social worker of {authority} recorded this address as that of an advocate",
    Purpose.PARENT_PLAN: "a social worker of {authority} recorded this address for you",
    Purpose.CONTRIBUTION: "a social worker of {authority} asked for your contribution",
}

_LINK = """Hello,

{asks} This link is for you alone. You do not need an account:

{address}

Open it and choose “Send me a code”. A code then comes to this address, and you enter it on the same page.
The link works until {until}.

You get this email because {because}.
If you did not expect it, or do not want to take part, you need do nothing: nothing is shown or changed until
somebody enters the code. Please do not pass this email on.

To protect people’s privacy this email names nobody. If you have a question, ask the social worker.

{authority}
"""
_CODE = """Hello,

Your code is {code}

Enter it within {minutes} minutes, on the device on which you asked for it. It works once.

If you did not ask for a code, you need do nothing: without this code nobody gets in.
Nobody who works for {authority} will ever ask you for it.

{authority}
"""


def link_words(purpose: Purpose, address: str, expires_at: datetime, authority: str) -> str:
    """Return the text of the mail that brings a link; `expires_at` is the midnight after its last day."""
    until = long_date(london_date(expires_at - timedelta(minutes=1)))
    because = _BECAUSE[purpose].format(authority=authority)
    return _LINK.format(asks=_ASKS[purpose], address=address, until=until, because=because, authority=authority)


def code_words(code: str, authority: str) -> str:
    """Return the text of the mail that brings a code."""
    minutes = int(CODE_LASTS.total_seconds() // 60)
    return _CODE.format(code=code, minutes=minutes, authority=authority)
