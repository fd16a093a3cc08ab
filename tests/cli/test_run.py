"""`asl run` as a user types it: what it prints where, and its exit codes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

import asl
from asl.cli.main import main

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"

ORDER: dict[str, Any] = {
    "StartAt": "Check inventory",
    "States": {
        "Check inventory": {
            "Type": "Task",
            "Resource": f"{LAMBDA}check-inventory",
            "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 4}],
            "Catch": [{"ErrorEquals": ["Gone"], "Next": "Sold out"}],
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 90_000, "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Sold out": {"Type": "Fail", "Error": "SoldOut", "Cause": "nothing left"},
    },
}
TASKS = """
class Busy(Exception): ...
class Gone(Exception): ...
calls = []
def check_inventory(event):
    if event.get("gone"):
        raise Gone("it was the last one")
    if event.get("broken"):
        raise ZeroDivisionError("by zero")
    calls.append(event)
    if event.get("busy") and len(calls) < 2:
        raise Busy("later")
    return {**event, "inStock": True}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    known = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "order.asl.json").write_text(json.dumps(ORDER, indent=2))
    (tmp_path / "handlers.py").write_text(TASKS)
    yield tmp_path
    for name in set(sys.modules) - known:
        if (getattr(sys.modules[name], "__file__", "") or "").startswith(str(tmp_path)):
            del sys.modules[name]


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["run", *arguments], input=stdin)


def run_order(*arguments: str, stdin: str | None = None) -> Result:
    return run("order.asl.json", "--tasks", "handlers.py", *arguments, stdin=stdin)


# ------------------------------------------------------------------------- the outcome


@pytest.mark.usefixtures("folder")
def test_a_success_prints_its_story_and_exits_with_0() -> None:
    result = run_order("--input", '{"id": 7}')

    assert result.exit_code == 0
    assert result.stderr == ""
    assert "Check inventory  Task" in result.stdout
    assert "waited 1 d 1 h" in result.stdout
    assert "SUCCEEDED after 1 d 1 h of virtual time, 11 events" in result.stdout
    assert "path    Check inventory → Rest → Done" in result.stdout
    assert result.stdout.endswith('output  {"id":7,"inStock":true}\n')


@pytest.mark.usefixtures("folder")
def test_a_retry_says_which_attempt_after_how_long() -> None:
    result = run_order("--input", '{"busy": true}')

    assert result.exit_code == 0
    assert "failed: Busy" in result.stdout
    assert "attempt 2, after 4 s" in result.stdout


@pytest.mark.usefixtures("folder")
def test_a_failure_names_error_cause_and_place_and_exits_with_1() -> None:
    result = run_order("--input", '{"gone": true}')

    assert result.exit_code == 1
    assert "caught Gone → Sold out" in result.stdout
    assert "FAILED after 0 s" in result.stdout
    assert "error   SoldOut" in result.stdout
    assert "cause   nothing left" in result.stdout
    assert "state   Sold out  (order.asl.json:33:5)" in result.stdout
    assert "raised" not in result.stdout  # the exception was caught; Fail has none


@pytest.mark.usefixtures("folder")
def test_an_exception_of_the_users_own_is_shown_with_its_line() -> None:
    result = run_order("--input", '{"broken": true}')

    assert result.exit_code == 1
    assert "error   ZeroDivisionError" in result.stdout
    assert f"raised  {Path('handlers.py').resolve()}:9" in result.stdout


@pytest.mark.usefixtures("folder")
def test_a_time_out_exits_with_1_and_has_no_place(folder: Path) -> None:
    definition = ORDER | {"TimeoutSeconds": 10}
    (folder / "order.asl.json").write_text(json.dumps(definition))

    result = run_order()

    assert result.exit_code == 1
    assert "TIMED_OUT after 10 s" in result.stdout
    assert "state   " not in result.stdout


def test_a_long_path_is_shown_by_its_ends(folder: Path) -> None:
    states: dict[str, Any] = {
        f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(60)
    }
    states["S60"] = {"Type": "Pass", "End": True}
    (folder / "long.json").write_text(json.dumps({"StartAt": "S0", "States": states}))

    result = run("long.json")

    assert "S19 → (21 more) → S41" in result.stdout


