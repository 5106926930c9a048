"""What the service does by itself as days go by."""

from __future__ import annotations

from datetime import timedelta

from services.pep.application.children import bring_ages_up_to_date
from services.pep.application.openings import open_term
from shared.platform.service import Job
from shared.platform.work import Work


def keep_up_with_the_date(work: Work) -> None:
    """Move children up a year group on 1 September, and open each new term's plans."""
    bring_ages_up_to_date(work)
    open_term(work)


JOBS = (Job("keep_up_with_the_date", timedelta(hours=6), keep_up_with_the_date),)
