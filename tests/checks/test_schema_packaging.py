"""Where the schemas are: in a wheel inside the package, in a checkout beside it."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

import asl.checks.schema
from asl.checks.schema import read_schema
from asl.errors import InternalError

NAME = "state-machine.json"


def lay(folder: Path, title: str) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_text(json.dumps({"title": title}), "utf-8")


def test_a_wheel_has_its_schemas_inside_the_package(tmp_path: Path) -> None:
    lay(tmp_path / "asl" / "schemas", "inside")
    lay(tmp_path / "schemas", "beside")
    (tmp_path / "pyproject.toml").touch()
    schema = read_schema(NAME, package=tmp_path / "asl", checkout=tmp_path)
    assert schema == {"title": "inside"}


def test_an_editable_install_reads_the_checkouts_file(tmp_path: Path) -> None:
    lay(tmp_path / "schemas", "beside")
    (tmp_path / "asl").mkdir()
    (tmp_path / "pyproject.toml").touch()
    schema = read_schema(NAME, package=tmp_path / "asl", checkout=tmp_path)
    assert schema == {"title": "beside"}


def test_a_foreign_folder_beside_an_installed_package_is_not_read(
    tmp_path: Path,
) -> None:
    lay(tmp_path / "schemas", "somebody's")
    (tmp_path / "asl").mkdir()
    with pytest.raises(InternalError, match=r"state-machine\.json is not where"):
        read_schema(NAME, package=tmp_path / "asl", checkout=tmp_path)


def test_a_schema_that_is_nowhere_is_our_error() -> None:
    with pytest.raises(InternalError, match=r"no-such\.json"):
        read_schema("no-such.json")


def test_this_installation_has_its_schema() -> None:
    assert read_schema(NAME)["title"] == "Amazon States Language"


def test_a_checkout_reads_its_own_file_and_no_copy() -> None:
    checkout = Path(asl.checks.schema.__file__).resolve().parents[2]
    if not (checkout / "pyproject.toml").is_file():
        pytest.skip("the package is installed, not run from its checkout")
    assert not (files("asl") / "schemas").is_dir()
    own = json.loads((checkout / "schemas" / NAME).read_text("utf-8"))
    assert read_schema(NAME) == own
