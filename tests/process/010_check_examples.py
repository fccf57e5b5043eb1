"""Every example passes `ferrule check`; every wrong configuration is refused with exactly the lines that it should be."""
import shutil

import yaml

from harness import SOURCE, expect, expect_equal, ferrule, run

PROFILES = SOURCE / "config/profiles"
WRONG = SOURCE / "tests/cases/config/wrong"


def check(folder, file, *options):
    return ferrule("check", file, "--state", folder / "state", "--runtime", folder / "run", *options)


def every_example_passes(bench):
    examples = [file for file in sorted((SOURCE / "config/examples").glob("*.yaml")) if not file.name.startswith("plant")]
    expect(len(examples) >= 6, f"only {len(examples)} examples found")
    for example in examples:
        result = check(bench.folder, example, "--profiles", PROFILES)
        expect_equal(result.returncode, 0, f"{example.name} should pass:\n{result.stdout}{result.stderr}")


def every_profile_can_be_used(bench):
    profiles = sorted(PROFILES.rglob("*.yaml"))
    expect(profiles, "no profiles found")
    for profile in profiles:
        name = profile.relative_to(PROFILES).with_suffix("").as_posix()
        config = bench.folder / "ferrule.yaml"
        drivers = yaml.safe_load(profile.read_text())["driver"]
        driver = drivers if isinstance(drivers, str) else drivers[0]
        way = "serial: { port: /dev/ttyUSB0 }" if driver == "serial" else "tcp: { host: 127.0.0.1, port: 4001 }"
        device = "host: 127.0.0.1, " if driver == "coap" else ""
        way = "timeout: 1s" if driver == "coap" else way
        config.write_text(f"channels: [ {{ name: a, driver: {driver}, {way}, devices: [ {{ name: d, unit_id: 1, {device}profile: {name} }} ] }} ]\n")
        result = check(bench.folder, config, "--profiles", PROFILES)
        expect_equal(result.returncode, 0, f"profile {name} should pass:\n{result.stdout}{result.stderr}")


def every_wrong_one_is_refused_with_its_lines(bench):
    cases = sorted(folder for folder in WRONG.iterdir() if folder.is_dir())
    expect(len(cases) >= 10, f"only {len(cases)} cases found in {WRONG}")
    failed = []
    for case in cases:
        copy = bench.folder / case.name
        shutil.copytree(case, copy)
        result = ferrule("check", copy / "ferrule.yaml", "--state", bench.folder, "--runtime", bench.folder, "--profiles", copy / "profiles",
                         "--secrets", copy / "secrets")
        found = [line.replace(f"{copy}/", "") for line in (result.stdout + result.stderr).splitlines()]
        # The unit tests of config have drivers of their own; where the real ones know other words, that stands in a second file.
        own = case / "expected_of_program"
        wanted = (own if own.exists() else case / "expected").read_text().splitlines()
        missing = [line for line in wanted if line not in found]
        others = [line for line in found if line not in wanted and ".yaml:" in line and not line.startswith("warning: ")]
        if result.returncode != 1 or missing or others:
            failed.append(f"{case.name} (exit code {result.returncode})\n  expected {missing}\n  found {found}")
    expect(not failed, "\n".join(failed))


run(every_example_passes, every_profile_can_be_used, every_wrong_one_is_refused_with_its_lines)