# --------------------------------------------------------------------------------- JSON


@pytest.mark.usefixtures("folder")
def test_json_output_is_one_object_and_nothing_else() -> None:
    result = run_order("--output", "json", "--input", '{"id": 7}')

    assert json.loads(result.stdout) == {
        "status": "SUCCEEDED",
        "output": {"id": 7, "inStock": True},
        "duration_seconds": 90_000,
    }
    assert result.stderr == ""


@pytest.mark.usefixtures("folder")
def test_json_output_of_a_failure_has_error_and_cause() -> None:
    result = run_order("--output", "json", "--input", '{"gone": true}')

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "status": "FAILED",
        "error": "SoldOut",
        "cause": "nothing left",
        "duration_seconds": 0,
    }


@pytest.mark.usefixtures("folder")
def test_json_output_holds_the_history_when_asked_for() -> None:
    result = run_order("--output", "json", "--history", "json")

    events = json.loads(result.stdout)["history"]
    assert [event["id"] for event in events] == list(range(1, 12))
    assert events[0]["type"] == "ExecutionStarted"


@pytest.mark.usefixtures("folder")
def test_json_output_leaves_a_text_history_to_standard_error() -> None:
    result = run_order("--output", "json", "--history", "text")

    assert json.loads(result.stdout)["status"] == "SUCCEEDED"
    assert "ExecutionStarted" in result.stderr


@pytest.mark.usefixtures("folder")
def test_text_output_can_list_the_events() -> None:
    result = run_order("--history", "text")

    assert (
        "     2       0  2026-01-01 00:00:00.000  TaskStateEntered  Check inventory"
        in (result.stdout.splitlines())
    )


@pytest.mark.usefixtures("folder")
def test_text_output_can_end_with_the_events_as_json() -> None:
    result = run_order("--history", "json")

    events = json.loads("[" + result.stdout.partition("\n[\n")[2])
    assert events[-1]["type"] == "ExecutionSucceeded"


# -------------------------------------------------------------------------------- input


@pytest.mark.usefixtures("folder")
def test_input_comes_from_a_file_or_from_standard_input(folder: Path) -> None:
    (folder / "in.json").write_bytes(b'\xef\xbb\xbf{"id": 8}')

    assert '"id":8' in run_order("--input", "@in.json").stdout
    assert '"id":9' in run_order("--input", "-", stdin='{"id": 9}').stdout


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ('{"id": }', "--input: not JSON: Expecting value (line 1, column 8)"),
        ("NaN", "--input: NaN is not JSON"),
        ("in.json", "for a file write @FILE"),
        ("@nowhere.json", "--input @nowhere.json: cannot be read: No such file"),
        ("@latin.json", "--input @latin.json: cannot be read: 'utf-8' codec"),
        ("[" * 10_000 + "]" * 10_000, "nested deeper than 500 levels"),
        ('"' + "x" * 300_000 + '"', "takes at most 262,144"),
    ],
)
def test_input_that_cannot_be_used_is_refused(
    folder: Path, given: str, says: str
) -> None:
    (folder / "latin.json").write_bytes(b'"\xe4"')

    result = run_order("--input", given)

    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output


# -------------------------------------------------------------------------------- tasks


def test_tasks_may_be_a_module_by_its_dotted_name(folder: Path) -> None:
    package = folder / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "stock.py").write_text(TASKS)

    assert run("order.asl.json", "--tasks", "shop.stock").exit_code == 0


