"""Does every value arrive that the device served while the broker was away, and in which order: live values first, with write: ahead
too, or with replay: in_order all of it on one topic in order?"""
from harness import expect, expect_equal, run, wait_for

OUTAGE = 3000  # records
DEVICES = range(1, 11)  # many small records, so that the backlog takes longer than a poll
PLANT = {
    "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
    # Rising numbers, so that a gap shows.
    "devices": [{"unit_id": unit, "registers": [
        {"address": "holding:0", "type": "uint32", "shape": "counter", "step": 1, "every": "10ms"}]} for unit in DEVICES],
}


def config(plant, broker, replay="live_first", **outbox):
    return {
        "gateway": {"id": "outage"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": f"machine_{unit}", "unit_id": unit, "every": "20ms", "tags": [{"name": "count", "address": "holding:0", "type": "uint32"}]}
            for unit in DEVICES]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}, "replay": replay}],
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


def through_an_outage(bench, **settings):
    """All messages, and those since the broker was back."""
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    subscriber = bench.subscriber(broker)
    gateway = bench.gateway(config(plant, broker, **settings))
    subscriber.wait_for_all(lambda all_: len(data(all_)) >= 20, "20 messages before the outage")

    broker.stop()  # not kill(): the subscriber's session is to live
    wait_for(lambda: gateway.get("/api/v1/uplinks")["uplinks"][0]["waiting_records"] >= OUTAGE, "records to wait in the outbox")
    wait_for(lambda: gateway.get("/api/v1/outbox")["blocks"] >= 1, "a block to be committed")
    before = len(subscriber.messages)
    broker.start()

    subscriber.wait_for(lambda m: m.json.get("historical"), "the backlog to come", after=before)
    # What was in flight as the broker went comes again, unmarked: that is not live.
    live = lambda all_: [m for m in data(all_[before:]) if m.json["seq"] > OUTAGE and not m.json.get("historical")]  # noqa: E731
    subscriber.wait_for_all(lambda all_: len(live(all_)) >= 10, "live data after the outage", 60)
    newest = max(seq for _, seq in sequence(subscriber.messages))
    wait_for(lambda: not missing(subscriber.messages, newest), lambda: f"these to arrive: {missing(subscriber.messages, newest)[:20]}", 60)

    messages = data(subscriber.messages)
    repeats = len(messages) - len({(m.json["boot"], m.json["seq"]) for m in messages})
    expect(repeats <= 64, f"{repeats} repeats are more than the publish window")
    return messages, data(subscriber.messages[before:])


def in_order(messages):
    """Without repeats the sequence numbers rise."""
    stamps = list(dict.fromkeys(m.json["seq"] for m in messages))
    return stamps == sorted(stamps)


def expect_live_first(bench, **outbox):
    messages, after = through_an_outage(bench, **outbox)
    historical = [m for m in messages if "/history/" in m.topic]
    expect(historical, "the backlog came on the history topic")
    expect(all(m.json.get("historical") is True for m in historical), "the backlog is marked")
    expect(not any("historical" in m.json for m in messages if "/data/" in m.topic), "live data is not marked")
    expect(in_order(historical), "the backlog comes in order")
    expect(in_order(m for m in messages if "/data/" in m.topic), "live data comes in order")
    expect(not in_order(after), "all of it together does not: live data has overtaken the backlog")
    newest = max(m.json["seq"] for m in historical)  # what is newer was read since the broker is back
    first_live = next(i for i, m in enumerate(after) if m.json["seq"] > newest)
    last_historical = max(i for i, m in enumerate(after) if "/history/" in m.topic)
    expect(first_live < last_historical / 2, "live values come long before the backlog is through")


def everything_read_arrives_and_live_comes_first(bench):
    expect_live_first(bench)


def live_comes_first_with_write_ahead_too(bench):
    expect_live_first(bench, write="ahead")


def replayed_in_order_it_is_one_row_on_one_topic(bench):
    messages, after = through_an_outage(bench, replay="in_order")
    expect(in_order(messages), "everything comes in order")
    expect(all("/data/" in m.topic for m in messages), "on one topic")
    expect(any(m.json.get("historical") for m in after) and not after[-1].json.get("historical"), "what is old is marked, the present is not")


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
    run(everything_read_arrives_and_live_comes_first, live_comes_first_with_write_ahead_too, replayed_in_order_it_is_one_row_on_one_topic,
        a_clean_stop_during_an_outage_loses_nothing)
