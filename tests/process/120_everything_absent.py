"""Does a gateway whose device, broker, serial adapter, REST port, secret and TLS files are absent start, say so once each, and recover
when each appears?"""
import socket

from harness import Mosquitto, Program, FERRULE, expect, expect_equal, free_port, rest, run, wait_for
import yaml


PLANT = {"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
         "devices": [{"unit_id": 1, "registers": [{"address": "holding:0", "type": "uint16", "value": 42}]}]}


def reads_42(name, port):
    return {"name": name, "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": port}, "devices": [
        {"name": f"{name}_device", "every": "100ms", "tags": [{"name": "answer", "address": "holding:0"}]}]}


def plant_file(bench, name, port, link):
    file = bench.folder / name
    endpoints = []
    if port:
        endpoints.append({"tcp": {"listen": "127.0.0.1", "port": port}})
    if link:
        endpoints.append({"serial": {"link": str(link)}})
    file.write_text(yaml.safe_dump({"endpoints": endpoints, "devices": [
        {"unit_id": 1, "registers": [{"address": "holding:0", "type": "uint16", "value": 42}]}]}))
    return file


def every_absence_is_said_once_and_healed(bench):
    port, line = free_port(), bench.folder / "adapter"
    broker = Mosquitto(bench)
    broker.kill()
    tags = [{"name": "answer", "address": "holding:0"}]
    gateway = bench.gateway({
        "gateway": {"id": "alone"},
        "channels": [
            {"name": "net", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": port},
             "devices": [{"name": "far", "every": "100ms", "tags": tags}]},
            {"name": "wire", "driver": "modbus", "serial": {"port": str(line), "baud": 19200},
             "devices": [{"name": "near", "unit_id": 1, "every": "100ms", "tags": tags}]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}],
    })
    # Long enough for several attempts of each: a message per attempt would show.
    wait_for(lambda: gateway.get("/api/v1/values/far.answer")["reason"] == "link_down", "a bad value with its reason")
    wait_for(lambda: gateway.get("/api/v1/values/near.answer")["reason"] == "link_down", "a bad value with its reason")
    health = wait_for(lambda: (lambda h: h if len(h["problems"]) >= 3 else None)(_health(gateway)), "three problems in health")
    expect(any("net" in p for p in health["problems"]) and any("wire" in p for p in health["problems"])
           and any("cloud" in p for p in health["problems"]), f"health names all three: {health['problems']}")
    wait_for(lambda: gateway.get("/api/v1/channels")["channels"][0]["requests"] >= 0, "counters")
    import time
    end = time.monotonic() + 6  # the attempts' own pauses are 0.5 to 8 s: this is the time under test, not a wait for something
    while time.monotonic() < end:
        gateway.get("/api/v1/status")
        time.sleep(0.5)
    for speaker in ("channel net", "channel wire", "uplink cloud"):
        said = [line_ for line_ in gateway.log().splitlines() if speaker + ":" in line_]
        expect_equal(len(said), 1, f"{speaker} is reported once:\n" + "\n".join(said) + "\n")

    Program(bench, "plant", [FERRULE, "simulate", plant_file(bench, "net.yaml", port, None)])
    wait_for(lambda: gateway.get("/api/v1/values/far.answer")["quality"] == "good", "the TCP device to be read")
    Program(bench, "plant", [FERRULE, "simulate", plant_file(bench, "wire.yaml", None, line)])
    wait_for(lambda: gateway.get("/api/v1/values/near.answer")["quality"] == "good", "the serial device to be read")
    broker.start()
    subscriber = bench.subscriber(broker)
    subscriber.wait_for(lambda m: m.topic.endswith("/data/far") and m.json["values"].get("answer") == 42, "data of the TCP device")
    subscriber.wait_for(lambda m: m.topic.endswith("/data/near") and m.json["values"].get("answer") == 42, "data of the serial device")
    wait_for(lambda: not _health(gateway)["problems"], lambda: f"health to be green: {_health(gateway)}")


def a_rest_port_that_is_taken_costs_no_poll_and_is_had_when_it_is_free(bench):
    plant = bench.plant(PLANT)
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    config = {"gateway": {"id": "alone"}, "rest": {"listen": f"127.0.0.1:{port}"}, "channels": [reads_42("net", plant.port)]}
    gateway = bench.gateway(config)
    wait_for(lambda: gateway.get("/api/v1/values/net_device.answer").get("value") == 42, "the device to be read")
    expect(any(f"127.0.0.1:{port} is taken" in problem for problem in _health(gateway)["problems"]), str(_health(gateway)))
    taken.close()
    wait_for(lambda: _answers(port), "the port to be had")
    wait_for(lambda: f"REST: listens on port {port}" in gateway.log(), "that to be said")
    other = free_port()
    gateway.configure({**config, "rest": {"listen": f"127.0.0.1:{other}"}})
    gateway.reload()
    wait_for(lambda: _answers(other) and not _answers(port), "a reload to move the port")


def what_lacks_its_secret_or_file_harms_nothing_else(bench):
    plant = bench.plant(PLANT)
    broker = bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = bench.gateway({
        "gateway": {"id": "alone"},
        "channels": [reads_42("net", plant.port),
                     {"name": "far", "driver": "coap", "dtls": {"identity": "g", "key": "!secret far-key"},
                      "devices": [{"name": "node", "host": "127.0.0.1", "every": "1s", "tags": [{"name": "t", "path": "/t"}]}]}],
        "rules": [{"name": "high", "when": "node.t > 5 or net_device.answer > 100", "alarm": {"severity": "high"}}],
        "uplinks": [{"name": "here", "mqtt": {"url": broker.url}},
                    {"name": "cloud", "mqtt": {"url": broker.url, "client_id": "other", "username": "u", "password": "!secret cloud-password"}}]})
    subscriber.wait_for(lambda m: m.topic.endswith("/data/net_device"), "data over the other uplink")
    health = _health(gateway)["problems"]
    expect(any("far-key" in problem and "cloud-password" in problem for problem in health), f"health names both: {health}")
    for name in ("far-key", "cloud-password"):
        (gateway.folder / name).write_text("not known yet")
    gateway.reload()
    wait_for(lambda: {c["name"] for c in gateway.get("/api/v1/channels")["channels"]} == {"net", "far"}, "the channel to be there")
    wait_for(lambda: all(uplink["connected"] for uplink in gateway.get("/api/v1/uplinks")["uplinks"]), "the uplink to connect")


def _answers(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def _health(gateway):
    return rest(gateway.socket, "GET", "/api/v1/health")[1]


if __name__ == "__main__":
    run(every_absence_is_said_once_and_healed, a_rest_port_that_is_taken_costs_no_poll_and_is_had_when_it_is_free,
        what_lacks_its_secret_or_file_harms_nothing_else)
