"""The pytest plugin: fixtures, options, and the collection of scenario files.

In: pytest's hooks. Out: `asl_machine`, `asl_tasks`, `asl_snapshot`; an item for each
scenario; the path that an execution took, where its test failed.
Never: imports anything of asl before a test asks for it: whoever has no such test pays
for this file alone.

PYTEST_DONT_REWRITE: there is no assert in here.
"""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from asl.model.machine import StateMachine
    from asl.server.api import Api
    from asl.testing.watched import WatchedTasks

pytest_plugins = ("asl.testing.coverage_plugin",)
"""The options of coverage are a plugin of their own, which is registered with this."""

_UPDATE = "--asl-update-snapshots"
_SUFFIXES = (".scenario.yaml", ".scenario.yml", ".scenario.json")
_TASKS = pytest.StashKey["WatchedTasks"]()
_MACHINES = pytest.StashKey[dict[Any, Any]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of this plugin."""
    group = parser.getgroup("asl", "state machines (aslkit)")
    group.addoption(
        _UPDATE,
        action="store_true",
        default=False,
        help="Write the snapshots of histories anew instead of comparing them.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "asl(path, substitutions=None): the definition that the fixture asl_machine "
        "loads; the path is seen from the test's folder, or else from the root.",
    )


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Scenario files hold tests, and mock configurations that somebody names."""
    is_scenario = file_path.name.endswith(_SUFFIXES)
    if not is_scenario and not (
        file_path.suffix == ".json" and parent.session.isinitpath(file_path)
    ):
        return None
    if not is_scenario:
        from asl.testing.mock_cases import is_mock_config

        if not is_mock_config(file_path):
            return None
    from asl.testing.items import MockConfigFile, ScenarioFile

    kind = ScenarioFile if is_scenario else MockConfigFile
    return kind.from_parent(parent, path=file_path)


@pytest.fixture
def asl_machine(
    request: pytest.FixtureRequest,
) -> "StateMachine | Callable[..., StateMachine]":
    """The machine of the marker `asl`, or of an indirect parameter.

    Without either a function that loads one: `asl_machine("order.asl.json")`.
    """
    if hasattr(request, "param"):
        return _load(request, request.param)
    marker = request.node.get_closest_marker("asl")
    if marker is None:
        return lambda path, **options: _load(request, path, **options)
    return _load(request, *marker.args, **marker.kwargs)


def _load(
    request: pytest.FixtureRequest,
    path: str | Path,
    substitutions: dict[str, str] | None = None,
) -> "StateMachine":
    """A machine, loaded once in a session as long as its file stays the same."""
    import asl

    config = request.config
    file = request.path.parent / path
    if not file.is_file():
        file = config.rootpath / path
    known = config.stash.setdefault(_MACHINES, {})
    changed = file.stat().st_mtime_ns if file.is_file() else 0
    key = (file, changed, repr(substitutions))
    if key not in known:
        known[key] = asl.load(file, substitutions=substitutions)
    machine: StateMachine = known[key]
    return machine


@pytest.fixture
def asl_tasks(request: pytest.FixtureRequest) -> "WatchedTasks":
    """An asl.Tasks; an AssertionError or TypeError in its functions fails the test.

    Also where the machine caught it; `asl_tasks(swallow=True)` gives one that leaves
    everything to the machine.
    """
    from asl.testing.watched import WatchedTasks

    tasks = WatchedTasks()
    request.node.stash[_TASKS] = tasks
    return tasks


@pytest.fixture
def asl_snapshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Compares an execution's history with a file beside the test.

    `asl_snapshot(execution)`; a second one in a test has a name:
    `asl_snapshot(execution, "refused")`.
    """
    from asl.testing.snapshot import checker

    stem = f"{request.path.stem}.{request.node.name}"
    update = bool(request.config.getoption(_UPDATE))
    return checker(request.path.parent, stem, update=update)


@pytest.fixture
def asl_api(asl_tasks: "WatchedTasks") -> "Iterator[Api]":
    """An asl.Api whose executions call what is bound to `asl_tasks`.

    Override it in a conftest.py to have another clock, mocks, or boto3's services.
    """
    from asl.server.api import Api

    api = Api(tasks=asl_tasks)
    yield api
    api.close()


@pytest.fixture
def stepfunctions_client(asl_api: "Api") -> Iterator[Any]:
    """boto3's client for Step Functions, answered by `asl_api` in this process.

    So is every other one while the test runs, those of the tested code too.
    """
    from asl.server.inprocess import mock_stepfunctions

    with mock_stepfunctions(asl_api):
        import boto3

        yield boto3.client("stepfunctions")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """After a test with `asl_tasks`: were its functions right?"""
    try:
        result = yield
    except (Exception, pytest.fail.Exception) as error:
        _raise_broken(item, error)
        raise
    _raise_broken(item, None)
    return result


def _raise_broken(item: pytest.Item, error: BaseException | None) -> None:
    """Raise what a function raised by mistake, with its own traceback."""
    tasks = item.stash.get(_TASKS, None)
    broken = None if tasks is None else tasks.find_broken()
    if broken is None or broken.exception is error:
        return
    from asl.testing.watched import without_ours

    exception = without_ours(broken.exception)
    exception.add_note(
        f"raised in the function of state {broken.state!r}, attempt "
        f"{broken.attempt + 1}; asl_tasks(swallow=True) would leave it to the machine"
    )
    if error is not None:
        text = str(error).partition("\n")[0]
        exception.add_note(f"the test itself failed too: {type(error).__name__} {text}")
    raise exception from exception.__cause__


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what its executions did."""
    report = yield
    tasks = item.stash.get(_TASKS, None)
    if tasks is not None and report.when == "call" and report.failed:
        report.sections.extend(_told(tasks))
    return report


def _told(tasks: "WatchedTasks") -> Iterator[tuple[str, str]]:
    from asl.testing.told import tell, tell_child

    executions = [e for e in tasks.executions if len(e.history)]
    for execution in executions[-1:]:
        text = "\n".join(filter(None, (tell(execution), tell_child(tasks))))
        yield f"asl: the last of {len(executions)} executions", text
