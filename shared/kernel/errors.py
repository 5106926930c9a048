"""Refusals. A refusal carries a stable code and facts; the wording lives where it is shown."""

from __future__ import annotations

from collections.abc import Mapping


class DomainError(Exception):
    """Something the rules do not allow.

    `code` is stable and lower-case with underscores (`plan_not_ready`); `facts` are what the wording needs.
    `message` is plain English that says what to do; it is shown where no better wording exists.
    """

    status = 422

    def __init__(self, code: str, message: str, **facts: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.facts: Mapping[str, object] = facts


class NotFound(DomainError):
    """There is no such thing, or the reader may not know of it."""

    status = 404


class NoSuchRecord(NotFound):
    """There is no such record of a child, or the reader may not know of it: one answer, so that nobody learns which."""

    def __init__(self) -> None:
        super().__init__("record_not_found", "There is no such record, or you are not on this child's team.")


class Denied(DomainError):
    """The access policy says no."""

    status = 403


class Conflict(DomainError):
    """The thing is taken, or is no longer in a state that allows this."""

    status = 409


class Stale(DomainError):
    """Someone else changed the thing since it was read; `facts` hold both texts."""

    status = 412


class InvalidInput(DomainError):
    """What was sent cannot be understood; `errors` maps a field to its messages."""

    status = 422

    def __init__(self, errors: Mapping[str, list[str]], message: str = "Check what you entered.") -> None:
        super().__init__("invalid_input", message, errors=dict(errors))
        self.errors = dict(errors)
