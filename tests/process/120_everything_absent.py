"""Does a gateway whose device, broker and serial adapter are all absent start, say so once each, and recover when each appears?"""
import socket

from harness import Mosquitto, Program, FERRULE, expect, expect_equal, free_port, run, wait_for
import yaml


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


def _health(gateway):
    from harness import rest
    return rest(gateway.socket, "GET", "/api/v1/health")[1]


if __name__ == "__main__":
    run(every_absence_is_said_once_and_healed)
