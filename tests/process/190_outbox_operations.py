"""Can an operator see what waits for an uplink, take it out as lines of JSON, and give it up?"""
import json

from harness import expect, expect_equal, run, wait_for

PLANT = {
    "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
    "devices": [{"unit_id": 1, "registers": [{"address": "holding:0", "type": "uint32", "shape": "counter", "step": 1, "every": "10ms"}]}],
}


def config(plant, broker):
    return {
        "gateway": {"id": "operated"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": "machine", "unit_id": 1, "every": "50ms", "tags": [{"name": "count", "address": "holding:0", "type": "uint32"}]}]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}],
    }


def done(result):
    expect_equal(result.returncode, 0, f"exit code; it said: {result.stdout}{result.stderr}")
    return result.stdout


def what_waits_can_be_seen_taken_out_and_given_up(bench):
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = bench.gateway(config(plant, broker))
    subscriber.wait_for(lambda m: "/data/" in m.topic, "live data")
    broker.stop()
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["waiting_records"] >= 60, "60 records to wait")
    wait_for(lambda: gateway.get("/api/v1/outbox")["blocks"] >= 1, "some of them to be stored")

    status = done(gateway.command("outbox", "status"))
    expect("cloud" in status and "outbox.db" in status, f"the status names the uplink and the file:\n{status}")

    records = [json.loads(line) for line in done(gateway.command("outbox", "export", "--uplink", "cloud")).splitlines()]
    expect(len(records) >= 60, f"{len(records)} records were exported")
    readings = [record for record in records if record["kind"] == "samples"]
    expect_equal({record["samples"][0]["name"] for record in readings}, {"machine.count"}, "what was read")
    counts = [record["samples"][0]["value"] for record in readings]
    expect(counts == sorted(counts) and all(isinstance(count, int) for count in counts), "in the order of reading")
    pairs = [(record["boot"], record["seq"]) for record in records]
    expect_equal(len(set(pairs)), len(pairs), "numbers that are a record's own")
    again = done(gateway.command("outbox", "export", "--uplink", "cloud")).splitlines()
    expect([json.loads(line)["at"] for line in again[:len(records)]] == [record["at"] for record in records], "looking takes nothing away")

    given_up = done(gateway.command("outbox", "purge", "--uplink", "cloud"))
    count = int(given_up.split()[0])
    expect(count >= len(records), given_up)
    broker.start()
    loss = subscriber.wait_for(lambda m: "/event" in m.topic and m.json.get("event") == "loss", "the loss record")
    expect_equal(loss.json["why"], "purged by an operator", "why")
    expect(loss.json["samples"] >= len(readings), f"{loss.json} counts what was given up")
    came = {(m.json["boot"], m.json["seq"]) for m in subscriber.messages if "/history/" in m.topic}
    expect(not came & {(r["boot"], r["seq"]) for r in readings}, "what was given up does not come")


def wrong_questions_are_refused_in_words(bench):
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    gateway = bench.gateway(config(plant, broker))
    refused = gateway.command("outbox", "export", "--uplink", "clod")
    expect_equal(refused.returncode, 1, "exit code for an unknown uplink")
    expect("did you mean 'cloud'" in refused.stderr, refused.stderr)
    expect(gateway.command("outbox", "purge").returncode != 0, "a purge of nothing in particular is refused")
    expect_equal(done(gateway.command("outbox", "export", "--dead-letters")), "", "no dead letters")


if __name__ == "__main__":
    run(what_waits_can_be_seen_taken_out_and_given_up, wrong_questions_are_refused_in_words)
