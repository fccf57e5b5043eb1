"""Does a value written by a person reach the device, and is every wrong one refused with its reason?"""
import http.client
import json

from harness import expect, expect_equal, run, wait_for

PLANT = {
    "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
    "devices": [{"unit_id": 1, "registers": [
        {"address": "holding:0", "type": "int16", "value": 650},
        {"address": "holding:1", "type": "uint16", "value": 0},
        {"address": "holding:10", "type": "float32", "order": "CDAB", "value": 1.5},
        {"address": "coil:0", "type": "bool", "value": 0},
        {"address": "input:0", "type": "uint16", "value": 9}]}],
}
TAGS = [
    {"name": "setpoint", "address": "holding:0", "type": "int16", "scale": 0.1, "write": {"min": 20, "max": 90}},
    {"name": "mode", "address": "holding:1", "enum": {0: "idle", 1: "auto", 2: "manual"}, "write": {"min": 0, "max": 2}},
    {"name": "flow", "address": "holding:10", "type": "float32", "order": "CDAB", "write": {"min": -1000, "max": 1000}},
    {"name": "pump", "address": "coil:0", "write": {"min": 0, "max": 1}},
    {"name": "level", "address": "input:0"},
]


def gateway_of(bench, broker=None):
    plant = bench.plant(PLANT)
    config = {"gateway": {"id": "w"}, "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port},
              "devices": [{"name": "boiler", "every": "50ms", "tags": TAGS}]}]}
    if broker:
        config["uplinks"] = [{"name": "cloud", "mqtt": {"url": broker.url}}]
    gateway = bench.gateway(config)
    wait_for(lambda: gateway.get("/api/v1/values/boiler.setpoint")["quality"] == "good", "the boiler to be read")
    return gateway


def written_values_are_read_back_from_the_device(bench):
    broker = bench.mosquitto()
    gateway, subscriber = gateway_of(bench, broker), bench.subscriber(broker)
    for tag, value in (("setpoint", 71.3), ("mode", "manual"), ("flow", -12.25), ("pump", True)):
        status, answer = gateway.put(f"/api/v1/values/boiler.{tag}", {"value": value})
        expect_equal((status, answer.get("outcome")), (200, "done"), f"{tag}: {answer}")
        wait_for(lambda: gateway.get(f"/api/v1/values/boiler.{tag}")["value"] == value, f"{tag} to be read back as {value}")
    subscriber.wait_for(lambda m: "/event/" in m.topic and m.json["event"] == "command", "the outcome to be sent north")


def the_command_line_writes_too(bench):
    gateway = gateway_of(bench)
    done = gateway.command("set", "boiler.setpoint", "33")
    expect_equal(done.returncode, 0, done.stdout + done.stderr)
    wait_for(lambda: gateway.command("get", "boiler.setpoint").stdout.find("33") >= 0, "`ferrule get` to show it")
    wrong = gateway.command("set", "boiler.setpoint", "91")
    expect_equal(wrong.returncode, 1)
    expect("20 to 90" in wrong.stdout + wrong.stderr, wrong.stderr)
    expect("boiler" in gateway.command("status").stdout or gateway.command("status").returncode == 0, "status answers")


def every_wrong_write_is_refused_with_its_reason(bench):
    gateway = gateway_of(bench)
    for tag, body, wanted, words in (
            ("boiler.setpoint", {"value": 19.9}, 400, "20 to 90"),
            ("boiler.setpoint", {"value": "warm"}, 400, "boiler.setpoint"),
            ("boiler.setpoint", {"value": 1e300}, 400, "20 to 90"),
            ("boiler.setpoint", {}, 400, "value"),
            ("boiler.mode", {"value": "automatic"}, 400, "auto"),
            ("boiler.level", {"value": 1}, 400, "read-only"),
            ("boiler.setpint", {"value": 30}, 404, "boiler.setpoint")):
        status, answer = gateway.put(f"/api/v1/values/{tag}", body)
        expect_equal(status, wanted, f"{tag} {body}: {answer}")
        expect(words in str(answer), f"{tag} {body}: the answer names '{words}': {answer}")
    expect_equal(gateway.get("/api/v1/values/boiler.setpoint")["value"], 65, "nothing was written")


def a_command_id_has_one_effect(bench):
    gateway = gateway_of(bench)
    setpoint = "/api/v1/values/boiler.setpoint"
    first = gateway.put(setpoint, {"value": 44, "id": "shift-1"})
    expect_equal((first[0], first[1].get("repeated")), (200, None), first)
    expect_equal(gateway.put(setpoint, {"value": 45, "id": "shift-2"})[0], 200)
    status, again = gateway.put(setpoint, {"value": 44, "id": "shift-1"})
    expect_equal((status, again.get("outcome"), again.get("repeated")), (200, "done", True), again)
    wait_for(lambda: gateway.get(setpoint)["value"] == 45, "the second value to be read")
    channel = gateway.get("/api/v1/channels/line")["requests"]
    wait_for(lambda: gateway.get("/api/v1/channels/line")["requests"] > channel + 5, "some more polls")
    expect_equal(gateway.get(setpoint)["value"], 45, "the repeat wrote nothing")
    status, other = gateway.put(setpoint, {"value": 50, "id": "shift-1"})
    expect_equal(status, 400, other)
    expect("boiler.setpoint = 44" in str(other), other)


