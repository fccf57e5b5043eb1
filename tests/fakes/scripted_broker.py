"""A broker that answers as a test says, in MQTT 3.1.1 and 5, because a real one cannot be told to. It forwards nothing.

The script gets the body of each data message and its number of earlier tries, and returns what to answer: a reason code (of a
PUBACK; 3.1.1 knows none), HANG_UP, SILENCE, or Disconnect(code).
"""
import asyncio
import collections
import contextlib
import dataclasses
import json
import struct
import time

import loop

HANG_UP, SILENCE = object(), object()


@dataclasses.dataclass
class Disconnect:
    code: int


@dataclasses.dataclass
class Received:
    at: float
    topic: str
    body: dict
    answer: object


class ScriptedBroker:
    def __init__(self, on_data=lambda body, tries: 0, on_connect=lambda tries: 0):
        self.on_data, self.on_connect = on_data, on_connect
        self.connects, self.received, self._tries = [], [], collections.Counter()
        self.server = loop.call(loop.serve, self._talk)
        self.port = self.server.sockets[0].getsockname()[1]

    @property
    def data(self):
        return [received for received in list(self.received) if "/state" not in received.topic]

    async def _talk(self, reader, writer):
        version = 5
        while True:
            kind, packet = await self._packet(reader)
            if kind >> 4 == 1:
                version = packet[6]
                code = self.on_connect(len(self.connects))
                self.connects.append(time.monotonic())
                writer.write(b"\x20\x03\x00" + bytes([code, 0]) if version == 5 else b"\x20\x02\x00" + bytes([code]))
                if code:
                    return
            elif kind >> 4 == 3:
                if not self._answer(writer, version, kind, packet):
                    return await self._farewell(reader, writer)
            elif kind >> 4 == 12:
                writer.write(b"\xd0\x00")
            elif kind >> 4 == 14:
                return

    async def _farewell(self, reader, writer):
        """What was said last is heard: closing with something unread would make the system take it back."""
        if writer.is_closing():
            return
        writer.write_eof()
        with contextlib.suppress(asyncio.TimeoutError, OSError):
            await asyncio.wait_for(reader.read(), 5)

    async def _packet(self, reader):
        kind = (await reader.readexactly(1))[0]
        length, shift = 0, 0
        while True:
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind, await reader.readexactly(length)

    # False: the connection is to end.
    def _answer(self, writer, version, kind, packet):
        size, = struct.unpack(">H", packet[:2])
        topic, rest = packet[2:2 + size].decode(), packet[2 + size:]
        if not kind & 6:
            return True
        packet_id, payload = rest[:2], rest[2:]
        if version == 5:
            payload = payload[1 + payload[0]:]  # no property of ours is longer than 127 bytes
        body = json.loads(payload)
        answer = 0
        if "/state" not in topic:
            pair = (body.get("boot"), body.get("seq"))
            answer = self.on_data(body, self._tries[pair])
            self._tries[pair] += 1
        self.received.append(Received(time.monotonic(), topic, body, answer))
        if answer is HANG_UP:
            writer.transport.abort()
            return False
        if isinstance(answer, Disconnect):
            writer.write(bytes([0xe0, 2, answer.code, 0]))
            return False
        if answer is not SILENCE:
            code = bytes([answer, 0]) if version == 5 else b""
            writer.write(bytes([0x40, 2 + len(code)]) + packet_id + code)
        return True

    def close(self):
        loop.call(loop.end, self.server)