def test_handlers_can_import_what_lies_beside_them(folder: Path) -> None:
    (folder / "prices.py").write_text("price = 3")
    (folder / "lazy.py").write_text(
        "def check_inventory(event):\n    import prices\n    return prices.price\n"
    )

    assert run("order.asl.json", "--tasks", "lazy.py").stdout.endswith("output  3\n")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("gone.py", None, "--tasks gone.py: there is no such file"),
        ("no.such.module", None, "--tasks no.such.module: there is no such module"),
        ("bad.py", "x = 1\ny = (\n", "SyntaxError: '(' was never closed"),
        ("bad.py", "import nothing_like_it", "No module named 'nothing_like_it'"),
        ("bad.py", "\n\n1 / 0", "ZeroDivisionError: division by zero"),
        ("bad.py", "raise SystemExit('no')", "SystemExit: no"),
        ("bad.py", "pass", "no callable for:"),
        ("bad.py", "pass", "looked for: check_inventory, check_inventory"[:25]),
        ("bad.py", "TASKS = 7", "neither an asl.Tasks nor a table"),
    ],
)
def test_tasks_that_cannot_be_used_are_explained(
    folder: Path, name: str, text: str | None, says: str
) -> None:
    if text is not None:
        (folder / name).write_text(text)

    result = run("order.asl.json", "--tasks", name)

    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_an_error_in_the_users_module_is_shown_with_its_line(folder: Path) -> None:
    (folder / "bad.py").write_text("\n\n1 / 0")
    assert "bad.py:3)" in run("order.asl.json", "--tasks", "bad.py").stderr


@pytest.mark.usefixtures("folder")
def test_without_tasks_the_missing_callables_are_named() -> None:
    result = run("order.asl.json")

    assert result.exit_code == 2
    assert f"{LAMBDA}check-inventory  (state 'Check inventory')" in result.stderr


def test_mocks_answer_by_state_name(folder: Path) -> None:
    (folder / "mocks.yaml").write_text("Check inventory: [{Return: 5}]")

    assert run("order.asl.json", "--mocks", "mocks.yaml").stdout.endswith("output  5\n")


# ------------------------------------------------------------------------ wrong calls


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--mock-case", "Happy"], "--mock-case is for --mocks"),
        (["--samples", "s.json"], "--samples is for --dry-run"),
        (["--visits", "2"], "--visits is for --dry-run"),
        (["--dry-run", "--tasks", "handlers.py"], "leave out --tasks"),
        (["--dry-run", "--real-time"], "leave out --real-time"),
        (["--type", "quick"], "Invalid value for '--type'"),
        (["--buckets", "nowhere"], "does not exist"),
        (["--substitute", "Name"], "--substitute takes NAME=VALUE, not 'Name'"),
        (["--tasks", "handlers.py", "--name", "a b"], "is not one that Step Functions"),
        (["--mocks", "nowhere.json"], "nowhere.json"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_call_exits_with_2(arguments: list[str], says: str) -> None:
    result = run("order.asl.json", *arguments)

    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize("text", ["", "{", '{"StartAt": "A"}', "[1, 2]", "\0"])
def test_a_wrong_definition_exits_with_2(folder: Path, text: str) -> None:
    (folder / "bad.asl.json").write_text(text)

    result = run("bad.asl.json")

    assert result.exit_code == 2
    assert "bad.asl.json" in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.output


def test_a_file_that_is_not_there_exits_with_2() -> None:
    result = run("nowhere.asl.json")

    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


def test_placeholders_are_filled(folder: Path) -> None:
    definition = json.dumps(ORDER).replace(f"{LAMBDA}check-inventory", "${CheckArn}")
    (folder / "order.asl.json").write_text(definition)

    result = run_order("--substitute", f"CheckArn={LAMBDA}check-inventory")

    assert result.exit_code == 0


def test_warnings_go_to_standard_error(folder: Path) -> None:
    (folder / "odd.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 1, "Result": 2,'
        ' "End": true}}}'
    )

    result = run("odd.json")

    assert result.exit_code == 0
    assert "warning: " in result.stderr
    assert "warning" not in result.stdout


def test_a_warning_of_the_run_goes_to_standard_error(folder: Path) -> None:
    definition = json.dumps(ORDER).replace(LAMBDA, "arn:aws:lambda:...:")
    (folder / "order.asl.json").write_text(definition)

    result = run_order()

    assert result.exit_code == 0
    assert "is no whole ARN" in result.stderr


def test_an_express_machine_runs_as_one(folder: Path) -> None:
    (folder / "quick.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 400,'
        ' "End": true}}}'
    )

    result = run("quick.json", "--type", "EXPRESS")

    assert result.exit_code == 1
    assert "TIMED_OUT after 5 min" in result.stdout


def test_real_time_really_waits(folder: Path) -> None:
    (folder / "quick.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 1, "End": true}}}'
    )

    result = run("quick.json", "--real-time")

    assert result.exit_code == 0
    assert "virtual" not in result.stdout


# ---------------------------------------------------------------- when something breaks


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (asl.InternalError("two and two are five"), 70, "please report it"),
        (KeyError("x"), 70, "KeyError: 'x' at test_run.py:"),
        (asl.UsageError("no"), 2, "error: no"),
    ],
)
def test_exceptions_become_messages(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    def fail(context: click.Context) -> None:
        raise error

    monkeypatch.setattr(click.Group, "invoke", lambda self, context: fail(context))

    result = CliRunner().invoke(main, ["run", "x"])

    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.output


def test_an_unknown_verb_is_refused() -> None:
    result = CliRunner().invoke(main, ["rn"])

    assert result.exit_code == 2
    assert "No such command" in result.stderr


def test_help_documents_the_exit_codes() -> None:
    text = CliRunner().invoke(main, ["--help"]).stdout

    for code in ("0", "1", "2", "3", "130"):
        assert f"\n    {code}  " in text
    assert re.search(r"\n  run +Run a machine", text)


# -------------------------------------------------------------------- as a real process


def asl_process(
    *arguments: str, cwd: Path, **environment: str
) -> "subprocess.CompletedProcess[bytes]":
    here = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "asl", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": here, **environment},
        capture_output=True,
        check=False,
    )


