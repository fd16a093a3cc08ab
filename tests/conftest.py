"""Shared: pytest inside pytest, for the plugin; a browser, for pages; Dask workers."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import Any

import pytest

pytest_plugins = ["pytester"]

Kit = Callable[..., pytest.RunResult]

MACHINE = """{
  "StartAt": "Pay",
  "States": {
    "Pay": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "pay", "Payload.$": "$"},
      "ResultSelector": {"charged.$": "$.Payload.charged"},
      "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Sorry"}],
      "Next": "Done"
    },
    "Sorry": {"Type": "Pass", "Next": "Done"},
    "Done": {"Type": "Succeed"}
  }
}"""


@pytest.fixture(scope="session")
def loaded() -> None:
    """Everything is loaded before pytester looks which modules there are.

    It forgets those that a run in this process has loaded; libraries in C do not stand
    being loaded twice, and classes would be there twice.
    """
    import asl
    import asl.testing.items
    import asl.testing.watched
    from asl.source.reading import read_text

    for name in asl.__all__:
        getattr(asl, name)
    asl.load_text(MACHINE)
    read_text("not: json")


@pytest.fixture
def kit(loaded: None, pytester: pytest.Pytester) -> Kit:
    """Runs pytest in a folder that holds machine.asl.json, here or in a subprocess."""
    pytester.makefile(".asl.json", machine=MACHINE)
    installed = entry_points(group="pytest11", name="asl")
    plugin = ["-p", "no:hypothesispytest"]  # it takes a second to start
    if not installed:
        plugin += ["-p", "asl.testing.pytest_plugin"]

    def run(*arguments: str, apart: bool = False) -> pytest.RunResult:
        if apart:
            return pytester.runpytest_subprocess(*plugin, *arguments)
        return pytester.runpytest_inprocess(*plugin, *arguments)

    return run


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; for one module only, as it keeps an event loop running meanwhile."""
    api = pytest.importorskip("playwright.sync_api", reason="needs Playwright")
    found = os.environ.get("ASL_CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.skip("needs Chromium")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox"]
        )
        yield started
        started.close()


@contextmanager
def dask_workers() -> Iterator[Any]:
    """A scheduler in this process, and two workers of one thread."""
    distributed: Any = pytest.importorskip(
        "distributed", reason="needs dask.distributed"
    )
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as made:
        yield made


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Dask workers for one test, which may kill them."""
    with dask_workers() as made:
        yield made


@pytest.fixture(scope="module")
def dask() -> Iterator[Executor]:
    """An Executor on Dask workers, for the tests of one module."""
    from distributed import Client

    with dask_workers() as made, Client(made, set_as_default=False) as client:
        yield client.get_executor(pure=False)