DRIVE = {"3": {"holding": {"0": [0x00ff, 7, 100]}, "coil": {"0": [False]}}}
DRIVE_TAGS = [
    {"name": "run", "address": "holding:0.0", "write": {"min": 0, "max": 1}, "read_back": True},
    {"name": "speed", "address": "holding:0.8-11", "write": {"min": 0, "max": 15}},
    {"name": "word", "address": "holding:0"},
    {"name": "limit", "address": "holding:1", "write": {"min": 0, "max": 100}, "read_back": True},
    {"name": "valve", "address": "coil:0", "write": {"min": 0, "max": 1}},
]


def the_device_knows_only_some_functions_and_bits_are_written_alone(bench):
    server = bench.pymodbus("--registers", json.dumps(DRIVE))
    gateway = bench.gateway({"gateway": {"id": "w"}, "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": server.port},
                             "devices": [{"name": "drive", "unit_id": 3, "every": "50ms", "functions": [1, 3, 15, 16, 22], "tags": DRIVE_TAGS}]}]})
    wait_for(lambda: gateway.get("/api/v1/values/drive.word")["value"] == 0xff, "the drive to be read")
    for tag, value in (("run", False), ("speed", 9), ("limit", 42), ("valve", True)):
        status, answer = gateway.put(f"/api/v1/values/drive.{tag}", {"value": value})
        expect_equal((status, answer.get("outcome")), (200, "done"), f"{tag}: {answer}")
        wait_for(lambda: gateway.get(f"/api/v1/values/drive.{tag}")["value"] == value, f"{tag} to be read as {value}")
    expect_equal(gateway.get("/api/v1/values/drive.word")["value"], 0x09fe, "the other bits are as they were")
    sent = gateway.command("frames", "line").stdout
    for function in ("mask holding 0", "write coils 0", "write holding 1"):
        expect(function in sent, f"'{function}' is among the frames:\n{sent}")


def a_broadcast_reaches_every_unit_of_the_line(bench):
    line = bench.folder / "line"
    bench.plant({"endpoints": [{"serial": {"link": str(line)}}],
                 "devices": [{"unit_id": "3-4", "registers": [{"address": "holding:30", "type": "uint16", "value": 0}]}]})
    stop = {"name": "stop", "address": "holding:30", "write": {"min": 0, "max": 9}}
    gateway = bench.gateway({"gateway": {"id": "w"}, "channels": [{"name": "line", "driver": "modbus", "serial": {"port": str(line), "baud": 115200},
                             "devices": [{"name": "a", "unit_id": 3, "every": "50ms", "tags": [{**stop, "broadcast": True, "read_back": True},
                                                                                               {**stop, "name": "unseen", "broadcast": True}]},
                                         {"name": "b", "unit_id": 4, "every": "50ms", "tags": [stop]}]}]})
    wait_for(lambda: gateway.get("/api/v1/values/b.stop")["value"] == 0, "the line to be read")
    status, answer = gateway.put("/api/v1/values/a.stop", {"value": 7})
    expect_equal((status, answer.get("outcome")), (200, "done"), f"its own device has it: {answer}")
    wait_for(lambda: gateway.get("/api/v1/values/b.stop")["value"] == 7, "the other device to have it, too")
    status, answer = gateway.put("/api/v1/values/a.unseen", {"value": 5})
    expect_equal((status, answer.get("outcome")), (504, "unknown"), f"nobody confirms a broadcast: {answer}")
    wait_for(lambda: gateway.get("/api/v1/values/b.stop")["value"] == 5, "the other device to have it")


def writing_over_tcp_needs_the_token(bench):
    gateway = gateway_of(bench)
    port = int(gateway.program.wait_for_log("REST on port").split()[-1])

    def put(headers):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("PUT", "/api/v1/values/boiler.setpoint", '{"value": 44}', {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    expect_equal(put({}), 401)
    expect_equal(put({"Authorization": "Bearer " + "0" * 64}), 401)
    token = next(gateway.state.glob("*token*"))
    expect_equal(token.stat().st_mode & 0o777, 0o600, "the token is for its owner only")
    expect_equal(put({"Authorization": "Bearer " + token.read_text().strip()}), 200)


if __name__ == "__main__":
    run(written_values_are_read_back_from_the_device, the_command_line_writes_too, every_wrong_write_is_refused_with_its_reason,
        a_command_id_has_one_effect, the_device_knows_only_some_functions_and_bits_are_written_alone,
        a_broadcast_reaches_every_unit_of_the_line, writing_over_tcp_needs_the_token)
