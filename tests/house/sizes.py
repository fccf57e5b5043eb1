"""Fails when a file is longer than 500 lines or a function longer than 70. Usage: sizes.py SOURCE

`// budget: why` (in Python `# budget: why`) on the line before a function, or on the first lines of a file, lets that one pass;
there may be at most MOST_EXCEPTIONS of them in all, and each must say why.
"""
import ast
import pathlib
import re
import sys

MOST_LINES_OF_FILE = 500
MOST_LINES_OF_FUNCTION = 70
MOST_EXCEPTIONS = 10

BUDGET = re.compile(r"(?://|#) budget: \S+")
# What is no code, replaced by spaces so that lines and columns stay: comments, raw strings, strings, characters.
NO_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
CONTROL = re.compile(r"\b(if|for|while|switch|catch|do|else|try)\b")
FUNCTION_HEAD = re.compile(r"\)(\s|const|noexcept|override|final|&|->[^;]*|:[^;]*)*$", re.DOTALL)
SKIP = "within an expression"


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def cpp_functions(text):
    """(first line, last line) of every function that is in no other function."""
    code = re.sub(r"^\s*#[^\n]*", blank, NO_CODE.sub(blank, text), flags=re.MULTILINE)
    open_braces = []  # where the function's head begins; None for other braces; SKIP for those within an expression
    head = 0
    for match in re.finditer(r"[{};]", code):
        at, mark = match.start(), match.group()
        if mark == "{":
            if re.match(r"[\w>(]", code[at - 1 : at]):  # an initialiser, b_{1}: the function's head goes on behind it
                open_braces.append(SKIP)
                continue
            before = code[head:at].lstrip()
            inside = any(isinstance(begin, int) for begin in open_braces)
            is_function = not inside and FUNCTION_HEAD.search(before) and not CONTROL.match(before)
            open_braces.append(at - len(before) if is_function else None)
        elif mark == "}" and open_braces:
            begin = open_braces.pop()
            if begin is SKIP:
                continue
            if begin is not None:
                yield code.count("\n", 0, begin) + 1, code.count("\n", 0, at) + 1
        head = at + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


def complaints_of(path, text):
    """What is too long in one file, and how many exceptions it asks for."""
    lines = text.split("\n")
    found, exceptions = [], 0
    if len(lines) - 1 > MOST_LINES_OF_FILE:
        if any(BUDGET.search(line) for line in lines[:5]):
            exceptions += 1
        else:
            found.append(f"{path}: {len(lines) - 1} lines, {MOST_LINES_OF_FILE} is the end: it has more than one idea")
    functions = python_functions(text) if path.endswith(".py") else cpp_functions(text)
    for first, last in functions:
        if last - first + 1 <= MOST_LINES_OF_FUNCTION:
            continue
        if first >= 2 and BUDGET.search(lines[first - 2]):
            exceptions += 1
        else:
            found.append(f"{path}:{first}: a function of {last - first + 1} lines, {MOST_LINES_OF_FUNCTION} is the end")
    return found, exceptions


def self_test():
    """The budget must be able to fail."""
    body = "  x();\n" * 69
    fits = f"namespace a {{\nvoid f(int b) {{\n{body[:-7]}}}\n}}\n"
    cases = [
        (fits, 0, 0),
        (f"namespace a {{\nvoid f(int b) {{\n{body}}}\n}}\n", 1, 0),
        (f"namespace a {{\n// budget: a table\nvoid f(int b) {{\n{body}}}\n}}\n", 0, 1),
        (f"int C::f(const std::string& a) const noexcept {{\n{body}}}\n", 1, 0),
        (f"C::C(int a)\n    : a_(a), b_{{a}} {{\n{body}}}\n", 1, 0),
        (f"TEST(A, b) {{\n{body}}}\n", 1, 0),
        (f'void f() {{\n  auto s = "}}}}";  // }}\n{body}}}\n', 1, 0),
        (f"struct A {{\n{'  int f() { return 1; }' + chr(10)}{'  int x;' + chr(10) * 80}}};\n", 0, 0),
        (f"constexpr int kTable[] = {{\n{'  1,' + chr(10)}{chr(10) * 90}}};\n", 0, 0),
        ("int a;\n" * 501, 1, 0),
        ("// budget: generated\n" + "int a;\n" * 501, 0, 1),
    ]
    for text, expected, exceptions in cases:
        found = complaints_of("a.cpp", text)
        assert (len(found[0]), found[1]) == (expected, exceptions), f"self-test: {text[:60]!r}: {found}"
    assert len(complaints_of("a.py", "def f():\n" + "    x = 1\n" * 70)[0]) == 1, "self-test: python"


def main(source):
    self_test()
    root = pathlib.Path(source)
    tops = ("gateway", "drivers", "plugins", "tests", "scripts")
    files = sorted(p for top in tops for p in (root / top).rglob("*") if p.suffix in {".h", ".cpp", ".py"})
    if len(files) < 10:
        sys.exit(f"only {len(files)} source files under {source}: is this the source folder?")
    complaints, exceptions = [], 0
    for file in files:
        found, excused = complaints_of(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
        complaints += found
        exceptions += excused
    if exceptions > MOST_EXCEPTIONS:
        complaints.append(f"{exceptions} exceptions from the budget, at most {MOST_EXCEPTIONS} may be asked for")
    print("\n".join(complaints) or f"{len(files)} files are within the budget, {exceptions} exceptions")
    return 1 if complaints else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
