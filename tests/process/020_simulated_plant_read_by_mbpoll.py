"""`ferrule simulate` answers masters that are not ours as a real device would: Debian's mbpoll and pymodbus, TCP and serial."""
import re
import struct
import subprocess

import pymodbus.client
from pymodbus.framer.rtu_framer import ModbusRtuFramer

from harness import SOURCE, SimulatedPlant, expect, expect_equal, ferrule, run, wait_for

REGISTERS = [
    {"address": "holding:100", "type": "float32", "order": "CDAB", "value": 81.5},
    {"address": "holding:102", "type": "float32", "order": "ABCD", "value": -0.25},
    {"address": "holding:110", "type": "int16", "value": -650},
    {"address": "holding:112", "type": "uint32", "value": 305419896},
    {"address": "holding:120", "type": "string", "text": "PRESS-7"},
    {"address": "holding:200", "count": 125, "value": 1000, "spread": 1},
    {"address": "holding:400", "type": "float64", "value": 3.5},
    {"address": "input:0", "shape": "counter", "step": 1, "every": "10ms"},
    {"address": "coil:0", "count": 20},
    {"address": "discrete:3", "count": 9, "value": 1},
]


def plant_of(bench):
    link = bench.folder / "line"
    return SimulatedPlant(bench, {
        "endpoints": [{"tcp": {"port": 0}}, {"tcp": {"port": 0, "rtu_over_tcp": True}}, {"serial": {"link": str(link)}}],
        "devices": [{"unit_id": 5, "registers": REGISTERS}]}), link


def mbpoll(target, *options):
    """Values by reference number, or what mbpoll complained."""
    where = ["-m", "tcp", "-p", str(target)] if isinstance(target, int) else ["-m", "rtu", "-b", "9600", "-P", "none"]
    address = "127.0.0.1" if isinstance(target, int) else str(target)
    result = subprocess.run(["mbpoll", *where, "-a", "5", "-0", "-1", "-o", "5", *options[:-1], address, *options[-1]],
                            capture_output=True, text=True, timeout=30)
    values = {int(number): value for number, value in re.findall(r"^\[(\d+)\]:\s+(\S+)", result.stdout, re.MULTILINE)}
    return values or result.stdout + result.stderr


def mbpoll_reads_over_tcp_and_serial(bench):
    plant, link = plant_of(bench)
    for target in (plant.port, link):
        expect_equal(mbpoll(target, "-r", "100", "-t", "4:float", []), {100: "81.5"})  # mbpoll's own order is CDAB
        expect_equal(mbpoll(target, "-r", "102", "-t", "4:float", "-B", []), {102: "-0.25"})
        expect_equal(mbpoll(target, "-r", "112", "-t", "4:hex", "-c", "2", []), {112: "0x1234", 113: "0x5678"})
        rows = mbpoll(target, "-r", "200", "-c", "125", "-t", "4", [])
        expect_equal(rows, {200 + n: str(1000 + n) for n in range(125)})
        expect_equal(mbpoll(target, "-r", "3", "-c", "9", "-t", "1", []), {n: "1" for n in range(3, 12)})
        expect("Illegal data address" in mbpoll(target, "-r", "99", "-t", "4", []), "a register that is not there is refused")


def mbpoll_writes_and_reads_back(bench):
    plant, link = plant_of(bench)
    for target, value in ((plant.port, 4711), (link, 815)):
        expect("Written 1 ref" in mbpoll(target, "-r", "110", "-t", "4", [str(value)]), "the write is confirmed")
        expect_equal(mbpoll(target, "-r", "110", "-t", "4", []), {110: str(value)})
        expect("Written 3 ref" in mbpoll(target, "-r", "4", "-t", "0", ["1", "0", "1"]), "the coils are confirmed")
        expect_equal(mbpoll(target, "-r", "3", "-c", "5", "-t", "0", []), {3: "0", 4: "1", 5: "0", 6: "1", 7: "0"})


def pymodbus_agrees(bench):
    plant, link = plant_of(bench)
    clients = [pymodbus.client.ModbusTcpClient("127.0.0.1", port=plant.ports[0]),
               pymodbus.client.ModbusTcpClient("127.0.0.1", port=plant.ports[1], framer=ModbusRtuFramer),
               pymodbus.client.ModbusSerialClient(str(link), baudrate=19200, timeout=5)]
    for client in clients:
        expect(client.connect(), f"{client} connects")
        words = client.read_holding_registers(100, 2, slave=5).registers
        expect_equal(struct.unpack(">f", struct.pack(">HH", words[1], words[0]))[0], 81.5)
        words = client.read_holding_registers(400, 4, slave=5).registers
        expect_equal(struct.unpack(">d", struct.pack(">4H", *words))[0], 3.5)
        words = client.read_holding_registers(120, 4, slave=5).registers
        expect_equal(struct.pack(">4H", *words), b"PRESS-7\0")
        expect_equal(client.read_discrete_inputs(3, 9, slave=5).bits[:9], [True] * 9)
        expect_equal(client.read_holding_registers(101, 5, slave=5).exception_code, 2)
        expect_equal(client.read_holding_registers(200, 125, slave=5).registers, list(range(1000, 1125)))
        expect(not client.write_registers(110, [7], slave=5).isError(), "a write is taken")
        expect_equal(client.read_holding_registers(110, 1, slave=5).registers, [7])
        client.close()


def a_counter_rises(bench):
    plant, _ = plant_of(bench)
    client = pymodbus.client.ModbusTcpClient("127.0.0.1", port=plant.port)
    first = client.read_input_registers(0, 1, slave=5).registers[0]
    wait_for(lambda: client.read_input_registers(0, 1, slave=5).registers[0] > first + 3, "the counter to rise")
    client.close()


def it_ends_when_asked_and_takes_its_link_along(bench):
    plant, link = plant_of(bench)
    expect(link.is_symlink(), "the link is there")
    expect_equal(plant.stop(), 0)
    expect(not link.is_symlink(), "the link is gone")


def a_wrong_plant_is_refused_with_its_place(bench):
    file = bench.folder / "wrong.yaml"
    file.write_text("endpoints:\n  - tcp: { port: 0 }\ndevices:\n  - unit_id: 5\n    registers:\n      - { address: holdin:1 }\n")
    result = ferrule("simulate", file)
    expect_equal(result.returncode, 1)
    expect("wrong.yaml:6:" in result.stderr and "did you mean 'holding'" in result.stderr, f"place and remedy: {result.stderr}")


def the_example_plant_is_served(bench):
    text = (SOURCE / "config/examples/plant.yaml").read_text()
    text = text.replace("port: 1502", "port: 0").replace("/tmp/ferrule-plant-line", str(bench.folder / "line"))
    expect_equal(mbpoll(SimulatedPlant(bench, text).port, "-r", "110", "-t", "4", []), {110: "650"})


run(mbpoll_reads_over_tcp_and_serial, mbpoll_writes_and_reads_back, pymodbus_agrees, a_counter_rises,
    it_ends_when_asked_and_takes_its_link_along, a_wrong_plant_is_refused_with_its_place, the_example_plant_is_served)
