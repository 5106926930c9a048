"""RabbitMQ's frames by the hundred, on a connection of py-amqp.

py-amqp sends each message with a system call of its own and receives each with a dozen. Here a window of messages goes
out with one, and what has arrived comes in with one; confirms and deliveries, which are nearly all that arrives, are
read here. Every other frame is handed to py-amqp, whoever read it, so that there is one state of the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from amqp.exceptions import UnexpectedFrame

METHOD, HEADER, BODY = 1, 2, 3
FRAME_END = 0xCE
RECEIVE_BYTES = 1 << 16

_BASIC = 60
_PUBLISH, _DELIVER, _ACK = (_BASIC, 40), (_BASIC, 60), (_BASIC, 80)
_MANDATORY = 1
_PERSISTENT = 2
_HAS_CONTENT_TYPE, _HAS_DELIVERY_MODE, _HAS_MESSAGE_ID = 1 << 15, 1 << 12, 1 << 7
_PROPERTIES = _HAS_CONTENT_TYPE | _HAS_DELIVERY_MODE | _HAS_MESSAGE_ID

_FRAME = Struct(">BHI")
_SIGNATURE = Struct(">HH")
_CONTENT = Struct(">HHQH")
_BODY_SIZE = Struct(">Q")
_TAG_AND_FLAG = Struct(">Q?")

OnConfirm = Callable[[int, bool], None]
OnDelivery = Callable[[int, bool, bytes], None]


class Encoder:
    """Writes persistent, mandatory messages of one content type as frames of one channel."""

    def __init__(self, channel_id: int, frame_max: int, content_type: str) -> None:
        self._channel_id = channel_id
        self._room = frame_max - _FRAME.size - 1
        self._content_type = _short(content_type)
        self._methods: dict[tuple[str, str], bytes] = {}

    def message(self, exchange: str, routing_key: str, message_id: str, body: bytes) -> bytes:
        """Return the frames of one message; raises `ValueError` if a name is longer than 255 bytes."""
        method = self._methods.get((exchange, routing_key))
        if method is None:
            names = b"\x00\x00" + _short(exchange) + _short(routing_key) + bytes([_MANDATORY])
            method = self._frame(METHOD, _SIGNATURE.pack(*_PUBLISH) + names)
            self._methods[exchange, routing_key] = method
        properties = self._content_type + bytes([_PERSISTENT]) + _short(message_id)
        header = self._frame(HEADER, _CONTENT.pack(_BASIC, 0, len(body), _PROPERTIES) + properties)
        parts = [body[at : at + self._room] for at in range(0, len(body), self._room)]
        return b"".join([method, header, *[self._frame(BODY, part) for part in parts]])

    def _frame(self, kind: int, payload: bytes) -> bytes:
        return b"".join((_FRAME.pack(kind, self._channel_id, len(payload)), payload, b"\xce"))


class Wire:
    """What one thread sends and receives on one channel.

    `on_confirm(tag, multiple)` is called for what the broker confirms, `on_delivery(tag, redelivered, body)` for the
    messages it delivers; without one of them py-amqp deals with these as well.
    """

    def __init__(
        self, channel: Any, *, on_confirm: OnConfirm | None = None, on_delivery: OnDelivery | None = None
    ) -> None:
        self._connection = channel.connection
        self._channel_id = channel.channel_id
        self._on_confirm = on_confirm
        self._on_delivery = on_delivery
        self._begun: tuple[int, bool] | None = None
        self._missing = 0
        self._parts: list[bytes] = []
        self._anything_else = self._connection.on_inbound_frame
        self._connection.on_inbound_frame = self._on_frame

    def encoder(self, content_type: str) -> Encoder:
        """Return what writes messages for this channel."""
        return Encoder(self._channel_id, self._connection.frame_max, content_type)

    def send(self, frames: bytes, timeout: float) -> None:
        """Send frames; raises `TimeoutError` and the socket's errors, after which the connection is of no use."""
        transport = self._connection.transport
        with transport.having_timeout(timeout):
            transport.write(frames)
        self._connection.bytes_sent += 1  # what shows py-amqp that no heartbeat is due

    def receive(self, timeout: float) -> None:
        """Deal with what has arrived, waiting up to `timeout` seconds for something; raises `TimeoutError`.

        Raises also the socket's errors and whatever py-amqp makes of a frame, such as the broker's goodbye.
        """
        transport = self._connection.transport
        with transport.having_timeout(timeout):
            arrived = transport.sock.recv(RECEIVE_BYTES)
        if not arrived:
            raise ConnectionResetError("The broker closed the connection.")
        # py-amqp keeps the beginning of a frame here, too, when a time-out cuts its reading short.
        data = transport._read_buffer + arrived
        frames = []
        at = 0
        while len(data) - at > _FRAME.size:
            kind, channel, size = _FRAME.unpack_from(data, at)
            end = at + _FRAME.size + size
            if end >= len(data):
                break
            if data[end] != FRAME_END:
                raise UnexpectedFrame(f"A frame ends with {data[end]:#x}.")
            frames.append((kind, channel, data[at + _FRAME.size : end]))
            at = end + 1
        transport._read_buffer = data[at:]
        for frame in frames:
            self._connection.on_inbound_frame(frame)

    def _on_frame(self, frame: tuple[int, int, bytes]) -> Any:
        """Take a frame that is ours; true when something is complete, which is when py-amqp stops reading."""
        kind, channel, payload = frame
        if channel == self._channel_id:
            if kind == METHOD:
                signature = _SIGNATURE.unpack_from(payload)
                if signature == _DELIVER and self._on_delivery is not None:
                    self._connection.bytes_recv += 1
                    self._begun = _TAG_AND_FLAG.unpack_from(payload, 5 + payload[4])
                    return False
                if signature == _ACK and self._on_confirm is not None:
                    self._connection.bytes_recv += 1
                    self._on_confirm(*_TAG_AND_FLAG.unpack_from(payload, 4))
                    return True
            elif self._begun is not None:
                return self._go_on(self._begun, kind, payload)
        return self._anything_else(frame)

    def _go_on(self, begun: tuple[int, bool], kind: int, payload: bytes) -> bool:
        """Take the header, or a part of the body, of the message that was begun."""
        if kind == HEADER:
            (self._missing,) = _BODY_SIZE.unpack_from(payload, 4)
        else:
            self._parts.append(payload)
            self._missing -= len(payload)
        if self._missing:
            return False
        body = b"".join(self._parts)
        self._begun = None
        self._parts.clear()
        if self._on_delivery is not None:
            self._on_delivery(*begun, body)
        return True


def _short(text: str) -> bytes:
    encoded = text.encode()
    return bytes([len(encoded)]) + encoded
