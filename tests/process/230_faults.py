"""A plant whose faults are scripted (`ferrule simulate`): what the gateway reads of it is right or marked bad, and good again when a
fault is over. Endpoints that bear one connection, and several."""
import time

from harness import SOURCE, expect, expect_equal, ferrule, run, wait_for

COUNT = 20


def right(unit, register):
    return 1000 * unit + register


def registers(unit):
    return [{"address": "holding:0", "count": COUNT, "value": right(unit, 0), "spread": 1}]


def device(name, unit):
    """Two requests of one length: an answer to the wrong one shows."""
    half = COUNT // 2
    return {"name": name, "unit_id": unit, "every": "20ms", "timeout": "100ms", "late_window": "400ms", "max_registers": half, "tags": [
        {"name": "r{n}", "address": "holding:0", "count": half, "type": "uint16"},
        {"name": f"s{{n}}", "address": f"holding:{half}", "count": half, "type": "uint16"}]}


def config_of(bench, broker, channels):
    return {"gateway": {"id": "faulty"}, "channels": channels, "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}]}


def samples(messages):
    """(device, tag, value) of all good ones, and how many were bad."""
    good, bad = [], 0
    for message in messages:
        body = message.json if "/data/" in message.topic else {}
        good += [(body["device"], tag, value) for tag, value in body.get("values", {}).items()]
        bad += len(body.get("bad", {}))
    return good, bad


def no_value_is_wrong_whatever_goes_wrong(bench):
    link = bench.folder / "line"
    shares = [{"fault": fault, "share": 4, "for": "6s", **more} for fault, more in (
        ("late", {"delay": "250ms"}), ("wrong_unit", {}), ("wrong_function", {}), ("repeat", {}),
        ("exception", {"code": 6}), ("drip", {"delay": "2ms"}), ("silent", {}))]
    # Modbus TCP has no checksum: that bytes are lost inside a frame is left to TCP.
    of_lines = [{"fault": fault, "share": 4, "for": "6s", "endpoint": endpoint, "bytes": 5}
                for fault in ("wrong_crc", "garbage", "drop_bytes") for endpoint in ("over_tcp", "line")]
    plant = bench.plant({
        "endpoints": [{"name": "panel", "tcp": {"port": 0}}, {"name": "over_tcp", "tcp": {"port": 0, "rtu_over_tcp": True}},
                      {"name": "line", "serial": {"link": str(link), "baud": 115200}}],
        "devices": [{"unit_id": unit, "turnaround": "1ms", "registers": registers(unit)} for unit in (1, 2, 3)],
        "faults": shares + of_lines + [{"fault": "echo", "endpoint": "line", "from": "3s", "for": "3s"},
                                       {"fault": "half_open", "from": "2s", "for": "1s"}, {"fault": "reboot", "from": "4s", "for": "500ms"}]})
    faults_end = time.monotonic() + 6
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker)
    panel, over_tcp = plant.ports
    channels = [
        {"name": "panel", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": panel}, "devices": [device("a1", 1), device("a2", 2)]},
        {"name": "over_tcp", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": over_tcp}, "rtu_over_tcp": True,
         "devices": [device("b1", 1), device("b3", 3)]},
        {"name": "line", "driver": "modbus", "serial": {"port": str(link), "baud": 115200}, "devices": [device("c2", 2), device("c3", 3)]}]
    gateway = bench.gateway(config_of(bench, broker, channels))
    wait_for(lambda: samples(subscriber.messages)[1] > 100, "faults to show")

    def all_good():
        values = gateway.get("/api/v1/values")["values"]
        return len(values) == 6 * COUNT and all(value["quality"] == "good" for value in values)
    wait_for(lambda: time.monotonic() > faults_end and all_good(), "everything to be good when the faults are over", 40)
    good, bad = samples(subscriber.messages)
    expect(bad > 100 and len(good) > 1000, f"{bad} bad and {len(good)} good samples")
    names = {f"r{n}": n for n in range(COUNT)} | {f"s{n}": COUNT // 2 + n for n in range(COUNT)}
    first = min(int(tag[1:]) for _, tag, _ in good)
    wrong = [(name, tag, value) for name, tag, value in good if value != right(int(name[1:]), names[tag] - first)]
    expect(not wrong, f"{len(wrong)} of {len(good)} are wrong: {wrong[:5]}")


def a_device_with_room_for_one_master_is_read_by_one_channel_and_one_with_room_for_two_by_two(bench):
    plant = bench.plant({"endpoints": [{"tcp": {"port": 0, "max_connections": 2}}],
                         "devices": [{"unit_id": unit, "registers": registers(unit)} for unit in (1, 2, 3)]})
    broker = bench.mosquitto()

    def channel(unit, connections):
        return {"name": f"c{unit}", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "connections": connections,
                "devices": [device(f"d{unit}", unit)]}
    gateway = bench.gateway(config_of(bench, broker, [channel(1, 2), channel(2, 2)]))
    wait_for(lambda: [d["online"] for d in gateway.get("/api/v1/devices")["devices"]] == [True, True], "both to be read")
    expect_equal([c["disconnects"] for c in gateway.get("/api/v1/channels")["channels"]], [0, 0])

    def check(*channels):
        gateway.configure(config_of(bench, broker, list(channels)))
        return ferrule("check", gateway.config_file, "--state", bench.folder / "s", "--runtime", bench.folder / "r")
    for wrong in ([channel(1, 1), channel(2, 1)], [channel(1, 2), channel(2, 1)], [channel(1, 2), channel(2, 2), channel(3, 2)]):
        result = check(*wrong)
        expect_equal(result.returncode, 1)
        expect(f"'127.0.0.1:{plant.port}' is taken by the channel 'c1'" in result.stdout + result.stderr, result.stdout + result.stderr)
    expect_equal(check(channel(1, 2), channel(2, 2)).returncode, 0)


def the_example_of_faults_is_served(bench):
    text = (SOURCE / "config/examples/plant-faults.yaml").read_text()
    text = text.replace("port: 1502", "port: 0").replace("/tmp/ferrule-plant-line", str(bench.folder / "line"))
    plant = bench.plant(text)
    expect_equal(plant.stop(), 0)


def a_wrong_fault_is_refused_with_its_place(bench):
    file = bench.folder / "wrong.yaml"
    file.write_text("endpoints:\n  - { name: a, tcp: { port: 0 } }\ndevices:\n  - registers: [ { address: holding:0 } ]\n"
                    "faults:\n  - { fault: lat }\n  - { fault: wrong_crc, endpoint: a }\n")
    result = ferrule("simulate", file)
    expect_equal(result.returncode, 1)
    expect("wrong.yaml:6:" in result.stderr and "did you mean 'late'" in result.stderr, result.stderr)
    file.write_text(file.read_text().replace("lat }", "late }"))
    result = ferrule("simulate", file)
    expect("wrong.yaml:7:" in result.stderr and "it is of RTU" in result.stderr, result.stderr)


run(no_value_is_wrong_whatever_goes_wrong, a_device_with_room_for_one_master_is_read_by_one_channel_and_one_with_room_for_two_by_two,
    the_example_of_faults_is_served, a_wrong_fault_is_refused_with_its_place)
