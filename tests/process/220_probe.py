"""`ferrule probe` finds the units of pymodbus devices, shows their registers and names the layout that gives a value."""
import json
import struct

from harness import expect, expect_equal, ferrule, run, wait_for


def registers_of(coding, *values):
    data = struct.pack(f">{len(values)}{coding}", *values)
    return list(struct.unpack(f">{len(data) // 2}H", data))


# Unit 3: 230.1 as a float with its words turned at holding:100 + 3; unit 9: only coils and inputs.
PLANT = {"3": {"holding": {"100": [1, 2, 3, *registers_of("f", 230.1)[::-1], 2301, 65131, 0x1234], "0": [7]}},
         "9": {"coil": {"5": [True, False, True]}, "input": {"0": [1]}}}


def probe(*arguments):
    return ferrule("probe", "--timeout", "200", *arguments)


def units_are_found_on_tcp_and_on_a_serial_line(bench):
    line = bench.serial_pair()
    tcp = bench.pymodbus("--registers", json.dumps(PLANT), "--mute-missing")
    bench.pymodbus("--registers", json.dumps(PLANT), "--serial", str(line.a))
    for where in (("--tcp", f"127.0.0.1:{tcp.port}"), ("--serial", line.b, "--baud", "19200")):
        result = probe(*where, "--scan", "--unit", "2-9")
        expect_equal(result.returncode, 0, result.stderr)
        lines = result.stdout.splitlines()
        expect(lines[0].startswith("unit 3 answers"), result.stdout)
        expect(lines[1].startswith("unit 9 refuses holding:0"), result.stdout)
        expect_equal(lines[2:], ["2 of 8 units answered"])
    expect_equal(probe("--tcp", f"127.0.0.1:{tcp.port}", "--scan", "--unit", "4-5").returncode, 1)


def registers_are_shown_with_each_reading(bench):
    server = bench.pymodbus("--registers", json.dumps(PLANT))
    where = ("--tcp", f"127.0.0.1:{server.port}", "--unit", "3")
    shown = probe(*where, "--read", "40101", "--count", "8")
    expect_equal(shown.returncode, 0, shown.stderr)
    rows = [line.split() for line in shown.stdout.splitlines()]
    expect(["holding:106", "FE6B", "65131", "-405", "27646"] in [row[:5] for row in rows], shown.stdout)
    floats = [row for row in rows if row[:2] == ["holding:103", "float32"]]
    expect_equal([row[3] for row in floats], ["230.1"], shown.stdout)
    coils = probe("--tcp", f"127.0.0.1:{server.port}", "--unit", "9", "--read", "coil:5", "--count", "3")
    expect_equal([line.split() for line in coils.stdout.splitlines()[1:]], [["coil:5", "1"], ["coil:6", "0"], ["coil:7", "1"]])


def the_layout_of_an_expected_value_is_named(bench):
    server = bench.pymodbus("--registers", json.dumps(PLANT))
    where = ("--tcp", f"127.0.0.1:{server.port}", "--unit", "3", "--read", "holding:100", "--count", "8")
    found = probe(*where, "--expect", "230.1").stdout.splitlines()
    expect("{ address: holding:103, type: float32, order: CDAB }  gives 230.1" in found, found)
    expect("{ address: holding:105, type: uint16, scale: 0.1 }  gives 230.1" in found, found)
    expect_equal(len(found), 2, "and nothing else does")
    expect_equal(probe(*where, "--expect", "-40.5").stdout.splitlines()[0], "{ address: holding:106, type: int16, scale: 0.1 }  gives -40.5")
    expect_equal(probe(*where, "--expect", "1234", "--within", "0").stdout.splitlines()[0], "{ address: holding:107, type: bcd16 }  gives 1234")
    nothing = probe(*where, "--expect", "99.77")
    expect_equal(nothing.returncode, 1)
    expect("--within" in nothing.stderr, nothing.stderr)


def what_cannot_be_asked_is_said(bench):
    server = bench.pymodbus("--registers", json.dumps(PLANT))
    where = ("--tcp", f"127.0.0.1:{server.port}")
    for arguments, code, words in (
            ((), 1, "--serial"), ((*where, "--serial", "/dev/null"), 1, "one of"), ((*where, "--unit", "300"), 1, "0 to 255"),
            ((*where, "--unit", "1-9"), 1, "--scan"), ((*where, "--read", "holdin:1"), 1, "did you mean"),
            ((*where, "--unit", "3", "--count", "200"), 1, "1 to 125"), ((*where, "--unit", "3", "--read", "holding:5000"), 1, "address"),
            ((*where, "--expect", "warm"), 1, "number"), (("--tcp", "127.0.0.1:1"), 2, "127.0.0.1"),
            (("--serial", "/dev/ttyNONE"), 2, "ttyNONE"), (("--serial", "/dev/null", "--parity", "evn"), 1, "even")):
        result = probe(*arguments)
        expect_equal(result.returncode, code, f"{arguments}: {result.stdout}{result.stderr}")
        expect(words in result.stderr, f"{arguments} should name '{words}': {result.stderr}")


def a_running_gateway_asks_for_us_while_it_polls(bench):
    server = bench.pymodbus("--registers", json.dumps(PLANT), "--mute-missing")
    gateway = bench.gateway({"gateway": {"id": "p"}, "channels": [{"name": "line_a", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": server.port},
                             "devices": [{"name": "meter", "unit_id": 3, "every": "20ms", "tags": [{"name": "first", "address": "holding:0"}]}]}]})
    wait_for(lambda: gateway.get("/api/v1/values/meter.first")["value"] == 7, "the meter to be read")
    found = gateway.command("probe", "--channel", "line_a", "--unit", "3", "--read", "holding:100", "--count", "8", "--expect", "230.1")
    expect_equal(found.returncode, 0, found.stderr)
    expect("{ address: holding:103, type: float32, order: CDAB }  gives 230.1" in found.stdout.splitlines(), found.stdout)
    own = probe("--tcp", f"127.0.0.1:{server.port}", "--unit", "3", "--read", "holding:100", "--count", "8")
    ours = gateway.command("probe", "--channel", "line_a", "--unit", "3", "--read", "holding:100", "--count", "8")
    expect_equal(ours.stdout, own.stdout, "the same table, over whichever way")
    scanned = gateway.command("probe", "--channel", "line_a", "--scan", "--unit", "3-9", "--read", "input:0")
    expect("unit 9 answers" in scanned.stdout and "unit 3 refuses input:0" in scanned.stdout, scanned.stdout + scanned.stderr)
    for arguments, words in ((("--channel", "line_b"), "line_a"), (("--channel", "line_a", "--unit", "3", "--read", "holding:5000"), "address"),
                             (("--channel", "line_a", "--unit", "7", "--timeout", "100"), "--scan")):
        result = gateway.command("probe", *arguments)
        expect_equal(result.returncode, 1, result.stderr)
        expect(words in result.stderr, f"{arguments} should name '{words}': {result.stderr}")
    expect_equal(gateway.get("/api/v1/values/meter.first")["quality"], "good", "and the polls went on")


if __name__ == "__main__":
    run(units_are_found_on_tcp_and_on_a_serial_line, registers_are_shown_with_each_reading, the_layout_of_an_expected_value_is_named,
        what_cannot_be_asked_is_said, a_running_gateway_asks_for_us_while_it_polls)
