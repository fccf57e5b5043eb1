"""Every profile in config/profiles reads its device right. The devices are pymodbus; their maps are written down in profile_maps.py from
the manuals. A register that is in no map does not exist and is refused, so a profile that reads a gap, or one address too far, fails."""
import json

from harness import SOURCE, expect, expect_equal, run, wait_for
from profile_maps import MAPS, SDM630, words

PROFILES = SOURCE / "config/profiles"


def sdm630_as_a_whole():
    """A profile of 88 floats side by side: those that SDM630 does not name hold their own address. Registers in between can be read."""
    named = {row[0]: row for row in SDM630}
    places = range(0, 382, 2)
    return [named.get(place, (place, "f", float(place), None, None)) for place in places]


def areas_of(default, rows):
    areas = {}
    for address, coding, raw, *_ in rows:
        if address is None:
            continue
        if coding in ("coil", "discrete"):
            areas.setdefault(coding, {})[str(address)] = [raw]
        else:
            areas.setdefault(default, {})[str(address)] = words(coding, raw)
    return areas


def same(found, wanted):
    if wanted is None:
        return found["quality"] == "bad"
    if found["quality"] != "good":
        return False
    if isinstance(wanted, (bool, str)):
        return found["value"] == wanted
    return abs(found["value"] - wanted) <= 1e-9 * max(1.0, abs(wanted))


def of_modbus(profile):
    return any(line.startswith("driver:") and "modbus" in line for line in profile.read_text().splitlines())


def every_profile_reads_the_map_of_its_manual(bench):
    maps = {**MAPS, "eastron/sdm630": ("input", sdm630_as_a_whole())}
    profiles = sorted(file.relative_to(PROFILES).with_suffix("").as_posix() for file in PROFILES.rglob("*.yaml") if of_modbus(file))
    expect_equal(sorted(maps), profiles, "each profile has its map in this test")
    units = {profile: unit for unit, profile in enumerate(profiles, 11)}
    server = bench.pymodbus("--registers", json.dumps({str(units[profile]): areas_of(*maps[profile]) for profile in profiles}))
    name = {profile: profile.replace("/", "_").replace("-", "_") for profile in profiles}
    gateway = bench.gateway({"channels": [{
        "name": "plant", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": server.port},
        "devices": [{"name": name[profile], "profile": profile, "unit_id": units[profile], "every": "200ms"} for profile in profiles]}]})

    def wrong():
        values = {value["name"]: value for value in gateway.get("/api/v1/values")["values"]}
        return [(f"{name[profile]}.{tag}", wanted, values.get(f"{name[profile]}.{tag}")) for profile in profiles
                for _, _, _, tag, wanted in maps[profile][1] if tag and not same(values.get(f"{name[profile]}.{tag}", {"quality": "?"}), wanted)]

    def all_read():
        return not wrong() and not [value for value in gateway.get("/api/v1/values")["values"] if value.get("reason") == "not_read_yet"]
    wait_for(all_read, lambda: f"all profiles to be read right; wrong are (tag, wanted, found): {wrong()}")
    covered = {f"{name[profile]}.{row[3]}" for profile in profiles for row in maps[profile][1] if row[3]}
    values = gateway.get("/api/v1/values")["values"]
    left = [value["name"] for value in values if value["name"] not in covered and not value["name"].startswith("eastron_sdm630.")]
    expect_equal(left, [], "tags of profiles that this test says nothing about")
    bad = [value["name"] for value in values if value["quality"] != "good" and value["name"] not in covered]
    expect_equal(bad, [], "tags that are not good")


def a_wrong_map_is_found_out(bench):
    """The twin: one register off, one word order wrong, and the comparison above must not hold."""
    moved = [(address + 1, *rest) for address, *rest in MAPS["omron/e5cc"][1] if address is not None]
    turned = [(address, coding.replace("iw", "i"), *rest) for address, coding, *rest in MAPS["carlo-gavazzi/em340"][1]]
    server = bench.pymodbus("--registers", json.dumps({"1": areas_of("holding", moved), "2": areas_of("input", turned)}))
    gateway = bench.gateway({"channels": [{
        "name": "plant", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": server.port},
        "devices": [{"name": "oven", "profile": "omron/e5cc", "unit_id": 1, "every": "100ms"},
                    {"name": "meter", "profile": "carlo-gavazzi/em340", "unit_id": 2, "every": "100ms"}]}]})
    wait_for(lambda: gateway.get("/api/v1/values/meter.voltage_l1")["quality"] == "good", "the meter to be read")
    wait_for(lambda: gateway.get("/api/v1/values/oven.setpoint")["reason"] == "device_refused", "the oven to refuse")
    for tag, wanted in (("voltage_l1", 230.1), ("power", 123456.7)):
        expect(not same(gateway.get(f"/api/v1/values/meter.{tag}"), wanted), f"meter.{tag} cannot be right")


run(every_profile_reads_the_map_of_its_manual, a_wrong_map_is_found_out)
