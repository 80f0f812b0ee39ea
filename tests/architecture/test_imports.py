"""Who may import whom, read from the source: what the import contracts cannot say.

The contracts of import-linter (pyproject.toml) hold the layers; here stand the rules about single
names and statements, each shown to be able to fail.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = ("ir_directory", "routing_tables", "sed_schemas")
SIM = "gateway/simulation"
IMPURE = {
    "asyncio", "concurrent", "http", "importlib", "io", "logging", "multiprocessing", "os",
    "pathlib", "random", "secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3",
    "ssl", "subprocess", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
ELSEWHERE = {"click", "httpx", "prometheus_client", "pydantic", "rich", "structlog", "uvicorn"}
WALL = {"now", "today", "utcnow", "uuid1", "uuid4", "open", "print", "input"}
ADAPTERS = {
    "gateway.journal.postgres",
    "gateway.journal.sqlite",
    "gateway.transport.folder",
    "gateway.transport.memory",
    "gateway.transport.rabbitmq",
}
KNOW_ADAPTERS = (
    "gateway/daemon.py",
    "gateway/connecting.py",
    "gateway/opening.py",
    "gateway/cli/",
    "gateway/bench/",
    "gateway/chaos/",
    "gateway/life.py",
    "gateway/transport/folder/",
    "gateway/transport/rabbitmq/",
    "gateway/journal/copying.py",
)
"""The composition root with what connects and opens, what builds a gateway of its own to measure
it, what copies from one to the other, and an adapter itself."""


def sources(*folders):
    """Every Python file of the folders, beside the checkout's root."""
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def imported(tree):
    """Every module that the source imports, at whatever depth, `from a import b` as `a.b` too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def within(modules, names):
    """Those of the modules that are one of the names or inside one."""
    return sorted(m for m in modules if any(m == n or m.startswith(f"{n}.") for n in names))


def impure(tree):
    """What a core module must not have: I/O, time, chance, waiting."""
    found = within(imported(tree), IMPURE | ELSEWHERE)
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            found.append("async")
        elif isinstance(node, ast.Call):
            called = node.func
            name = getattr(called, "attr", None) or getattr(called, "id", None)
            found += [name] if name in WALL else []
    return found


def broad(tree):
    """How many handlers catch everything and keep it: one that raises again catches nothing."""
    handlers = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and not _raises_again(node)
    ]
    return sum(
        1
        for handler in handlers
        if handler.type is None
        or any(
            isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"}
            for node in ast.walk(handler.type)
        )
    )


def _raises_again(handler):
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def named(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", sources("gateway/core"), ids=named)
def test_the_core_is_pure(path):
    assert impure(parsed(path)) == []


@pytest.mark.parametrize("path", sources("gateway/core"), ids=named)
def test_the_core_imports_itself_and_the_values_of_the_data_packages(path):
    ours = within(imported(parsed(path)), {"gateway", *DATA})
    foreign = [m for m in ours if not m.startswith("gateway.core") and m.count(".") > 1]
    assert foreign == []
    assert within(ours, {f"{package}.load" for package in DATA}) == []
    assert [m for m in ours if m.startswith("gateway") and not m.startswith("gateway.core")] == []


@pytest.mark.parametrize("path", sources(*DATA), ids=named)
def test_the_data_packages_are_leaves(path):
    found = imported(parsed(path))
    assert within(found, {"gateway"}) == []
    others = set(DATA) - {path.relative_to(ROOT).parts[0]}
    assert within(found, {f"{package}.load" for package in others}) == []


def test_the_traffic_maker_knows_nothing_of_what_it_tests():
    found = {named(p): within(imported(parsed(p)), {"gateway.core", *DATA}) for p in sources(SIM)}
    assert found
    assert {path: modules for path, modules in found.items() if modules} == {}


@pytest.mark.parametrize("path", sources("gateway"), ids=named)
def test_only_the_composition_root_knows_adapters(path):
    if not named(path).startswith(KNOW_ADAPTERS):
        assert within(imported(parsed(path)), ADAPTERS) == []


def test_everything_is_caught_in_one_place():
    found = {named(p): n for p in sources("gateway", *DATA) if (n := broad(parsed(p)))}
    assert found == {"gateway/pipeline.py": 1}


@pytest.mark.parametrize("name", ["utils", "common", "helpers", "models", "types", "services"])
def test_no_name_says_nothing(name):
    assert [named(p) for p in sources("gateway", *DATA) if name in {p.stem, p.parent.name}] == []


# -- the rules themselves -------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "import os.path",
        "from time import monotonic",
        "def f():\n    import socket",
        "async def f(): ...",
        "datetime.now()",
        "date.today()",
        "uuid4()",
        "open('x')",
        "from prometheus_client import Counter",
    ],
)
def test_what_is_impure_is_found(source):
    assert impure(ast.parse(source))


def test_what_is_pure_is_not():
    assert impure(ast.parse("from datetime import date\ndate.fromisoformat('2026-01-01')")) == []


@pytest.mark.parametrize(
    ("caught", "count"),
    [("", 1), (" Exception", 1), (" (ValueError, Exception)", 1), (" ValueError", 0)],
)
def test_a_broad_handler_is_found(caught, count):
    assert broad(ast.parse(f"try:\n    f()\nexcept{caught}:\n    pass")) == count


def test_cleaning_up_and_raising_again_is_no_catching():
    assert broad(ast.parse("try:\n    f()\nexcept BaseException:\n    g()\n    raise")) == 0


def test_an_import_is_found_under_both_its_names():
    found = imported(ast.parse("from gateway.transport import folder"))
    assert within(found, ADAPTERS) == ["gateway.transport.folder"]
