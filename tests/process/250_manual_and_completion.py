"""Do the manual pages and the shell's completion know every command, option and field that the program knows?"""
import json
import os
import re
import subprocess
import sys

from harness import SOURCE, expect, expect_equal, ferrule, run
from programs import FERRULE

PLANT = {"endpoints": [{"tcp": {"listen": "127.0.0.1", "port": 0}}], "devices": [{"unit_id": 1, "registers": [{"address": "holding:0", "value": 7}]}]}


def page(kind):
    made = subprocess.run([sys.executable, SOURCE / "packaging/manual", kind, "--", FERRULE], capture_output=True, text=True, check=True).stdout
    return made.replace("\\-", "-").replace("\\&", "").replace("\\(ti", "~").replace("\\(ha", "^").replace("\\e", "\\")


def helps():
    """{command with its subcommands: its help text}"""
    found, to_ask = {}, [()]
    while to_ask:
        command = to_ask.pop()
        text = found[" ".join(command)] = ferrule(*command, "--help").stdout
        below = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE)
        to_ask += [(*command, name) for name in re.findall(r"^  (\w+)", below.group(1), re.MULTILINE)] if below else []
    del found[""]
    return found


def options(help_text):
    return [name for name in re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", help_text, re.MULTILINE) if name != "--help"]


def missing_of_commands(text, known):
    """What the help says and the page does not."""
    parts = {}
    for part in re.split(r"^\.SS ferrule ", text, flags=re.MULTILINE)[1:]:
        words = [word for word in part.splitlines()[0].split() if re.fullmatch("[a-z]+", word)]
        name = " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]
        parts[name] = part
    missing = []
    for command, help_text in known.items():
        part = parts.get(command, "")
        lines = help_text[help_text.find("\nExample"):].splitlines()[2:]
        missing += [command] if not part else [f"{command} {option}" for option in options(help_text) if f"\n.B {option}" not in part]
        missing += [f"{command}: {line}" for line in lines if line not in part]
    return missing


def commands_are_in_the_manual(bench):
    known, text = helps(), page("command")
    expect({"run", "probe", "outbox export"} <= set(known), f"commands found: {sorted(known)}")
    expect_equal(missing_of_commands(text, known), [], "not in ferrule(1)")
    for taken in (".B --dead-letters", ".B --config", "Exit code 0: it fits", ".SS ferrule frames"):
        expect(missing_of_commands(text.replace(taken, ""), known), f"a page without {taken} is not found out")


def keys(schema):
    """Each key that a configuration may have, as the program's schema has it."""
    for one in schema.get("anyOf", []) + ([schema["items"]] if isinstance(schema.get("items"), dict) else []):
        yield from keys(one)
    for name, below in schema.get("properties", {}).items():
        yield name
        yield from keys(below)


def fields_are_in_the_manual(bench):
    schema, text = json.loads(ferrule("schema").stdout), page("file")
    told = {line.rsplit(".", 1)[-1] for line in text.splitlines() if line.startswith(".B ")}
    known = set(keys(schema)) - set(schema["properties"])
    expect({"unit_id", "max_connections", "retransmit"} <= known, f"fields found: {sorted(known)}")
    expect_equal(sorted(known - told), [], "not in ferrule.yaml(5)")
    titles = re.findall(r"^\.SS Driver (\w+)$", text, re.MULTILINE)
    expect_equal(sorted(titles), ["coap", "modbus", "serial", "tcp"], "drivers with a part of their own")
    coap = text.split(".SS Driver coap\n")[1].split("\n.S")[0]
    expect(".B channels[].dtls" in coap and "rtu_over_tcp" not in coap, "a driver's fields do not stand under its name")
    expect_equal(re.findall(r"\d\.0\b[,)]", text), [], "whole numbers that are written as others")


class Shell:
    """A shell that has read the completion, where `ferrule` is the program under test and asks the gateway under test."""

    def __init__(self, bench, gateway):
        bin_folder = bench.folder / "bin"
        bin_folder.mkdir()
        program = bin_folder / "ferrule"
        program.write_text(f'#!/bin/sh\ncase $1 in status | get) set -- "$@" --runtime "{gateway.runtime}" ;; esac\nexec "{FERRULE}" "$@"\n')
        program.chmod(0o755)
        self.environment = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}")

    def offers(self, *words):
        script = f'. "{SOURCE}/packaging/completion/ferrule"; COMP_WORDS=(ferrule "$@"); COMP_CWORD=$#; _ferrule; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", script, "bash", *words], env=self.environment, capture_output=True, text=True, check=True)
        expect_equal(done.stderr, "", f"what the completion of {words} complains about")
        return set(done.stdout.split())


def the_shell_completes(bench):
    plant, broker = bench.plant(PLANT), bench.mosquitto()
    gateway = bench.gateway({
        "channels": [{"name": "line", "driver": "modbus", "tcp": {"host": "127.0.0.1", "port": plant.port}, "devices": [
            {"name": "machine", "unit_id": 1, "tags": [{"name": "count", "address": "holding:0"}]}]}],
        "uplinks": [{"name": "cloud", "mqtt": {"url": broker.url}}]})
    shell, known = Shell(bench, gateway), helps()
    expect_equal(shell.offers(""), {command.split()[0] for command in known}, "after `ferrule`")
    for command, help_text in known.items():
        expect_equal(shell.offers(*command.split(), "--"), {*options(help_text), "--help"}, f"options of {command}")
    expect_equal(shell.offers("outbox", ""), {"status", "export", "purge"})
    expect_equal(shell.offers("outbox", "export", ""), set(), "nothing goes there")
    expect_equal(shell.offers("outbox", "export", "--uplink", ""), {"cloud"})
    expect_equal(shell.offers("frames", "l"), {"line"})
    expect_equal(shell.offers("probe", "--channel", ""), {"line"})
    expect_equal(shell.offers("get", "mach"), {"machine.count"})
    expect_equal(shell.offers("probe", "--parity", ""), {"none", "even", "odd"})
    expect_equal(shell.offers("probe", "--count", ""), set(), "a number")


def files_and_folders_are_completed(bench):
    class NoGateway:
        runtime = bench.folder
    shell, place = Shell(bench, NoGateway), bench.folder / "here"
    place.mkdir()
    of = {}
    for command, help_text in helps().items():
        for option, meaning in re.findall(r"^ +(--[a-z-]+) TEXT\S*.*?\s+(.*)$", help_text, re.MULTILINE):
            if re.search(r"\bfile\b|Folder|folder|socket itself|configuration: play|authorities|Serial device", meaning):
                of[option] = command
    expect({"--key-file", "--ca", "--config", "--state"} <= set(of), f"options that take a file or folder: {of}")
    for option, command in of.items():
        expect_equal(shell.offers(*command.split(), option, str(place)[:-1]), {str(place)}, f"{command} {option}")
    expect_equal(shell.offers("check", str(place)[:-1]), {str(place)}, "the file to check")


run(commands_are_in_the_manual, fields_are_in_the_manual, the_shell_completes, files_and_folders_are_completed)
