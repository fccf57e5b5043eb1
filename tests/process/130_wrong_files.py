"""Does a wrong file change nothing, neither at a reload nor after a restart, and is each mistake said with place and remedy?"""
import shutil

from harness import SOURCE, expect, expect_equal, rest, run, wait_for

PLANT = {
    "endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}],
    "devices": [{"unit_id": 1, "registers": [
        {"address": "holding:0", "type": "uint32", "shape": "counter", "step": 1, "every": "20ms"},
        {"address": "holding:10", "type": "uint16", "value": 7}]}],
}


def config(plant, every="50ms", extra=()):
    return {
        "gateway": {"id": "steady"},
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": "machine", "every": every, "tags": [
                {"name": "count", "address": "holding:0", "type": "uint32"}, *extra]}]}],
    }


def wrong_files():
    """All but those that bring profiles of their own: this gateway finds the shipped ones first, and to it the file may be right."""
    cases = sorted((SOURCE / "tests/cases/config/wrong").iterdir())
    return [case for case in cases if (case / "ferrule.yaml").exists() and not (case / "profiles").exists()]


def put_in_place(gateway, case):
    """The case's files beside the configuration; what they are, for clean_up()."""
    for file in case.rglob("*"):
        if file.is_file():
            target = gateway.folder / file.relative_to(case)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


def clean_up(gateway):
    shutil.rmtree(gateway.folder / "conf.d", ignore_errors=True)


def value(gateway, tag):
    status, answer = rest(gateway.socket, "GET", f"/api/v1/values/{tag}")
    return answer if status == 200 else {"quality": None, "value": None}


def trouble(gateway):
    return gateway.get("/api/v1/status")["gateway"].get("config_trouble") or ""


def polls(gateway):
    return gateway.get("/api/v1/channels")["channels"][0]["polls"]


def every_wrong_file_leaves_a_running_gateway_as_it_was(bench):
    gateway = bench.gateway(config(bench.plant(PLANT)))
    wait_for(lambda: gateway.get("/api/v1/values/machine.count")["quality"] == "good", "the plant to be read")
    good = gateway.config_file.read_text()
    count = 0
    for case in wrong_files():
        name = case.name
        put_in_place(gateway, case)
        said = gateway.log().count("was not reloaded")
        gateway.reload()
        wait_for(lambda: gateway.log().count("was not reloaded") == said + 1, f"{name} to be refused")
        expect(".yaml:" in trouble(gateway), f"{name}: {trouble(gateway)}")
        clean_up(gateway)
        count += 1
    expect(count >= 40, f"{count} wrong files")
    now = polls(gateway)
    wait_for(lambda: polls(gateway) > now + 3, "the polls to go on")
    expect_equal(gateway.get("/api/v1/status")["gateway"]["id"], "steady")
    expect_equal([c["name"] for c in gateway.get("/api/v1/channels")["channels"]], ["line"])
    gateway.config_file.write_text(good)
    gateway.reload()
    wait_for(lambda: trouble(gateway) == "", "the trouble to end with a right file")


def a_reload_restarts_only_what_changed(bench):
    plant = bench.plant(PLANT)
    gateway = bench.gateway(config(plant))
    wait_for(lambda: gateway.get("/api/v1/values/machine.count")["quality"] == "good", "the plant to be read")
    wait_for(lambda: polls(gateway) > 5, "some polls")
    second = config(plant)
    second["rules"] = [{"name": "twice", "set": "virtual.twice = machine.count * 2"}]
    gateway.configure(second)
    before = polls(gateway)
    gateway.reload()
    wait_for(lambda: value(gateway, "virtual.twice")["quality"] == "good", "the new rule to work")
    expect(polls(gateway) >= before, "the channel was not restarted: its counters go on")
    gateway.configure(config(plant, extra=[{"name": "seven", "address": "holding:10"}]))
    gateway.reload()
    wait_for(lambda: value(gateway, "machine.seven")["value"] == 7, "the new tag to be read")
    expect_equal(value(gateway, "virtual.twice")["value"], None, "the derived tag is gone")


def a_broken_file_after_a_reboot_means_the_last_good_one_runs(bench):
    gateway = bench.gateway(config(bench.plant(PLANT)))
    wait_for(lambda: gateway.get("/api/v1/values/machine.count")["quality"] == "good", "the plant to be read")
    expect_equal(gateway.stop(), 0)
    gateway.config_file.write_text("channels:\n  - name: line\n    driver: modbuss\n")
    gateway.start()
    wait_for(lambda: gateway.get("/api/v1/values/machine.count")["quality"] == "good", "the plant to be read again")
    expect("last good" in trouble(gateway) and "3:13" in trouble(gateway), trouble(gateway))
    expect("running on the last good configuration" in gateway.log(), "it says so in the log")


def a_first_start_with_a_broken_file_ends_with_the_reasons(bench):
    gateway = bench.gateway("channels:\n  - name: line\n    driver: modbuss\n", ready=False)
    expect_equal(gateway.program.wait(), 1, "exit code")
    expect("3:13" in gateway.log() and "did you mean 'modbus'" in gateway.log(), gateway.log())


if __name__ == "__main__":
    run(every_wrong_file_leaves_a_running_gateway_as_it_was, a_reload_restarts_only_what_changed,
        a_broken_file_after_a_reboot_means_the_last_good_one_runs, a_first_start_with_a_broken_file_ends_with_the_reasons)
