"""Does the main job work with a device and a broker that are not ours: polled, ruled, forwarded, each value right?"""
import json
import re
import struct

import yaml

from harness import SOURCE, expect, expect_equal, run, wait_for

PROFILE = SOURCE / "config/profiles/eastron/sdm630.yaml"


def float_registers(value):
    return struct.unpack(">HH", struct.pack(">f", value))


def meter_map():
    """{tag: value} of the shipped profile, each tag a value of its own, and the input registers that hold them."""
    values, registers = {}, {}
    for number, tag in enumerate(yaml.safe_load(PROFILE.read_text())["tags"]):
        address = int(re.fullmatch(r"input:(\d+)", tag["address"])[1])
        values[tag["name"]] = struct.unpack(">f", struct.pack(">f", 230.1 + number * 1.25))[0]
        registers[str(address)] = list(float_registers(values[tag["name"]]))
    return values, registers


def config(channel, device, broker, rules=()):
    return {"gateway": {"id": "main"}, "channels": [{"name": "line", "driver": "modbus", **channel, "devices": [device]}],
            "rules": list(rules), "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}]}


def check_meter(bench, channel):
    values, _ = meter_map()
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker)
    bench.gateway(config(channel, {"name": "meter", "unit_id": 1, "profile": "eastron/sdm630", "every": "200ms"}, broker))
    message = subscriber.wait_for(lambda m: m.topic == "ferrule/v1/main/data/meter", "the meter's data").json
    expect("bad" not in message, f"every register is read: {message.get('bad')}")
    expect_equal(set(message["values"]), set(values), "the tags of the profile")
    for name, value in values.items():
        expect_equal(struct.unpack(">f", struct.pack(">f", message["values"][name]))[0], value, name)


def a_real_meters_map_is_read_right_over_tcp(bench):
    _, registers = meter_map()
    device = bench.pymodbus("--registers", json.dumps({"1": {"input": registers}}))
    check_meter(bench, {"tcp": {"host": "127.0.0.1", "port": device.port}})


def the_same_over_a_serial_line(bench):
    _, registers = meter_map()
    line = bench.serial_pair()
    bench.pymodbus("--registers", json.dumps({"1": {"input": registers}}), "--serial", line.a)
    check_meter(bench, {"serial": {"port": str(line.b), "baud": 115200}})


def an_alarm_is_raised_and_cleared_with_hysteresis_and_a_derived_tag_follows(bench):
    device, broker = bench.pymodbus("--registers", json.dumps({"1": {"holding": {"0": [80]}}})), bench.mosquitto()
    subscriber = bench.subscriber(broker)
    rules = [{"name": "overheat", "when": "boiler.temperature > 85 for 200ms", "until": "boiler.temperature < 80",
              "alarm": {"severity": "high", "text": "Boiler at {boiler.temperature} °C"}},
             {"name": "fahrenheit", "set": "plant.fahrenheit = boiler.temperature * 1.8 + 32"},
             {"name": "broken", "set": "plant.ratio = boiler.temperature / (boiler.temperature - boiler.temperature)"}]
    gateway = bench.gateway(config(
        {"tcp": {"host": "127.0.0.1", "port": device.port}},
        {"name": "boiler", "every": "50ms", "tags": [{"name": "temperature", "address": "holding:0", "write": {"min": 0, "max": 200}}]},
        broker, rules))

    def heat(value):
        status, answer = gateway.put("/api/v1/values/boiler.temperature", {"value": value})
        expect_equal(status, 200, f"writing {value}: {answer}")
    wait_for(lambda: gateway.get("/api/v1/values/plant.fahrenheit")["value"] == 176, "the derived tag")
    expect_equal(gateway.get("/api/v1/values/plant.ratio").get("reason"), "rule_failed", "a division by zero is a bad value")
    heat(90)
    raised = subscriber.wait_for(lambda m: "/event/" in m.topic and m.json.get("event") == "alarm", "the alarm").json
    expect_equal((raised["id"], raised["state"], raised["severity"], raised["text"]), ("overheat", "raised", "high", "Boiler at 90 °C"))
    heat(82)  # below `when`, not yet `until`: nothing
    wait_for(lambda: gateway.get("/api/v1/values/boiler.temperature")["value"] == 82, "82 to be read")
    heat(79)
    subscriber.wait_for(lambda m: "/event/" in m.topic and m.json.get("state") == "cleared", "the alarm to be cleared")
    alarms = [m.json["state"] for m in subscriber.messages if "/event/" in m.topic and m.json.get("event") == "alarm"]
    expect_equal(alarms, ["raised", "cleared"])


def an_exception_is_a_bad_value_with_its_reason_and_neighbours_are_good(bench):
    device, broker = bench.pymodbus("--registers", json.dumps({"1": {"holding": {"0": [7]}}})), bench.mosquitto()
    gateway = bench.gateway(config(
        {"tcp": {"host": "127.0.0.1", "port": device.port}},
        {"name": "io", "every": "50ms", "tags": [{"name": "here", "address": "holding:0"}, {"name": "nowhere", "address": "holding:500"}]}, broker))
    subscriber = bench.subscriber(broker)
    wait_for(lambda: gateway.get("/api/v1/values/io.here")["value"] == 7, "the good register")
    bad = gateway.get("/api/v1/values/io.nowhere")
    expect_equal((bad["quality"], bad["reason"]), ("bad", "device_refused"))
    subscriber.wait_for(lambda m: "/data/io" in m.topic and m.json["values"].get("here") == 7, "the good register's data")


if __name__ == "__main__":
    run(a_real_meters_map_is_read_right_over_tcp, the_same_over_a_serial_line,
        an_alarm_is_raised_and_cleared_with_hysteresis_and_a_derived_tag_follows,
        an_exception_is_a_bad_value_with_its_reason_and_neighbours_are_good)
