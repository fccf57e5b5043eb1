"""A Modbus TCP device that remembers what it served: each read of its one uint32 is answered with the next number.

So every sample that a gateway ever read is known by its value, and this list, not the gateway, says which there are.
"""
import struct
import time

import loop


class CountingDevice:
    def __init__(self, port=0):
        self.served = []  # of number n at index n: time.monotonic() at which it was answered
        self.open = 0  # connections; 0: whatever was asked is in `served`
        self.ends = set()  # the last number on each connection that is over: it may never have been read
        self.server = loop.call(loop.serve, self._talk, port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _talk(self, reader, writer):
        self.open += 1
        try:
            await self._answer(reader, writer)
        finally:
            self.ends.add(len(self.served) - 1)
            self.open -= 1

    async def _answer(self, reader, writer):
        while True:
            head = await reader.readexactly(7)
            transaction, _, length, unit = struct.unpack(">HHHB", head)
            request = await reader.readexactly(length - 1)
            if request[0] not in (3, 4) or request[3:5] != b"\x00\x02":
                writer.write(struct.pack(">HHHBBB", transaction, 0, 3, unit, request[0] | 0x80, 2))
                continue
            number = len(self.served)
            self.served.append(time.monotonic())
            writer.write(struct.pack(">HHHBBBI", transaction, 0, 7, unit, request[0], 4, number))

    def close(self):
        loop.call(loop.end, self.server)
