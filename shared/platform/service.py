"""What a service is, to the machinery: one value that names its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, MetaData

if TYPE_CHECKING:
    from flask import Flask

    from shared.contracts.roles import Role
    from shared.platform.chronology import Entry
    from shared.platform.runtime import Runtime
    from shared.platform.work import Work

Reaction = Callable[["Work", Any], None]


@dataclass(frozen=True)
class InBulk:
    """A reaction that takes over many facts of one type, each about another subject, with few statements.

    It only keeps a copy: it publishes nothing, as it does not know who told which fact.
    """

    many: Callable[[Work, Sequence[Any]], None]

    def __call__(self, work: Work, fact: Any) -> None:
        """Take over one fact."""
        self.many(work, [fact])


@dataclass(frozen=True)
class Job:
    """Something a service does by itself, at start and then every so often; it must be safe to do twice.

    `run` is called in a unit of work. A job that waits for the world outside (a mail server) has `run_alone` instead
    and opens its own units, so that no transaction is open meanwhile; it runs in a thread of its own.
    """

    name: str
    every: timedelta
    run: Callable[[Work], None] | None = None
    run_alone: Callable[[Runtime, ServiceSpec], object] | None = None


@dataclass(frozen=True)
class Announcer:
    """How a service says again how things stand, for another that lost its copies.

    `subjects` lists everything it tells of; `announce` publishes anew the facts of some of them. Who lost nothing must
    be able to hear them without anything changing.
    """

    subjects: Callable[[Work], list[str]]
    announce: Callable[[Work, Sequence[str]], None]


@dataclass(frozen=True)
class NavigationItem:
    """A link in the bar at the top of every page; `kinds` empty means for everybody who is signed in."""

    text: str
    path: str
    kinds: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class ServiceSpec:
    """One service. `register_pages(app)` and `register_api(api)` add its blueprints; `templates` is its folder.

    `child_name` returns what a child is called here, and an empty text where nothing is known of one; `chronology` all
    that the service has of a child, for a copy of the record.
    """

    name: str
    title: str
    metadata: MetaData
    register_pages: Callable[[Flask], None]
    register_api: Callable[[Any], None]
    subscriptions: Mapping[type, Reaction]
    migrations: Path
    templates: Path
    jobs: tuple[Job, ...] = ()
    announcer: Announcer | None = None
    navigation: tuple[NavigationItem, ...] = ()
    child_name: Callable[[Connection, str], str] | None = None
    chronology: Callable[[Work, str], list[Entry]] | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)
