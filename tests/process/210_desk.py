"""`ferrule simulate --from` plays a user's own configuration: the copy that it writes is read by the gateway with every tag good."""
from harness import SOURCE, Program, expect, expect_equal, ferrule, rest, run, wait_for
from programs import FERRULE

PROFILES = SOURCE / "config/profiles"

# Every way to write an address, every type; a port that is written and one that is not, in both styles; a line; RTU over TCP.
OWN = """
gateway: { id: desk }
rest: { listen: "127.0.0.1:0" }
channels:
  - name: flow
    driver: modbus
    tcp: { host: plc.example }     # no port: 502
    devices:
      - name: kinds
        every: 100ms
        tags:
          - { name: a, address: holding:0, type: int16, scale: 0.1, valid: { min: -40, max: -10 } }
          - { name: b, address: "40002", type: float32, order: CDAB, valid: { min: 1000 } }
          - { name: c, address: holding:3, type: bcd32 }
          - { name: d, address: holding:5, type: mod10k48, order: CDAB }
          - { name: e, address: holding:8, type: string, length: 7, order: BADC }
          - { name: f, address: holding:20.3 }
          - { name: g, address: holding:20.4-7, enum: { 9: nine, 12: twelve } }
          - { name: h, address: holding:20, mask: 0x0f00, valid: { min: 256, max: 1280 } }
          - { name: i, address: holding:21, bits: { 0: i_zero, 15: i_fifteen } }
          - { name: j, address: holding:22, enum: { 7: seven, 8: eight }, invalid: [0] }
          - { name: k, address: holding:23, type: int16, exponent: holding:24 }
          - { name: l, address: holding:25, type: uint64, invalid: [50] }
          - { name: m, address: coil:7, write: true }
          - { name: n, address: discrete:7 }
          - { name: o, address: input:60000, type: float64, valid: { max: -7 } }
          - { name: p, address: holding:0, type: uint32 }                       # over a and the first half of b
          - { name: "q{n}", address: holding:100, count: 200, every: 1s }
  - name: block
    driver: modbus
    tcp:
      host: "192.168.10.20"
      port: 1502
    rtu_over_tcp: true
    devices:
      - { name: "meter_{unit_id}", unit_id: 1-3, profile: eastron/sdm630, every: 200ms }
uplinks:
  - name: cloud
    mqtt: { url: "mqtt://broker.example" }
  - { name: office, mqtt: { url: "mqtt://10.1.2.3" } }
"""


def profile_names():
    of_modbus = [file for file in sorted(PROFILES.rglob("*.yaml")) if "\ndriver: modbus\n" in file.read_text()]
    return [file.relative_to(PROFILES).with_suffix("").as_posix() for file in of_modbus]


def line_of_profiles(port):
    devices = [f"      - {{ name: d{unit}, unit_id: {unit}, profile: {name}, every: 500ms }}" for unit, name in enumerate(profile_names(), 1)]
    return f"channels:\n  - name: line\n    driver: modbus\n    serial: {{ port: {port}, baud: 115200 }}\n    devices:\n" + "\n".join(devices) + "\n"


def every_tag_of_a_users_own_configuration_is_read_good(bench):
    own = bench.folder / "own"
    (own / "conf.d").mkdir(parents=True)
    (own / "ferrule.yaml").write_text(OWN)
    (own / "conf.d/10-line.yaml").write_text(line_of_profiles("/dev/ttyUSB7"))
    desk = bench.folder / "desk"
    simulator = Program(bench, "simulate", [FERRULE, "simulate", "--from", own / "ferrule.yaml", "--desk", desk, "--profiles", PROFILES])
    command = simulator.wait_for_log("ferrule run ").split()
    expect_equal(sorted(line.split()[1] for line in simulator.log().splitlines() if line.startswith("channel ")), ["block", "flow", "line"])
    written = (desk / "ferrule.yaml").read_text()
    expect("example" not in written.replace("broker.example", "") and "192.168" not in written, f"every channel leads to the desk:\n{written}")
    expect_equal(written.count("enabled: false"), 2, "both uplinks are out of service")

    gateway = Program(bench, "gateway", [FERRULE, *command[1:]])
    socket = desk / "run/ferrule.sock"
    bad = ["nothing was read"]

    def all_good():
        nonlocal bad
        expect(gateway.running(), gateway.log())
        status, body = rest(socket, "GET", "/api/v1/values")
        values = body["values"] if status == 200 else []
        bad = [(value["name"], value["quality"], value.get("reason"), value.get("value")) for value in values if value["quality"] != "good"]
        return len(values) > 500 and not bad
    wait_for(all_good, lambda: f"all tags to be good; {len(bad)} are not: {bad[:20]}")
    first = rest(socket, "GET", "/api/v1/values/kinds.a")[1]["value"]
    wait_for(lambda: rest(socket, "GET", "/api/v1/values/kinds.a")[1]["value"] != first, "a value to move")
    expect(-40 <= first <= -10, f"{first} is within `valid`")
    expect_equal(rest(socket, "GET", "/api/v1/values/kinds.g")[1]["value"], "nine")


def what_cannot_be_played_is_said(bench):
    wrong = bench.folder / "wrong.yaml"
    wrong.write_text("channels: [ { name: a, driver: modbus, tcp: { hots: x } } ]\n")
    result = ferrule("simulate", "--from", wrong, "--desk", bench.folder / "desk")
    expect_equal(result.returncode, 1)
    expect("did you mean 'host'" in result.stderr, result.stderr)
    empty = bench.folder / "empty.yaml"
    empty.write_text("gateway: { id: a }\n")
    result = ferrule("simulate", "--from", empty, "--desk", bench.folder / "desk")
    expect_equal(result.returncode, 1)
    expect("no Modbus channel" in result.stderr, result.stderr)


run(every_tag_of_a_users_own_configuration_is_read_good, what_cannot_be_played_is_said)
