"""What an API answers, dumped fast: marshmallow's schemas stay the one description, the way through them is found once.

`Schema.dump` asks every field of every object anew how it is to be read and written. An `OutSchema` works that out at
its first dump; what it gives is the same, and a test compares the two.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any

import orjson
from flask import Response, current_app
from flask.json.provider import DefaultJSONProvider
from marshmallow import Schema, fields, missing
from marshmallow.decorators import POST_DUMP, PRE_DUMP
from marshmallow.utils import get_value

_AS_FLASK = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS


class OutSchema(Schema):
    """A schema for what is given back. It has no hooks of dumping, and takes attributes as marshmallow does."""

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return an object, or many, as plain data."""
        if self.many if many is None else many:
            return [self._dump_one(one) for one in obj]
        return self._dump_one(obj)

    def _dump_one(self, obj: Any) -> dict[str, Any]:
        way = self._way
        if hasattr(obj, "__getitem__"):
            return way.dump_part(obj)
        try:
            values = way.take(obj)
        except AttributeError:
            return way.dump_part(obj)
        return {
            key: None if value is None else write(value)
            for key, write, value in zip(way.keys, way.writers, values, strict=True)
        }

    @cached_property
    def _way(self) -> _Way:
        if self._hooks[PRE_DUMP] or self._hooks[POST_DUMP]:
            raise TypeError(f"{type(self).__name__} has hooks of dumping, which an OutSchema does not call.")
        return _Way(self.dump_fields)


class _Way:
    """How the fields of one schema are taken from an object and written."""

    def __init__(self, chosen: Mapping[str, Any]) -> None:
        self.names = tuple(field.attribute or name for name, field in chosen.items())
        self.keys = tuple(field.data_key or name for name, field in chosen.items())
        self.writers = tuple(_writing(field) for field in chosen.values())
        self.defaults = tuple(field.dump_default for field in chosen.values())
        taken = attrgetter(*self.names)
        self.take: Callable[[Any], Sequence[Any]] = taken if len(self.names) > 1 else lambda obj: (taken(obj),)

    def dump_part(self, obj: Any) -> dict[str, Any]:
        """Dump a dictionary, or an object that has not every attribute."""
        found = {}
        for key, name, write, default in zip(self.keys, self.names, self.writers, self.defaults, strict=True):
            value = get_value(obj, name)
            if value is missing:
                value = default() if callable(default) else default
            if value is not missing:
                found[key] = None if value is None else write(value)
        return found


class Json(DefaultJSONProvider):
    """Flask's JSON, written by orjson; what that cannot write (half of a surrogate pair) is left to Flask's own."""

    compact = True

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Return an object as JSON with its keys in order."""
        if "indent" not in kwargs:
            try:
                return orjson.dumps(obj, self.default, _AS_FLASK).decode()
            except TypeError:
                pass
        return super().dumps(obj, **kwargs)


class Remembered:
    """Answers as they were last written, given again as long as what they follow from is the same.

    What an answer follows from is read anew each time, and compared whole: nothing is ever out of date, and nothing
    has to be thrown away when something changes. Kept in the process, the least used given up first.
    """

    def __init__(self, kept: int = 200) -> None:
        self._kept = kept
        self._answers: OrderedDict[Hashable, tuple[object, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, key: Hashable, made_of: object, make: Callable[[], Any]) -> Response:
        """Return as JSON what `make` gives: the last answer of this key where it was made of the same.

        `made_of` holds everything that the answer follows from, whoever asks included.
        """
        with self._lock:
            found = self._answers.get(key)
            if found is not None and found[0] == made_of:
                self._answers.move_to_end(key)
                return Response(found[1], mimetype="application/json")
        body = f"{current_app.json.dumps(make())}\n".encode()
        with self._lock:
            self._answers[key] = made_of, body
            self._answers.move_to_end(key)
            while len(self._answers) > self._kept:
                self._answers.popitem(last=False)
        return Response(body, mimetype="application/json")


def _writing(field: Any) -> Callable[[Any], Any]:
    """Return how a field's value, never None, is written; a kind of field not known here writes for itself."""
    writes = type(field)._serialize
    if writes is fields.String._serialize:
        return lambda value: value if value.__class__ is str else field._serialize(value, None, None)
    if writes is fields.Boolean._serialize:
        return lambda value: value if value.__class__ is bool else field._serialize(value, None, None)
    if writes is fields.Integer._serialize and not field.as_string:
        return int
    if writes is fields.DateTime._serialize and not field.format:
        written: Callable[[Any], Any] = field.SERIALIZATION_FUNCS[field.DEFAULT_FORMAT]
        return written
    if writes is fields.Raw._serialize:
        return lambda value: value
    if writes is fields.Dict._serialize and field.key_field and field.value_field:
        key, kept = _writing(field.key_field), _writing(field.value_field)
        return lambda found: {key(one): None if value is None else kept(value) for one, value in found.items()}
    if writes is fields.List._serialize:
        each = _writing(field.inner)
        return lambda values: [None if one is None else each(one) for one in values]
    if writes is fields.Nested._serialize and isinstance(field.schema, OutSchema):
        schema, many = field.schema, field.schema.many or field.many
        return lambda value: schema.dump(value, many=many)
    return lambda value: field._serialize(value, None, None)
