"""The story of a run: which events become which lines."""

import json
from typing import Any

import click
import pytest

import asl
from asl.cli.say import arrow
from asl.cli.story import Story, duration_text, shorten
from asl.runtime.run import make_runner

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.25, "0.25 s"),
        (59, "59 s"),
        (60, "1 min"),
        (65, "1 min 5 s"),
        (3_600, "1 h"),
        (3_605, "1 h"),
        (7_260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
        (31_536_000, "365 d"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_text_that_is_too_long_ends_in_an_ellipsis() -> None:
    assert shorten("0123456789abc", 12) == "0123456789a…"
    assert shorten("0123456789", 3) == "0123456789"


def tell(
    definition: dict[str, Any],
    input: Any = None,
    *,
    tasks: asl.Tasks | asl.Mocks | None = None,
    machines: dict[str, asl.StateMachine] | None = None,
) -> tuple[list[str], asl.Execution]:
    """The lines of a run's story without their times, and the execution."""
    lines: list[str] = []

    def keep(text: str = "", **_: Any) -> None:
        lines.append(click.unstyle(text))

    story = Story()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(click, "echo", keep)
        runner = make_runner(
            asl.load_text(json.dumps(definition), name="shop"),
            input,
            tasks=tasks,
            machines=machines,
            on_reply=story.tell,
        )
        story.root = runner.root
        execution = runner.run()
        story.end(execution)
    return [line[12:] for line in lines], execution


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def task(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": LAMBDA + name, "End": True, **more}


def test_a_state_shows_its_input_and_its_output_once() -> None:
    lines, _ = tell(
        machine(
            A={"Type": "Pass", "Result": {"n": 2}, "Next": "B"},
            B={"Type": "Pass", "End": True},
        ),
        {"n": 1},
    )
    assert lines == ['A  Pass  {"n":1}', '  →  {"n":2}', "B  Pass"]


def test_a_null_output_is_shown() -> None:
    lines, _ = tell(machine(A={"Type": "Pass", "Result": None, "End": True}), {})
    assert lines == ["A  Pass  {}", "  →  null"]


def test_data_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")

    lines, _ = tell(machine(A={"Type": "Pass", "End": True}), {"text": "x" * 100})

    assert lines == ['A  Pass  {"text":"xxxxxxxxxxxxxxxxxxx…']
    assert 12 + len(lines[0]) == 50


def test_assigned_variables_are_shown() -> None:
    lines, _ = tell(
        machine(A={"Type": "Pass", "Assign": {"n.$": "$.n"}, "End": True}), {"n": 1}
    )
    assert "  $n =  1" in lines


def test_a_caught_error_shows_where_it_leads() -> None:
    mocks = asl.Mocks({"Pay": [{"Throw": {"Error": "Declined", "Cause": "no\nmoney"}}]})
    lines, _ = tell(
        machine(
            Pay=task("pay", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Refund"}]),
            Refund={"Type": "Pass", "End": True},
        ),
        {},
        tasks=mocks,
    )
    assert lines == [
        "Pay  Task  {}",
        "  failed: Declined: no money",
        "  caught Declined → Refund",
        'Refund  Pass  {"Error":"Declined","Cause":"no\\nmoney"}',
    ]


def test_a_time_out_is_told_as_one() -> None:
    mocks = asl.Mocks({"Pay": [{"Never": True}]})
    lines, _ = tell(machine(Pay=task("pay", TimeoutSeconds=5)), {}, tasks=mocks)
    assert lines == ["Pay  Task  {}", "  timed out: States.Timeout"]


def test_an_error_without_a_name_is_told_too() -> None:
    mocks = asl.Mocks({"Pay": [{"Throw": {"Cause": "no idea"}}]})
    lines, _ = tell(machine(Pay=task("pay")), {}, tasks=mocks)
    assert lines == ["Pay  Task  {}", "  failed: an unnamed error: no idea"]


def test_a_failed_evaluation_is_told() -> None:
    state = {"Type": "Pass", "Output": "{% $states.input.gone %}", "End": True}
    lines, _ = tell({"QueryLanguage": "JSONata", **machine(A=state)}, {})
    assert lines[1].startswith(
        "  failed: States.QueryEvaluationError: An error occurred"
    )


def test_iterations_are_indented_below_their_map() -> None:
    lines, _ = tell(
        machine(
            Each={
                "Type": "Map",
                "ItemProcessor": machine(
                    Rest={"Type": "Wait", "Seconds": 3, "Next": "Inner"},
                    Inner={"Type": "Pass", "Result": "done", "End": True},
                ),
                "Next": "After",
            },
            After={"Type": "Pass", "End": True},
        ),
        [7],
    )
    assert lines == [
        "Each  Map  [7]",
        "  Each[0]",
        "    Rest  Wait  7",
        "      waited 3 s",
        "    Inner  Pass",
        '      →  "done"',
        '  →  ["done"]',
        "After  Pass",
    ]


def test_branches_are_indented_below_their_parallel() -> None:
    lines, _ = tell(
        machine(
            Both={
                "Type": "Parallel",
                "Branches": [
                    machine(Left={"Type": "Pass", "Result": 1, "End": True}),
                    machine(Right={"Type": "Pass", "Result": 2, "End": True}),
                ],
                "Next": "After",
            },
            After={"Type": "Pass", "End": True},
        ),
        {},
    )
    assert lines == [
        "Both  Parallel  {}",
        "  Left  Pass  {}",
        "    →  1",
        "  Right  Pass  {}",
        "    →  2",
        "  →  [1,2]",
        "After  Pass",
    ]


def test_a_parallel_that_is_tried_again_says_so() -> None:
    mocks = asl.Mocks(
        {"Pay": [{"Throw": {"Error": "Busy"}}, {"Return": {}, "AfterSeconds": 1}]}
    )
    lines, _ = tell(
        machine(
            Both={
                "Type": "Parallel",
                "Branches": [machine(Pay=task("pay"))],
                "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2}],
                "End": True,
            }
        ),
        {},
        tasks=mocks,
    )
    assert lines == [
        "Both  Parallel  {}",
        "  Pay  Task  {}",
        "    failed: Busy",
        "  attempt 2, after 2 s",
        "  Pay  Task  {}",
        "  →  [{}]",
    ]


def test_a_map_that_fails_is_caught_outside() -> None:
    lines, _ = tell(
        machine(
            Each={
                "Type": "Map",
                "ItemProcessor": machine(No={"Type": "Fail", "Error": "No"}),
                "Catch": [{"ErrorEquals": ["No"], "Next": "After"}],
                "Next": "After",
            },
            After={"Type": "Pass", "End": True},
        ),
        [1],
    )
    assert lines[-2] == "  caught No → After"


def test_a_long_map_is_counted_and_not_told() -> None:
    lines, _ = tell(
        machine(
            Each={
                "Type": "Map",
                "ItemsPath": "$.items",
                "ItemProcessor": machine(
                    Inner={"Type": "Wait", "Seconds": 1, "End": True}
                ),
                "ResultPath": None,
                "End": True,
            }
        ),
        {"items": list(range(200))},
    )
    assert [line for line in lines if "Inner" in line or "Each[" in line] == []
    assert "  200 items" in lines


def test_children_of_a_distributed_map_are_told_below_it() -> None:
    lines, _ = tell(
        machine(
            Each={
                "Type": "Map",
                "ItemProcessor": {
                    "ProcessorConfig": {
                        "Mode": "DISTRIBUTED",
                        "ExecutionType": "STANDARD",
                    },
                    **machine(Rest={"Type": "Wait", "Seconds": 1, "End": True}),
                },
                "End": True,
            }
        ),
        list(range(102)),
    )
    assert lines[0].startswith("Each  Map  [0,1,2,")
    assert lines[1] == "  102 items"
    assert "Each[0]" in lines
    assert "Each[99]" in lines
    assert "Each[100]" not in lines  # a hundred children are told, the rest is not


def test_a_nested_machine_is_told_below_its_name() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:inner"
    inner = asl.load_text(
        json.dumps(machine(Nap={"Type": "Wait", "Seconds": 2, "End": True}))
    )
    lines, _ = tell(
        machine(
            Start={
                "Type": "Task",
                "Resource": "arn:aws:states:::states:startExecution.sync:2",
                "Parameters": {"StateMachineArn": arn, "Name": "one", "Input": {}},
                "End": True,
            }
        ),
        {},
        machines={arn: inner},
    )
    assert "inner (one)" in lines
    assert "  Nap  Wait  {}" in lines


def test_a_terminal_gets_a_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[dict[str, Any]] = []
    original = click.progressbar

    def progressbar(**options: Any) -> Any:
        made.append(options)
        return original(**{**options, "hidden": True})

    monkeypatch.setattr(click, "progressbar", progressbar)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    each = {
        "Type": "Map",
        "ItemProcessor": machine(Inner={"Type": "Pass", "End": True}),
        "End": True,
    }

    tell(machine(Each=each), list(range(150)))

    assert made == [{"length": 150, "label": "Each", "hidden": False}]


def test_an_arrow_is_written_in_ascii_where_it_must(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Stream:
        encoding = "ascii"

    assert arrow() == "→"
    monkeypatch.setattr("sys.stdout", Stream())
    assert arrow() == "->"
