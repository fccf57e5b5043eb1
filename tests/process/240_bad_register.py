"""A register that the device refuses, in the middle of a block: its neighbours stay good, and a restart does not ask for it again."""
import json

from harness import expect, expect_equal, run, wait_for

# holding:10 does not exist.
PLANT = {"1": {"holding": {"0": list(range(10)), "11": list(range(11, 21))}}}


def configuration(port, every="50ms"):
    return {"gateway": {"id": "b"}, "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": port},
            "devices": [{"name": "d", "every": every, "tags": [{"name": "r{n}", "address": "holding:0", "count": 21}]}]}]}


def start(bench):
    server = bench.pymodbus("--registers", json.dumps(PLANT))
    gateway = bench.gateway(configuration(server.port))
    wait_for(lambda: read_right(gateway), "all registers but one to be read right")
    return server, gateway


def read_right(gateway):
    values = gateway.get("/api/v1/values")["values"]
    expect_equal([value["value"] for value in values if value["quality"] == "good" and value["value"] != int(value["name"][3:]) - 1], [])
    bad = [(value["name"], value["reason"]) for value in values if value["quality"] != "good"]
    return bad == [("d.r11", "device_refused")]


def refusals(gateway):
    """Answers among the channel's last exchanges that were refusals."""
    frames = gateway.command("frames", "line").stdout
    expect("read holding" in frames, frames)
    return frames.count("exception 2")


def what_was_learnt_survives_a_restart(bench):
    _, gateway = start(bench)
    wait_for(lambda: list((gateway.state / "learnt").glob("line")), "what was learnt to be kept")
    gateway.stop()
    gateway.start()
    wait_for(lambda: read_right(gateway), "the registers to be read again")
    expect_equal(refusals(gateway), 0, "the device was not asked for it again")


def without_it_the_device_is_asked_again(bench):
    """The twin: the test above sees a refusal where nothing is remembered."""
    _, gateway = start(bench)
    gateway.stop()
    for file in (gateway.state / "learnt").iterdir():
        file.unlink()
    gateway.start()
    wait_for(lambda: read_right(gateway), "the registers to be read again")
    wait_for(lambda: refusals(gateway) > 0, "a refusal")


def with_another_configuration_the_device_is_asked_again(bench):
    """Who renames the device or changes a tag may have mended it, too."""
    server, gateway = start(bench)
    wait_for(lambda: list((gateway.state / "learnt").glob("line")), "what was learnt to be kept")
    gateway.stop()
    gateway.configure(configuration(server.port, every="60ms"))
    gateway.start()
    wait_for(lambda: read_right(gateway), "the registers to be read again")
    wait_for(lambda: refusals(gateway) > 0, "a refusal")


if __name__ == "__main__":
    run(what_was_learnt_survives_a_restart, without_it_the_device_is_asked_again, with_another_configuration_the_device_is_asked_again)
