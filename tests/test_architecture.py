"""The plan of the house, held by tests: imports go down, heavy ones have one owner."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asl

PROJECT = Path(__file__).parent.parent
PACKAGE = PROJECT / "asl"

FLOORS = [
    {"values", "errors", "problem", "quotas", "history"},
    {"source"},
    {"expressions"},
    {"model"},
    {"graph"},
    {"checks", "engine"},
    {"tasks"},
    {"runtime"},
    {"coverage", "diagrams"},
    {"server"},
    {"testing"},
    {"cli"},
]
"""Each room may import from the floors below it (and from itself)."""

OWNERS = {
    "distributed": {"runtime/pools.py"},
    "fsspec": {"tasks/storage_url.py"},
    "hypothesis": {"testing/strategies.py"},
    "networkx": {"graph.py"},
    "opentelemetry": {"server/otel.py"},
    "pyarrow": {"tasks/read_parquet.py"},
    "pygraphviz": {"diagrams/layout.py"},
    "resvg_py": {"diagrams/raster.py"},
    "typst": {"diagrams/raster.py"},
    "jsonschema": {"checks/schema.py"},
    "jlens": {"expressions/jsonata_engine.py"},
    "yaml": {"source/yaml_text.py"},
    "jsonpath_ng": {"expressions/jsonpath_operand.py"},
    "sqlalchemy": {"server/sql_database.py", "server/sql_store.py"},
    "starlette": {"server/http.py"},
    "uvicorn": {"server/serving.py"},
    "boto3": {"tasks/boto3.py", "testing/pytest_plugin.py"},
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        yield name, ast.parse(file.read_text(encoding="utf-8"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Names imported at run time: those for type checkers alone are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
        yield from imports(node)


def room(name: str) -> str:
    return name.split("/", maxsplit=1)[0].removesuffix(".py")


def floor(name: str) -> int:
    return next(n for n, rooms in enumerate(FLOORS) if name in rooms)


def test_every_room_stands_on_a_floor() -> None:
    rooms = {room(name) for name, _ in modules()} - {"__init__", "__main__"}
    assert rooms == set().union(*FLOORS)


def test_no_import_goes_up() -> None:
    upward = []
    for name, tree in modules():
        if room(name) in ("__init__", "__main__"):
            continue
        for target in imports(tree):
            if not target.startswith("asl."):
                continue
            other = target.split(".")[1]
            if (
                other != room(name)
                and floor(other) >= floor(room(name))
                and floor(other) != 0
            ):
                upward.append(f"{name} imports {target}")
    assert upward == []


def test_a_heavy_library_has_one_owner() -> None:
    strangers = [
        f"{name} imports {target}"
        for name, tree in modules()
        for target in imports(tree)
        if target.split(".")[0] in OWNERS and name not in OWNERS[target.split(".")[0]]
    ]
    assert strangers == []


def test_the_front_door_opens_every_name() -> None:
    assert len(asl.__all__) <= 27
    for name in asl.__all__:
        assert getattr(asl, name) is not None


def test_importing_asl_loads_no_room_and_nothing_heavy() -> None:
    code = "import asl, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT,
    ).stdout.split()
    assert not {name for name in loaded if name.startswith("asl.")}
    assert not {"networkx", "jsonschema", "jsonpath_ng", "yaml", "jlens"} & set(loaded)


def test_every_module_says_what_comes_in_and_goes_out() -> None:
    silent = []
    for name, tree in modules():
        text = ast.get_docstring(tree) or ""
        whole = name.endswith(("__init__.py", "__main__.py"))
        if not text or not (whole or re.search(r"\bIn\b.*: ", text)):
            silent.append(name)
    assert silent == []


def test_every_difference_from_aws_is_in_the_readme() -> None:
    readme = " ".join((PROJECT / "README.md").read_text(encoding="utf-8").split())
    said = {
        match[1]: file.name
        for file in sorted(PACKAGE.rglob("*.py"))
        for match in re.finditer(
            r"Differs from AWS: ([^.]+\.)",
            re.sub(r"\s*\n\s*(?:#\s*)?", " ", file.read_text(encoding="utf-8")),
        )
    }
    assert said
    assert [sentence for sentence in said if sentence not in readme] == []
