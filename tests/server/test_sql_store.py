"""A store in a database: what comes back after a restart, and what is refused."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from service import PASS, PUBLISH, SEND, START, WAIT, Service, asks, task

import asl
from asl.server import sql_store
from asl.server.lost import CAUSE
from asl.server.sql_store import SqlStore
from asl.server.store import MemoryStore, find_store

PATIENCE = 30


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'asl.db'}"


@contextlib.contextmanager
def serving(store: Any, **options: Any) -> Iterator[Service]:
    tasks = asl.Tasks()
    tasks.bind(PUBLISH)(lambda event: {"MessageId": "1"})
    tasks.bind(SEND)(lambda event: {"MessageId": "2"})
    api = asl.Api(store=store, tasks=tasks, **options)
    try:
        yield Service(api)
    finally:
        api.close()


@contextlib.contextmanager
def opened(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url)
    try:
        yield store
    finally:
        store.close()


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


# ------------------------------------------------------------------- what is kept


def machines(service: Service) -> list[tuple[str, dict[str, Any]]]:
    arn = service.create("m", PASS)
    service.call("UpdateStateMachine", stateMachineArn=arn, roleArn="arn:aws:iam::1:r")
    service.create("gone", PASS)
    service.call("DeleteStateMachine", stateMachineArn=arn[:-1] + "gone")
    return [
        ("DescribeStateMachine", {"stateMachineArn": arn}),
        ("ListStateMachines", {}),
    ]


def versions(service: Service) -> list[tuple[str, dict[str, Any]]]:
    arn = service.create("m", PASS)
    first = service.call("PublishStateMachineVersion", stateMachineArn=arn)
    service.call(
        "UpdateStateMachine",
        stateMachineArn=arn,
        definition='{"StartAt": "W", "States": {"W": {"Type": "Succeed"}}}',
        publish=True,
        versionDescription="second",
    )
    version = first["stateMachineVersionArn"]
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    alias = service.call(
        "CreateStateMachineAlias", name="live", routingConfiguration=routes
    )["stateMachineAliasArn"]
    execution = service.start(alias)
    return [
        ("ListStateMachineVersions", {"stateMachineArn": arn}),
        ("DescribeStateMachine", {"stateMachineArn": f"{arn}:2"}),
        ("DescribeStateMachineAlias", {"stateMachineAliasArn": alias}),
        ("ListStateMachineAliases", {"stateMachineArn": arn}),
        ("DescribeExecution", {"executionArn": execution}),
        ("DescribeStateMachineForExecution", {"executionArn": execution}),
    ]


def activities(service: Service) -> list[tuple[str, dict[str, Any]]]:
    tags = [{"key": "k", "value": "å\ud800"}]
    arn = service.call("CreateActivity", name="a", tags=tags)["activityArn"]
    return [
        ("DescribeActivity", {"activityArn": arn}),
        ("ListActivities", {}),
        ("ListTagsForResource", {"resourceArn": arn}),
    ]


def executions(service: Service) -> list[tuple[str, dict[str, Any]]]:
    arn = service.create("m", task())
    first = service.start(arn, input='{"a": [1, 2.50, "é\\ud800\\u0000"]}', name="é")
    second = service.start(arn, name="half \ud800".replace(" ", "-"))
    return [
        ("DescribeExecution", {"executionArn": first}),
        ("GetExecutionHistory", {"executionArn": first}),
        ("GetExecutionHistory", {"executionArn": second, "reverseOrder": True}),
        ("ListExecutions", {"stateMachineArn": arn}),
    ]


def map_runs(service: Service) -> list[tuple[str, dict[str, Any]]]:
    child = service.create("child", PASS)
    inner = task(f"{START}.sync", Parameters={"StateMachineArn": child})
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "T",
        "States": inner,
    }
    states = {"M": {"Type": "Map", "Label": "L", "ItemProcessor": body, "End": True}}
    arn = service.start(service.create("m", states), input="[1, 2]")
    (run,) = service.call("ListMapRuns", executionArn=arn)["mapRuns"]
    return [
        ("ListMapRuns", {"executionArn": arn}),
        ("DescribeMapRun", {"mapRunArn": run["mapRunArn"]}),
        ("ListExecutions", {"mapRunArn": run["mapRunArn"]}),
        ("ListExecutions", {"stateMachineArn": child}),
    ]


@pytest.mark.parametrize("make", [machines, versions, activities, executions, map_runs])
def test_a_restart_changes_nothing(
    url: str, make: Callable[[Service], list[tuple[str, dict[str, Any]]]]
) -> None:
    with serving(url) as service:
        questions = make(service)
        before = [service.call(action, **request) for action, request in questions]
    for _ in range(2):
        with serving(url) as service:
            after = [service.call(action, **request) for action, request in questions]
            assert after == before
            assert service.api.lost == []


def test_ids_are_not_given_twice(url: str) -> None:
    names = []
    for _ in range(3):
        with serving(url) as service:
            arn = service.create("m", PASS)
            names += [service.start(arn), service.start(arn)]
            role = f"arn:aws:iam::123456789012:role/r{len(names)}"
            request = {"stateMachineArn": arn, "roleArn": role}
            names.append(service.call("UpdateStateMachine", **request)["revisionId"])
    assert len(set(names)) == 9


def test_time_does_not_go_back(url: str) -> None:
    with serving(url) as service:
        arn = service.create("m", WAIT)
        first = service.start(arn)
        stopped = service.describe(first)["stopDate"]
    with serving(url) as service:
        second = service.start(arn)
        assert service.describe(second)["startDate"] >= stopped
        listed = service.list(stateMachineArn=arn)
    assert [one["executionArn"] for one in listed] == [second, first]


def test_a_definition_is_kept_once(url: str) -> None:
    with serving(url) as service:
        arn = service.create("m", {"P": {**PASS["P"], "Comment": "x" * 100_000}})
        for _ in range(20):
            service.start(arn)
    assert file_of(url).stat().st_size < 600_000


# ------------------------------------------------------------- what was running


def test_what_was_running_is_aborted_and_told(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(url) as service:
        machine = service.create("m", asks())
        done = service.start(service.create("done", PASS))
        arn = service.start(machine)
        assert service.status(arn) == "RUNNING"
        moment = service.events(arn)[-1]["timestamp"]
    with serving(url) as service:
        assert service.api.lost == [arn]
        described = service.describe(arn)
        assert (described["status"], described["cause"]) == ("ABORTED", CAUSE)
        assert described["stopDate"] >= moment
        assert service.types(arn)[-2:] == ["TaskSubmitted", "ExecutionAborted"]
        assert service.status(done) == "SUCCEEDED"
        code, _ = service.refusal(
            "StartExecution", stateMachineArn=machine, name=described["name"]
        )
        assert code == "ExecutionAlreadyExists"
    told = [one.__dict__["members"]["executionArn"] for one in caplog.records]
    assert told == [arn]
    with serving(url) as service:
        assert service.api.lost == []
        assert service.types(arn)[-1] == "ExecutionAborted"


def test_what_was_aborted_can_be_continued(url: str) -> None:
    with serving(url) as service:
        arn = service.start(service.create("m", WAIT), input='{"a": 1}')
    with serving(url) as service:
        assert service.api.lost == [arn]
        service.call("RedriveExecution", executionArn=arn)
        assert service.status(arn) == "SUCCEEDED"
        types = service.types(arn)
    assert types.index("ExecutionAborted") + 1 == types.index("ExecutionRedriven")
    with serving(url) as service:
        assert service.types(arn) == types
        assert service.describe(arn)["output"] == '{"a":1}'


def test_a_map_run_ends_with_what_its_children_tell(url: str) -> None:
    body = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "C",
        "States": {
            "C": {
                "Type": "Choice",
                "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "P"}],
                "Default": "T",
            },
            "P": {"Type": "Pass", "End": True},
            **asks(),
        },
    }
    states = {"M": {"Type": "Map", "Label": "L", "ItemProcessor": body, "End": True}}
    with serving(url) as service:
        arn = service.start(service.create("m", states), input="[1, 2, 3]")
        (run,) = service.call("ListMapRuns", executionArn=arn)["mapRuns"]
        before = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
    with serving(url) as service:
        after = service.call("DescribeMapRun", mapRunArn=run["mapRunArn"])
        assert len(service.api.lost) == 3
    assert (before["status"], after["status"]) == ("RUNNING", "ABORTED")
    assert after["stopDate"] >= after["startDate"]
    assert before["itemCounts"].keys() == after["itemCounts"].keys()
    for counts in (after["itemCounts"], after["executionCounts"]):
        assert (counts["succeeded"], counts["aborted"], counts["total"]) == (1, 2, 3)


def test_a_machine_that_was_to_be_deleted_is_gone(url: str) -> None:
    with serving(url) as service:
        arn = service.create("m", asks())
        service.start(arn)
        service.call("DeleteStateMachine", stateMachineArn=arn)
        status = service.call("DescribeStateMachine", stateMachineArn=arn)["status"]
        assert status == "DELETING"
    with serving(url) as service:
        assert service.call("ListStateMachines")["stateMachines"] == []


# ------------------------------------------------------------------ the store itself


def test_values_come_back_in_the_order_of_their_first_writing(url: str) -> None:
    with opened(url) as store:
        store.put("k", "b", 1)
        store.put("k", "a", 2)
        store.put("other", "a", 3)
        store.sync()
        store.put("k", "b", 4)
        store.put("k", "c", None)
        store.delete("k", "c")
        store.delete("k", "never")
        assert list(store.load("k")) == [("b", 4), ("a", 2)]
    with opened(url) as store:
        store.delete("k", "b")
        store.put("k", "b", 5)
        assert list(store.load("k")) == [("a", 2), ("b", 5)]


def test_lists_grow_and_go_with_their_key(url: str) -> None:
    with opened(url) as store:
        store.append("l", "a", [1, {"b": None}])
        store.append("l", "a", [])
        store.append("l", "b", [9])
    with opened(url) as store:
        store.append("l", "a", ["\ud800"])
        assert list(store.load_list("l", "a")) == [1, {"b": None}, "\ud800"]
        store.append("l", "a", [2])
        store.delete("l", "a")
        store.append("l", "a", [3])
        assert list(store.load_list("l", "a")) == [3]
        assert list(store.load_list("l", "b")) == [9]
        assert list(store.load_list("l", "none")) == []


def test_more_values_than_a_page_are_read(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_store, "_PAGE", 3)
    with opened(url) as store, store.batch():
        for number in range(6):
            store.put("k", str(number), number)
            store.put("other", str(number), number)
    with opened(url) as store:
        assert [value for _, value in store.load("k")] == list(range(6))


def test_a_batch_is_kept_whole_or_not_at_all(url: str) -> None:
    with opened(url) as store:

        def fail() -> None:
            with store.batch():
                store.put("k", "a", 1)
                with store.batch():
                    store.put("k", "b", 1)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert list(store.load("k")) == []
        with store.batch():
            store.put("k", "c", 1)
            with store.batch():
                store.put("k", "d", 1)
            store.put("k", "e", 1)
        assert [key for key, _ in store.load("k")] == ["c", "d", "e"]


def test_many_threads_share_a_commit(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    with opened(url) as store:
        commit = store._commit

        def slow(group: Any) -> None:
            commits.append(len(group.values))
            if len(commits) == 1:
                all_in.wait(PATIENCE)
            commit(group)

        all_in = threading.Event()
        monkeypatch.setattr(store, "_commit", slow)  # to see what is grouped

        def write(number: int) -> None:
            store.put("k", str(number), number)
            store.sync()

        threads = [threading.Thread(target=write, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        with store._changed:
            assert store._changed.wait_for(lambda: store._ticket == 20, PATIENCE)
        all_in.set()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(list(store.load("k"))) == 20
    assert len(commits) == 2
    assert sum(commits) == 20


def test_a_commit_is_flushed_to_the_disk(url: str) -> None:
    with opened(url) as store:
        found = [
            store._connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "locking_mode")
        ]
        store._connection.rollback()
    assert found == ["wal", 2, "exclusive"]


def test_an_answer_waits_for_the_disk(url: str) -> None:
    with serving(url) as service:
        arn = service.create("m", PASS)
        execution = service.start(arn)
        copy = file_of(url).with_name("copy.db")
        for end in ("", "-wal"):  # what a server killed now would leave
            source = file_of(url).with_name(file_of(url).name + end)
            copy.with_name(copy.name + end).write_bytes(source.read_bytes())
    with serving(f"sqlite:///{copy}") as service:
        assert service.status(execution) == "SUCCEEDED"


def test_a_full_disk_is_told_to_everybody(url: str) -> None:
    store = SqlStore(url)
    failed = threading.Event()
    store.on_failure = failed.set
    with serving(store) as service:
        arn = service.create("m", PASS)
        kept = service.start(arn)
        with store._at_work:
            store._connection.exec_driver_sql("PRAGMA max_page_count=1").scalar()
            store._connection.rollback()
        for action in ("StartExecution", "DescribeStateMachine"):
            request = {"stateMachineArn": arn}
            if action == "StartExecution":
                request["input"] = f'"{"x" * 100_000}"'
            with pytest.raises(
                asl.ApiError, match=r"cannot be written to: .*full"
            ) as e:
                service.call(action, **request)
            assert (e.value.code, e.value.status) == ("InternalFailure", 500)
        assert failed.wait(PATIENCE)
        assert "full" in str(store.failure)
    with serving(url) as service:
        listed = service.list(stateMachineArn=arn)
    assert [one["executionArn"] for one in listed] == [kept]


def test_a_closed_store_acknowledges_nothing(url: str) -> None:
    store = SqlStore(url)
    store.put("k", "a", 1)
    store.close()
    store.close()
    store.put("k", "b", 1)
    with pytest.raises(asl.ApiError, match="is closed"):
        store.sync()


def test_who_fails_to_begin_lets_go_of_the_store(url: str, tmp_path: Path) -> None:
    with pytest.raises(asl.UsageError):
        asl.Api(store=url, logs=tmp_path / "no" / "folder")
    with serving(url) as service:
        assert service.call("ListStateMachines") == {"stateMachines": []}


def test_a_store_of_ones_own_is_taken_as_it_is() -> None:
    store = MemoryStore()
    assert find_store(store) is store
    assert isinstance(find_store(None), MemoryStore)
    with store.batch():
        store.put("k", "a", 1)
        store.append("k", "a", [1])
        store.delete("k", "a")
    store.sync()
    store.close()
    assert [*store.load("k"), *store.load_list("k", "a")] == []


# --------------------------------------------------------------------- what is refused


def test_a_second_server_is_refused(url: str) -> None:
    program = "import sys, asl; asl.Api(store=sys.argv[1])"
    with opened(url):
        with pytest.raises(asl.UsageError, match="another server's as long as"):
            SqlStore(url)
        other = subprocess.run(
            [sys.executable, "-c", program, url], capture_output=True, text=True
        )
        assert "another server's as long as that runs" in other.stderr
    with opened(url):
        pass


def test_a_newer_schema_is_refused(url: str) -> None:
    with opened(url):
        pass
    with contextlib.closing(sqlite3.connect(file_of(url))) as connection, connection:
        connection.execute("UPDATE asl_schema SET version = 99")
    with pytest.raises(asl.UsageError, match=r"newer asl .*99.*upgrade aslkit"):
        SqlStore(url)


def spoil_head(data: bytes) -> bytes:
    return b"no database" + data[11:]


def spoil_middle(data: bytes) -> bytes:
    return data[:4096] + bytes(range(256)) * ((len(data) - 4096) // 256)


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("spoil", [spoil_head, spoil_middle, cut_short])
def test_a_damaged_file_is_told(url: str, spoil: Callable[[bytes], bytes]) -> None:
    with serving(url) as service:
        arn = service.create("m", PASS)
        for _ in range(50):
            service.start(arn)
    file = file_of(url)
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(asl.UsageError, match=r"is damaged, or is none of asl's: "):
        asl.Api(store=url)


def test_text_that_is_no_json_is_told(url: str) -> None:
    with opened(url) as store:
        store.put("machine", "m", {})
    with contextlib.closing(sqlite3.connect(file_of(url))) as connection, connection:
        connection.execute("UPDATE asl_value SET value = '{'")
    with pytest.raises(asl.UsageError, match="is damaged"):
        asl.Api(store=url)


def test_a_revision_that_is_gone_is_told(url: str) -> None:
    with serving(url) as service:
        service.start(service.create("m", PASS))
    with contextlib.closing(sqlite3.connect(file_of(url))) as connection, connection:
        connection.execute("DELETE FROM asl_value WHERE kind = 'revision'")
    with pytest.raises(asl.UsageError, match="lacks the revision"):
        asl.Api(store=url)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("asl.db", r"is no URL; write sqlite:///asl\.db"),
        ("", r"is no URL; write sqlite:///asl\.db"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:x?mode=memory&uri=true", "names no file"),
        ("nosuch://x/y", "no database is known as 'nosuch'"),
        ("oracle+cx_oracle://u:secret@h/d", "needs the driver 'cx_Oracle'"),
        ("sqlite:////no/such/folder/asl.db", "cannot be opened: unable to open"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(wrong: str, words: str) -> None:
    with pytest.raises(asl.UsageError, match=words) as caught:
        SqlStore(wrong)
    assert "secret" not in str(caught.value)


def test_the_extra_is_asked_for(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for name in ("sql_store", "sql_database"):
        monkeypatch.delitem(sys.modules, f"asl.server.{name}")
    with pytest.raises(asl.UsageError, match=r'extra "server": pip install'):
        asl.Api(store=url)


# --------------------------------------------------------------------- PostgreSQL


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server of our own, behind a socket in a folder."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("PostgreSQL (initdb, pg_ctl) is not on the path")
    user = "postgres" if os.geteuid() == 0 else None  # it does not run as root
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    data, sockets = tmp_path / "data", tmp_path / "s"
    for folder in (data, sockets):
        folder.mkdir()
        if user is not None:
            shutil.chown(folder, user)

    def run(*command: str) -> None:
        subprocess.run(
            command, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL
        )

    run("initdb", "-D", str(data), "-A", "trust", "-U", "asl")
    options = f"-c listen_addresses= -c unix_socket_directories={sockets}"
    log = str(sockets / "log")
    run("pg_ctl", "-D", str(data), "-w", "-l", log, "-o", options, "start")
    try:
        yield f"postgresql+psycopg://asl@/postgres?host={sockets}"
    finally:
        run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")


@pytest.mark.full
def test_postgresql_is_a_store_as_well(postgres: str) -> None:
    with serving(postgres) as service:
        questions = [
            question for make in (activities, map_runs) for question in make(service)
        ]
        arn = service.start(service.create("w", asks()))
        before = [service.call(action, **request) for action, request in questions]
        with pytest.raises(asl.UsageError, match="another server's as long as"):
            SqlStore(postgres)
    with serving(postgres) as service:
        after = [service.call(action, **request) for action, request in questions]
        assert after == before
        assert service.api.lost == [arn]
        assert service.status(arn) == "ABORTED"
