"""The network between a gateway and a broker, with the faults of one:

open; closed: connections end at once; silent: connections are made and nothing comes through, in either direction, until it is
open again; lost: as silent, but what was connected then stays dead, as behind a router that has forgotten its connections.
"""
import asyncio
import contextlib
import time

import loop

_CHUNK = 1 << 16


class Relay:
    def __init__(self, target_port, state="open"):
        self.target_port, self.state = target_port, state
        self.changes = []  # (time.monotonic(), state)
        self.connections = []  # when each attempt to connect came
        self._writers = set()
        self._doomed = set()  # connections that nothing will ever come through
        self._gate = None
        self._server = loop.call(self._start)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _start(self):
        self._gate = asyncio.Event()
        if self.state == "open":
            self._gate.set()
        return await loop.serve(self._talk)

    async def _talk(self, reader, writer):
        self.connections.append(time.monotonic())
        if self.state == "closed":
            writer.transport.abort()
            return
        self._writers.add(writer)
        if self.state == "lost":
            self._doomed.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            self._writers.add(far_writer)
            there = asyncio.ensure_future(self._pump(reader, far_writer, writer))
            back = asyncio.ensure_future(self._pump(far_reader, writer, writer))
            try:
                await asyncio.wait([there, back], return_when=asyncio.FIRST_COMPLETED)
            finally:
                there.cancel()
                back.cancel()
                self._writers.discard(far_writer)
                far_writer.close()
        finally:
            self._writers.discard(writer)
            self._doomed.discard(writer)

    async def _pump(self, reader, writer, connection):
        with contextlib.suppress(OSError):
            while True:
                chunk = await reader.read(_CHUNK)
                if not chunk:
                    return
                await self._gate.wait()
                if connection in self._doomed:
                    continue
                writer.write(chunk)
                await writer.drain()

    async def _set(self, state, cut):
        self.state = state
        self.changes.append((time.monotonic(), state))
        self._gate.set() if state == "open" else self._gate.clear()
        if state == "lost":
            self._doomed.update(self._writers)
        if state == "closed" or cut:
            for writer in list(self._writers):
                writer.transport.abort()

    def open(self):
        loop.call(self._set, "open", False)

    def close(self):
        loop.call(self._set, "closed", True)

    def silence(self):
        loop.call(self._set, "silent", False)

    def lose(self):
        loop.call(self._set, "lost", False)

    def cut(self):
        """Ends every connection and goes on as it was."""
        loop.call(self._set, self.state, True)

    def end(self):
        self.close()
        loop.call(loop.end, self._server)
