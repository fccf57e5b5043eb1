"""Does every value arrive that the device served while the broker was away, and do live values come first?"""
from harness import expect, expect_equal, run, wait_for

DEVICES = range(1, 11)  # many small records, so that the backlog takes longer than a poll
PLANT = {
    "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
    # Rising numbers, so that a gap shows.
    "devices": [{"unit_id": unit, "registers": [
        {"address": "holding:0", "type": "uint32", "shape": "counter", "step": 1, "every": "10ms"}]} for unit in DEVICES],
}


def config(plant, broker, **outbox):
    return {
        "gateway": {"id": "outage"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": f"machine_{unit}", "unit_id": unit, "every": "20ms", "tags": [{"name": "count", "address": "holding:0", "type": "uint32"}]}
            for unit in DEVICES]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}],
        "outbox": outbox or {},
    }


def data(messages):
    return [m for m in messages if "/data/" in m.topic or "/history/" in m.topic]


def sequence(messages):
    return [(m.json["boot"], m.json["seq"]) for m in messages if m.topic.startswith("ferrule/v1/outage/") and "/state" not in m.topic]


def missing(messages, newest, boot=None):
    """Sequence numbers up to `newest` that have not come."""
    seen = {seq for its_boot, seq in sequence(messages) if boot in (None, its_boot)}
    return sorted(set(range(min(seen), newest + 1)) - seen)


def everything_read_arrives_and_live_comes_first(bench):
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = bench.gateway(config(plant, broker))
    subscriber.wait_for_all(lambda all_: len(data(all_)) >= 20, "20 messages before the outage")

    broker.stop()  # not kill(): the subscriber's session is to live
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["waiting_records"] >= 3000, "3,000 records to wait in the outbox")
    wait_for(lambda: gateway.get("/api/v1/outbox")["blocks"] >= 1, "a block to be committed")
    before = len(subscriber.messages)
    broker.start()

    subscriber.wait_for(lambda m: "/history/" in m.topic, "the backlog to come", after=before)
    subscriber.wait_for_all(lambda all_: len([m for m in data(all_[before:]) if "/data/" in m.topic]) >= 10, "live data after the outage")
    newest = max(seq for _, seq in sequence(subscriber.messages))
    wait_for(lambda: not missing(subscriber.messages, newest), lambda: f"these to arrive: {missing(subscriber.messages, newest)[:20]}")

    messages = data(subscriber.messages)
    historical = [m for m in messages if "/history/" in m.topic]
    expect(historical, "the backlog came on the history topic")
    expect(all(m.json.get("historical") is True for m in historical), "the backlog is marked")
    expect(not any("historical" in m.json for m in messages if "/data/" in m.topic), "live data is not marked")
    stamps = list(dict.fromkeys(m.json["seq"] for m in historical))  # without repeats
    expect_equal(stamps, sorted(stamps), "the backlog comes in order")

    after = data(subscriber.messages[before:])
    first_live = next(i for i, m in enumerate(after) if "/data/" in m.topic)
    last_historical = max(i for i, m in enumerate(after) if "/history/" in m.topic)
    expect(first_live < last_historical, "live values come before the backlog is through")

    repeats = len(messages) - len({(m.json["boot"], m.json["seq"]) for m in messages})
    expect(repeats <= 64, f"{repeats} repeats are more than the publish window")


def a_clean_stop_during_an_outage_loses_nothing(bench):
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = bench.gateway(config(plant, broker))
    subscriber.wait_for_all(lambda all_: len(data(all_)) >= 5, "5 messages before the outage")
    broker.stop()  # not kill(): the subscriber's session is to live
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["waiting_records"] >= 20, "20 records to wait")
    last = wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0], "the counters")
    expect_equal(gateway.stop(), 0, "exit code of a clean stop")
    broker.start()
    gateway.start()
    first_boot = data(subscriber.messages)[0].json["boot"]
    subscriber.wait_for(lambda m: "/data/" in m.topic and m.json["boot"] > first_boot, "live data of the new boot")
    newest = last["waiting_records"] + min(seq for boot, seq in sequence(subscriber.messages) if boot == first_boot)
    wait_for(lambda: not missing(subscriber.messages, newest, first_boot), lambda: f"these to arrive: {missing(subscriber.messages, newest, first_boot)}")


if __name__ == "__main__":
    run(everything_read_arrives_and_live_comes_first, a_clean_stop_during_an_outage_loses_nothing)
