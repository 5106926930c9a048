"""Event types: how one is declared, written and read.

An event type is a frozen dataclass registered with its name, `service.subject.past_participle.v1`. A field that holds
personal data says so with `personal()`; a test lists them. Contracts only grow: a reader ignores fields it does not
know, and a new field has a default.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from shared.contracts.plain import NotPlain, reader

EventClass = TypeVar("EventClass", bound=type)

_BY_NAME: dict[str, type] = {}
_NAMES: dict[type, str] = {}
_SCALARS: Mapping[type, Callable[..., fields.Field[Any]]] = {
    str: fields.String,
    bool: fields.Boolean,
    date: fields.Date,
    datetime: fields.AwareDateTime,
}


class UnknownEvent(Exception):
    """No event of this name is declared."""


class UnreadableEvent(Exception):
    """The data does not fit the declared type; `problems` maps each field to what is wrong with it."""

    def __init__(self, name: str, problems: Mapping[str, Any]) -> None:
        super().__init__(f"{name}: {dict(problems)}")
        self.problems = problems


def personal(**kwargs: Any) -> Any:
    """Declare a dataclass field that holds personal data."""
    return dataclasses.field(metadata={"personal": True}, **kwargs)


def event(name: str) -> Callable[[EventClass], EventClass]:
    """Register a frozen dataclass as the event type `name`; the name is the routing key too."""

    def register(cls: EventClass) -> EventClass:
        if name in _BY_NAME and _BY_NAME[name].__qualname__ != cls.__qualname__:
            raise ValueError(f"The event name {name} is taken.")
        _BY_NAME[name] = cls
        _NAMES[cls] = name
        return cls

    return register


def event_name(cls: type) -> str:
    """Return the name an event class is registered under."""
    return _NAMES[cls]


def event_class(name: str) -> type:
    """Return the class registered as `name`, or raise `UnknownEvent`."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownEvent(name) from None


def all_events() -> Mapping[str, type]:
    """Return every declared event type by name, in the order of their names."""
    return dict(sorted(_BY_NAME.items()))


def to_data(fact: object) -> dict[str, Any]:
    """Return an event as a JSON-ready mapping."""
    return typing.cast("dict[str, Any]", _schema(typing.cast("type", type(fact))).dump(fact))


def from_data(name: str, data: Mapping[str, Any]) -> Any:
    """Return the event `name` built from a mapping; unknown fields are ignored.

    Raises `UnknownEvent` or `UnreadableEvent`.
    """
    cls = event_class(name)
    with suppress(NotPlain):
        return reader(cls)(data)
    return from_schema(cls, data)


def from_schema(cls: type, data: Mapping[str, Any]) -> Any:
    """Return an event of a class built by its schema, or raise `UnreadableEvent`."""
    try:
        return _build(cls, _schema(cls).load(data))
    except ValidationError as error:
        problems = error.messages if isinstance(error.messages, dict) else {"": error.messages}
        raise UnreadableEvent(event_name(cls), problems) from error


@cache
def _schema(cls: Hashable) -> Schema:
    cls = typing.cast("type", cls)
    hints = typing.get_type_hints(cls)
    members = {
        f.name: _field(hints[f.name], required=_is_required(f), default=_default(f)) for f in dataclasses.fields(cls)
    }
    meta = type("Meta", (), {"unknown": EXCLUDE})
    return typing.cast("Schema", type(f"{cls.__name__}Schema", (Schema,), {**members, "Meta": meta})())


def _is_required(f: dataclasses.Field[Any]) -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _default(f: dataclasses.Field[Any]) -> Any:
    return f.default if f.default is not dataclasses.MISSING else f.default_factory


def _field(hint: Any, **options: Any) -> fields.Field[Any]:
    required = options.pop("required", True)
    default = options.pop("default", None)
    keywords: dict[str, Any] = {"required": required}
    if not required:
        keywords["load_default"] = default
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = next(arm for arm in typing.get_args(hint) if arm is not type(None))
        return _with(_field(inner), allow_none=True, **keywords)
    if origin is tuple:
        return fields.List(_field(typing.get_args(hint)[0]), **keywords)
    if origin in (dict, Mapping) or str(origin).endswith("abc.Mapping"):
        value = typing.get_args(hint)[1]
        return fields.Dict(keys=fields.String(), values=_field(value), **keywords)
    if dataclasses.is_dataclass(hint):
        return fields.Nested(_schema(typing.cast("type", hint)), unknown=EXCLUDE, **keywords)
    if hint is int:
        return fields.Integer(strict=True, **keywords)
    return _SCALARS[hint](**keywords)


def _with(inner: fields.Field[Any], **keywords: Any) -> fields.Field[Any]:
    for key, value in keywords.items():
        setattr(inner, key, value)
    return inner


@cache
def _hints(cls: Hashable) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def _build(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _build(next(arm for arm in typing.get_args(hint) if arm is not type(None)), value)
    if origin is tuple:
        return tuple(_build(typing.get_args(hint)[0], item) for item in value)
    if dataclasses.is_dataclass(hint) and isinstance(value, Mapping):
        hints = _hints(typing.cast("type", hint))
        return typing.cast("type", hint)(**{key: _build(hints[key], item) for key, item in value.items()})
    return value
