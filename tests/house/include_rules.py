"""Fails when a folder includes what design.md does not let it see. Usage: include_rules.py SOURCE

Every include in quotes must be "module/file.h", and the module must be in the row of the including folder below.
"""
import pathlib
import re
import sys

ENGINES = {"link", "config", "bus", "rules", "outbox", "north", "rest"}
BASE = {"sdk", "core"}
DRIVERS = BASE | {"link", "drivers_common", "streams"}

# folder -> the modules that it may include besides itself; the longest matching folder counts.
ALLOWED = {
    "gateway/core": set(),
    "gateway/sdk": {"core"},
    **{f"gateway/{engine}": BASE for engine in ENGINES},
    "gateway/host": BASE | ENGINES,
    "drivers": DRIVERS,
    "drivers/common": BASE,
    "plugins": BASE,
}
SEES_ALL = ("gateway/app", "tests")  # but nobody else sees these

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def module_of(path):
    """The name under which the folder of this file is included, e.g. drivers/common/x.h -> drivers_common."""
    parts = path.split("/")
    if path.startswith("drivers/common/"):
        return "drivers_common"
    return parts[0] if parts[0] == "tests" else parts[1]


def allowed_for(path):
    folders = [folder for folder in ALLOWED if path.startswith(folder + "/")]
    return ALLOWED[max(folders, key=len)] if folders else None


def complaints_of(path, text):
    """What is wrong with the includes of one file; `path` is relative to the source root."""
    if path.startswith(SEES_ALL):
        return []
    allowed = allowed_for(path)
    if allowed is None:
        return [f"{path}: this folder is in no row of {pathlib.Path(__file__).name}, add it there and to the design"]
    found = []
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(1)) + 1
        module, slash, _ = match.group(1).partition("/")
        if not slash:
            found.append(f'{path}:{line}: "{match.group(1)}" should name its module: "{module_of(path)}/{match.group(1)}"')
        elif module != module_of(path) and module not in allowed:
            may = ", ".join(sorted(allowed)) or "only the standard library"
            found.append(f'{path}:{line}: {module_of(path)} may not include "{match.group(1)}" (it may: {may})')
    return found


def self_test():
    """The rules must be able to fail: each of these is one that must be found, or must not."""
    cases = [
        ("gateway/core/a.h", '#include "sdk/driver.h"\n', 1),
        ("gateway/sdk/a.h", '#include "core/clock.h"\n#include <vector>\n', 0),
        ("gateway/sdk/a.h", '#include "link/stream.h"\n', 1),
        ("gateway/rules/a.cpp", '#include "rules/rules.h"\n#include "sdk/fields.h"\n#include "bus/bus.h"\n', 1),
        ("gateway/host/a.cpp", '#include "bus/bus.h"\n#include "modbus/line.h"\n', 1),
        ("gateway/app/a.cpp", '#include "modbus/line.h"\n#include "host/service.h"\n', 0),
        ("drivers/modbus/a.cpp", '#include "drivers_common/wire_value.h"\n#include "link/stream.h"\n', 0),
        ("drivers/modbus/a.cpp", '  #  include "simulator/plant.h"\n', 1),
        ("drivers/modbus/a.cpp", '#include "bus/bus.h"\n#include "host/log.h"\n', 2),
        ("drivers/common/a.cpp", '#include "link/stream.h"\n#include "drivers_common/wire_value.h"\n', 1),
        ("plugins/payload_json/a.cpp", '#include "north/routes.h"\n', 1),
        ("plugins/payload_json/a.cpp", '#include "payload_json/data_json.h"\n', 0),
        ("gateway/bus/a.cpp", '#include "tests/fakes/manual_clock.h"\n', 1),
        ("gateway/bus/a.cpp", '#include "bus.h"\n', 1),
        ("tests/unit/bus/a.cpp", '#include "bus/bus.h"\n#include "modbus/line.h"\n', 0),
        ("gateway/novel/a.cpp", "\n", 1),
    ]
    for path, text, expected in cases:
        found = complaints_of(path, text)
        assert len(found) == expected, f"self-test: {path} {text!r}: expected {expected}, found {found}"


def main(source):
    self_test()
    root = pathlib.Path(source)
    files = sorted(p for top in ("gateway", "drivers", "plugins", "tests") for p in (root / top).rglob("*") if p.suffix in {".h", ".cpp"})
    if len(files) < 10:
        sys.exit(f"only {len(files)} source files under {source}: is this the source folder?")
    complaints = []
    for file in files:
        complaints += complaints_of(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    print("\n".join(complaints) or f"{len(files)} files include only what they may")
    return 1 if complaints else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
