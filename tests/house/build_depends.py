"""Fails when debian/control asks for other libraries than scripts/install-packages installs. Usage: build_depends.py SOURCE"""
import pathlib
import re
import subprocess
import sys

TESTS_ONLY = {"libgtest-dev", "libgmock-dev"}  # a package build runs no tests


def main(source):
    printed = subprocess.run([source / "scripts/install-packages", "--print", "libraries"], check=True, capture_output=True, text=True)
    libraries = set(printed.stdout.split()) - TESTS_ONLY
    control = (source / "packaging/debian/control").read_text()
    field = re.search(r"^Build-Depends:(.*(?:\n .*)*)", control, re.MULTILINE).group(1)
    named = {entry.split()[0] for entry in field.split(",")}
    depends = {name for name in named if name.endswith("-dev")}
    for name in sorted(libraries ^ depends):
        print(f"{name} stands only in {'scripts/install-packages' if name in libraries else 'packaging/debian/control'}", file=sys.stderr)
    print(f"{len(depends)} libraries to build with")
    return 1 if libraries != depends else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(pathlib.Path(sys.argv[1])))