def test_an_ascii_terminal_gets_question_marks(folder: Path) -> None:
    (folder / "unicode.json").write_text(
        '{"StartAt": "Größe", "States": {"Größe": {"Type": "Pass", "Result": "日本",'
        ' "End": true}}}',
        encoding="utf-8",
    )

    done = asl_process("run", "unicode.json", cwd=folder, PYTHONIOENCODING="ascii")

    assert done.returncode == 0, done.stderr
    assert b"Gr??e  Pass" in done.stdout
    assert b'-> "??"' in done.stdout.replace(b"  ", b" ")


def test_json_on_an_ascii_terminal_is_escaped(folder: Path) -> None:
    (folder / "unicode.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "日本",'
        ' "End": true}}}',
        encoding="utf-8",
    )

    done = asl_process(
        "run", "unicode.json", "--output", "json", cwd=folder, PYTHONIOENCODING="ascii"
    )

    assert json.loads(done.stdout)["output"] == "日本"


def test_output_that_is_no_terminal_has_no_colours(folder: Path) -> None:
    done = asl_process(
        "run", "order.asl.json", "--tasks", "handlers.py", cwd=folder, COLUMNS="60"
    )

    assert done.returncode == 0
    assert b"\x1b" not in done.stdout


def test_a_reader_that_stops_reading_causes_no_noise(folder: Path) -> None:
    states = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(3_000)}
    states["S3000"] = {"Type": "Succeed"}
    (folder / "long.json").write_text(json.dumps({"StartAt": "S0", "States": states}))
    process = subprocess.Popen(
        [sys.executable, "-m", "asl", "run", "long.json"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    noise = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 141
    assert noise == b""


def test_control_c_ends_a_waiting_run_with_130(folder: Path) -> None:
    (folder / "slow.json").write_text(
        '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "Next": "B"},'
        ' "B": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:'
        'function:b", "Next": "C"}, "C": {"Type": "Pass", "End": true}}}'
    )
    (folder / "b.py").write_text(
        "import os, signal\ndef b(event):\n    os.kill(os.getpid(), signal.SIGINT)\n"
    )

    done = asl_process("run", "slow.json", "--tasks", "b.py", cwd=folder)

    assert done.returncode == 130
    assert b"interrupted" in done.stderr
    assert b"Traceback" not in done.stderr
