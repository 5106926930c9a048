"""The frames written and read here are those of py-amqp, byte for byte."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
from amqp import spec
from amqp.basic_message import Message
from amqp.exceptions import UnexpectedFrame
from amqp.method_framing import frame_handler, frame_writer
from amqp.serialization import dumps
from amqp.transport import EMPTY_BUFFER

from shared.platform.wire import RECEIVE_BYTES, Encoder, Wire

FRAME_MAX = 4096
CHANNEL = 7


class Pipe:
    """A py-amqp connection whose socket is two lists of bytes."""

    def __init__(self) -> None:
        self.frame_max = FRAME_MAX
        self.bytes_sent = self.bytes_recv = 0
        self.written: list[bytes] = []
        self.waiting: list[bytes] = []
        self.dispatched: list[tuple[int, Any, Any, Any]] = []
        self.transport = self
        self.sock = self
        self._read_buffer = EMPTY_BUFFER
        self.on_inbound_frame: Any = frame_handler(self, lambda *args: self.dispatched.append(args))
        self.write_frame = frame_writer(self, self)

    def having_timeout(self, _timeout: float) -> Any:
        return nullcontext(self)

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def recv(self, _size: int) -> bytes:
        if not self.waiting:
            raise TimeoutError
        return self.waiting.pop(0)

    def told(self, signature: tuple[int, int], form: str, *values: Any, content: Message | None = None) -> bytes:
        """What py-amqp writes for a method of the broker's."""
        self.written.clear()
        self.write_frame(1, CHANNEL, signature, dumps(form, values), content)
        return b"".join(self.written)


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.mark.parametrize("size", [0, 1, 700, FRAME_MAX - 8, FRAME_MAX - 7, 3 * FRAME_MAX])
def test_a_message_is_written_as_py_amqp_writes_it(pipe: Pipe, size: int) -> None:
    body = bytes(n % 251 for n in range(size))
    properties = {"content_type": "application/json", "delivery_mode": 2, "message_id": "e-1"}
    args = (0, "pep-suite", "pep.child.left_care.v1", True, False)
    expected = pipe.told(spec.Basic.Publish, "Bssbb", *args, content=Message(body, **properties))

    written = Encoder(CHANNEL, FRAME_MAX, "application/json").message("pep-suite", args[2], "e-1", body)

    assert written == expected


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        Encoder(CHANNEL, FRAME_MAX, "a").message("x", "k" * 256, "e-1", b"")


@pytest.mark.parametrize("piece", [1, 5, 64, RECEIVE_BYTES])
def test_deliveries_are_read_whole_however_they_arrive_and_the_rest_is_left_to_py_amqp(pipe: Pipe, piece: int) -> None:
    delivered: list[tuple[int, bool, bytes]] = []
    confirmed: list[tuple[int, bool]] = []
    channel = SimpleNamespace(connection=pipe, channel_id=CHANNEL)
    bodies = [b"", b"one", b"x" * (2 * FRAME_MAX + 3)]
    arriving = b"".join(
        pipe.told(spec.Basic.Deliver, "sLbss", "tag", n, n == 1, "pep-suite", "key", content=Message(body))
        for n, body in enumerate(bodies)
    )
    arriving += pipe.told(spec.Basic.Ack, "Lb", 9, True)
    arriving += pipe.told(
        spec.Basic.Return, "Bsss", 312, "NO_ROUTE", "x", "k", content=Message(b"lost", message_id="m")
    )
    arriving += pipe.told(spec.Basic.Nack, "Lb", 10, False)
    wire = Wire(
        channel,
        on_confirm=lambda tag, multiple: confirmed.append((tag, multiple)),
        on_delivery=lambda tag, redelivered, body: delivered.append((tag, redelivered, body)),
    )
    pipe.waiting = [arriving[at : at + piece] for at in range(0, len(arriving), piece)]

    while pipe.waiting:
        wire.receive(1)

    assert delivered == [(n, n == 1, body) for n, body in enumerate(bodies)]
    assert confirmed == [(9, True)]
    assert [args[1] for args in pipe.dispatched] == [spec.Basic.Return, spec.Basic.Nack]
    assert pipe.dispatched[0][3].body == b"lost"
    assert pipe._read_buffer == b""


def test_a_broken_frame_and_a_closed_connection_are_errors(pipe: Pipe) -> None:
    wire = Wire(SimpleNamespace(connection=pipe, channel_id=CHANNEL))
    broken = pipe.told(spec.Basic.Ack, "Lb", 1, False)[:-1] + b"\x00"

    pipe.waiting = [broken]
    with pytest.raises(UnexpectedFrame):
        wire.receive(1)
    pipe.waiting = [b""]
    with pytest.raises(ConnectionResetError):
        wire.receive(1)
