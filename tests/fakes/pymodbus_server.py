#!/usr/bin/env python3
"""A Modbus device made of pymodbus, so that what ferrule speaks is checked by somebody else's code.

    pymodbus_server.py [--rtu] [--serial PATH [--baud N]] [--port N] [--registers JSON] [--mute-missing]

Prints "ready PORT" (or "ready PATH") once it serves, on 127.0.0.1 and by default any free port. --rtu: RTU frames over TCP.
--registers: {"1": {"holding": {"100": [1, 2, 3]}, "input": {...}, "coil": {...}, "discrete": {...}}, "2": {...}}; addresses are the
protocol's own, from 0. What is not named does not exist and is answered with exception 2. Without it: unit 1 with the registers
of DEFAULT. --mute-missing: a unit that is not there says nothing, as on a serial line (with --serial always so).

Commands on stdin, one a line, each answered by a line:
    set UNIT AREA ADDRESS VALUE...     ok
    get UNIT AREA ADDRESS [COUNT]      the values
    requests                           how many requests were answered so far
    quit                               (end of input does the same)
"""
import argparse
import asyncio
import json
import logging
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

AREAS = {"coil": "c", "discrete": "d", "input": "i", "holding": "h"}
DEFAULT = {
    "1": {
        "holding": {"0": list(range(0, 200)), "1000": [0] * 200},
        "input": {"0": list(range(1000, 1200))},
        "coil": {"0": [n % 3 == 0 for n in range(64)]},
        "discrete": {"0": [n % 2 == 0 for n in range(64)]},
    }
}


class Area(ModbusSparseDataBlock):
    """Registers at the addresses that were named, and no others; an area may have none."""

    def __init__(self, blocks):
        super().__init__({int(address): values for address, values in blocks.items()} or None)


class Device:
    """The registers of all units, and the server in front of them."""

    def __init__(self, options):
        self.options = options
        self.requests = 0
        units = json.loads(options.registers) if options.registers else DEFAULT
        slaves = {int(unit): self.slave(areas) for unit, areas in units.items()}
        self.context = ModbusServerContext(slaves=slaves, single=False)

    @staticmethod
    def slave(areas):
        blocks = {key: Area(areas.get(area, {})) for area, key in
                  (("coil", "co"), ("discrete", "di"), ("input", "ir"), ("holding", "hr"))}
        return ModbusSlaveContext(zero_mode=True, **blocks)

    def count(self, response):
        self.requests += 1
        return response, False

    async def serve(self):
        """Starts to serve and returns where."""
        options = self.options
        common = {"context": self.context, "response_manipulator": self.count,
                  "ignore_missing_slaves": options.mute_missing or bool(options.serial)}
        if options.serial:
            server = ModbusSerialServer(framer=ModbusRtuFramer, port=options.serial, baudrate=options.baud, **common)
            await server.start()
            asyncio.ensure_future(server.serve_forever())
            return options.serial
        server = ModbusTcpServer(framer=ModbusRtuFramer if options.rtu else ModbusSocketFramer,
                                 address=("127.0.0.1", options.port), allow_reuse_address=True, **common)
        asyncio.ensure_future(server.serve_forever())
        await server.serving
        return server.server.sockets[0].getsockname()[1]

    def command(self, words):
        """One line from stdin; returns the answer."""
        if words[0] == "requests":
            return str(self.requests)
        unit, area, address = int(words[1]), AREAS[words[2]], int(words[3])
        block = self.context[unit].store[area]
        if words[0] == "set":
            block.values.update({address + n: int(word) for n, word in enumerate(words[4:])})
            return "ok"
        if words[0] == "get":
            count = int(words[4]) if len(words) > 4 else 1
            return " ".join(str(int(value)) for value in block.getValues(address, count))
        raise ValueError("no such command")


async def lines():
    """The lines of stdin, without holding the event loop."""
    loop = asyncio.get_event_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        yield line.split()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rtu", action="store_true")
    parser.add_argument("--serial")
    parser.add_argument("--baud", type=int, default=19200)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--registers")
    parser.add_argument("--mute-missing", action="store_true")
    device = Device(parser.parse_args())
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
    print("ready", await device.serve(), flush=True)
    async for words in lines():
        if words and words[0] == "quit":
            return
        try:
            print(device.command(words), flush=True)
        except (KeyError, ValueError, IndexError) as error:
            print("error:", repr(error), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
