"""Coverage counted by hand, for a machine that has every construct."""

import asyncio
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

import asl
from asl.coverage.collect import Collector
from asl.coverage.measure import Coverage, Tally
from asl.expressions.jsonata import compile_jsonata
from asl.runtime.dry_run import dry_run

EVERYTHING = """\
StartAt: Sort
States:
  Sort:
    Type: Choice
    Choices:
      - {Variable: $.kind, StringEquals: one, Next: Work}
      - {Variable: $.kind, StringEquals: two, Next: Work}
    Default: Side
  Work:
    Type: Task
    Resource: arn:aws:lambda:us-east-1:123456789012:function:work
    ResultPath: null
    Retry:
      - {ErrorEquals: [Busy], MaxAttempts: 1}
      - {ErrorEquals: [States.Timeout]}
    Catch:
      - {ErrorEquals: [Lost], Next: Sorry}
      - {ErrorEquals: [States.ALL], Next: Sorry}
    Next: Side
  Side:
    Type: Parallel
    ResultPath: null
    Branches:
      - StartAt: Left
        States:
          Left: {Type: Pass, Next: Left2}
          Left2: {Type: Pass, End: true}
      - StartAt: Right
        States:
          Right:
            Type: Pass
            QueryLanguage: JSONata
            Output: >-
              {% $states.input.kind = "one"
                ? 1 : $states.input.kind = "two" ? 2 : 3 %}
            End: true
    Next: Each
  Each:
    Type: Map
    ItemsPath: $.items
    ItemProcessor:
      StartAt: Item
      States:
        Item: {Type: Pass, End: true}
    Next: Rest
  Rest: {Type: Wait, Seconds: 5, Next: Done}
  Done: {Type: Succeed}
  Sorry: {Type: Fail}
"""

S = "/States"
RIGHT = f"{S}/Side/Branches/1/States/Right"
COUNTED = {
    # Three runs: kind one (busy once, no items), two (lost), three (two items).
    (f"{S}/Sort", "entered"): (3, 3),
    (f"{S}/Sort/Choices/0", "true"): (1, 6),
    (f"{S}/Sort/Choices/0", "false"): (2, 6),
    (f"{S}/Sort/Choices/1", "true"): (1, 7),
    (f"{S}/Sort/Choices/1", "false"): (1, 7),
    (f"{S}/Sort/Default", "taken"): (1, 8),
    (f"{S}/Work", "entered"): (2, 9),
    (f"{S}/Work/Next", "taken"): (1, 19),
    (f"{S}/Work/Retry/0", "used"): (1, 14),
    (f"{S}/Work/Retry/1", "used"): (0, 15),
    (f"{S}/Work/Catch/0", "taken"): (1, 17),
    (f"{S}/Work/Catch/1", "taken"): (0, 18),
    (f"{S}/Side", "entered"): (2, 20),
    (f"{S}/Side/Branches/0", "entered"): (2, 24),
    (f"{S}/Side/Branches/1", "entered"): (2, 28),
    (f"{S}/Side/Next", "taken"): (2, 37),
    (f"{S}/Side/Branches/0/States/Left", "entered"): (2, 26),
    (f"{S}/Side/Branches/0/States/Left/Next", "taken"): (2, 26),
    (f"{S}/Side/Branches/0/States/Left2", "entered"): (2, 27),
    (f"{S}/Side/Branches/0/States/Left2/End", "taken"): (2, 27),
    (RIGHT, "entered"): (2, 30),
    (f"{RIGHT}/End", "taken"): (2, 36),
    (f"{RIGHT}/Output", "?0 met"): (1, 35),
    (f"{RIGHT}/Output", "?0 not met"): (1, 35),
    (f"{RIGHT}/Output", "?1 met"): (0, 35),
    (f"{RIGHT}/Output", "?1 not met"): (1, 35),
    (f"{S}/Each", "entered"): (2, 38),
    (f"{S}/Each", "no items"): (1, 38),
    (f"{S}/Each", "one item"): (0, 38),
    (f"{S}/Each", "many items"): (1, 38),
    (f"{S}/Each/Next", "taken"): (2, 45),
    (f"{S}/Each/ItemProcessor/States/Item", "entered"): (2, 44),
    (f"{S}/Each/ItemProcessor/States/Item/End", "taken"): (2, 44),
    (f"{S}/Rest", "entered"): (2, 46),
    (f"{S}/Rest/Next", "taken"): (2, 46),
    (f"{S}/Done", "entered"): (2, 47),
    (f"{S}/Sorry", "entered"): (1, 48),
}
"""Place → (how often it was reached, its line)."""

RUNS: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"kind": "one", "items": []}, [{"Throw": {"Error": "Busy"}}, {"Return": 1}]),
    ({"kind": "two", "items": [1]}, [{"Throw": {"Error": "Lost"}}]),
    ({"kind": "three", "items": [1, 2]}, []),
]


THE_REST = """\
QueryLanguage: JSONata
StartAt: Ask
States:
  Ask:
    Type: Choice
    Choices:
      - {Condition: "{% $states.input.far %}", Next: Far}
  Far:
    Type: Map
    Items: "{% $states.input.items %}"
    ItemProcessor:
      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: STANDARD}
      StartAt: Near
      States:
        Near:
          Type: Map
          Items: [1, 2]
          ItemProcessor:
            StartAt: Sync
            States:
              Sync:
                Type: Task
                Resource: arn:aws:states:::glue:startJobRun.sync
                Arguments: {JobName: j}
                End: true
          Retry:
            - {ErrorEquals: [Busy], MaxAttempts: 1}
          End: true
    Catch:
      - {ErrorEquals: [States.ALL], Next: Both}
    Next: Both
  Both:
    Type: Parallel
    Branches:
      - StartAt: Call
        States:
          Call:
            Type: Task
            Resource: arn:aws:states:::sqs:sendMessage.waitForTaskToken
            Arguments: {MessageBody: "{% $states.context.Task.Token %}"}
            End: true
    Retry:
      - {ErrorEquals: [States.ALL], MaxAttempts: 1}
    Catch:
      - ErrorEquals: [States.ALL]
        Output: "{% $states.errorOutput.Error = 'Odd' ? 1 : 2 %}"
        Next: Over
    Next: Over
  Over: {Type: Succeed}
"""

FAR = f"{S}/Far/ItemProcessor/States/Near"
SYNC = f"{FAR}/ItemProcessor/States/Sync"
CALL = f"{S}/Both/Branches/0/States/Call"
THE_REST_COUNTED = {
    # One run: two children, busy once in the first; the message fails twice.
    (f"{S}/Ask", "entered"): 1,
    (f"{S}/Ask/Choices/0", "true"): 1,
    (f"{S}/Ask/Choices/0", "false"): 0,
    (f"{S}/Far", "entered"): 1,
    (f"{S}/Far", "no items"): 0,
    (f"{S}/Far", "one item"): 0,
    (f"{S}/Far", "many items"): 1,
    (f"{S}/Far/Next", "taken"): 1,
    (f"{S}/Far/Catch/0", "taken"): 0,
    (FAR, "entered"): 2,  # once in each child
    (FAR, "many items"): 3,  # at each attempt; its Items are literal
    (f"{FAR}/End", "taken"): 2,
    (f"{FAR}/Retry/0", "used"): 1,
    (SYNC, "entered"): 6,  # two items, three attempts
    (f"{SYNC}/End", "taken"): 4,
    (f"{S}/Both", "entered"): 1,
    (f"{S}/Both/Branches/0", "entered"): 2,  # at each attempt
    (f"{S}/Both/Next", "taken"): 0,
    (f"{S}/Both/Retry/0", "used"): 2,  # it decides twice, the second time against
    (f"{S}/Both/Catch/0", "taken"): 1,
    (f"{S}/Both/Catch/0/Output", "?0 met"): 1,
    (f"{S}/Both/Catch/0/Output", "?0 not met"): 0,
    (CALL, "entered"): 2,
    (f"{CALL}/End", "taken"): 0,
    (f"{S}/Over", "entered"): 1,
}


def counted(coverage: Coverage) -> dict[tuple[str, str], int]:
    """Every place of the only machine with how often it was reached."""
    (machine,) = coverage.machines
    return {(p.pointer, p.what): machine.hits_of(p) for p in machine.places}


def reached(coverage: Coverage) -> set[str]:
    return {f"{p} {what}" for (p, what), hits in counted(coverage).items() if hits}


def machine_of(text: str) -> asl.StateMachine:
    return asl.load_text(text)


def cover(text: str, *inputs: object, **options: object) -> Coverage:
    """The coverage of some runs of one machine."""
    with Collector() as coverage:
        for given in inputs:
            asl.run(machine_of(text), given, **options)  # type: ignore[arg-type]
    return coverage


@pytest.fixture
def everything(tmp_path: Path) -> Coverage:
    file = tmp_path / "everything.asl.yaml"
    file.write_text(EVERYTHING, encoding="utf-8")
    machine = asl.load(file)
    with Collector(tmp_path) as coverage:
        for given, answers in RUNS:
            asl.run(machine, given, tasks=asl.Mocks({"Work": answers}))
    return coverage


def test_every_place_is_counted_as_by_hand(everything: Coverage) -> None:
    hits = {place: hits for place, (hits, _) in COUNTED.items()}
    assert counted(everything) == hits


def test_what_that_machine_has_not_is_counted_as_by_hand_too() -> None:
    odd = {"Throw": {"Error": "Odd"}}
    busy = {"Throw": {"Error": "Busy"}, "MapIndex": 0, "Attempt": 1}
    mocks: dict[str, list[dict[str, Any]]] = {
        "Sync": [busy, {"Return": {}, "Times": "always"}],
        "Call": [odd, odd],
    }
    given = {"far": True, "items": ["a", "b"]}
    coverage = cover(THE_REST, given, tasks=asl.Mocks(mocks))
    assert counted(coverage) == THE_REST_COUNTED


def test_every_place_has_its_line(everything: Coverage) -> None:
    (machine,) = everything.machines
    lines = {(p.pointer, p.what): p.line for p in machine.places}
    assert lines == {place: line for place, (_, line) in COUNTED.items()}


def test_the_tallies_are_as_by_hand(everything: Coverage) -> None:
    assert everything.tally("state") == Tally(11, 11)
    assert everything.tally("transition") == Tally(19, 22)
    assert everything.tally("condition") == Tally(3, 4)
    assert everything.tally().percent == pytest.approx(100 * 33 / 37)


def test_missing_places_come_in_the_order_of_their_lines(everything: Coverage) -> None:
    (machine,) = everything.machines
    assert [(p.line, p.text) for p in machine.missing()] == [
        (15, "Retry[1] (States.Timeout)"),
        (18, "Catch[1] (States.ALL) → Sorry"),
        (35, "condition 2 of Output: met"),
        (38, "one item"),
    ]


def test_the_file_is_named_from_the_root(everything: Coverage, tmp_path: Path) -> None:
    (machine,) = everything.machines
    assert (machine.file, machine.executions) == ("everything.asl.yaml", 3)
    assert Coverage(tmp_path / "other").relative(tmp_path / "a.json") == (
        (tmp_path / "a.json").as_posix()
    )


def test_a_run_is_the_same_whether_it_is_watched_or_not() -> None:
    given, answers = RUNS[0]
    plain = asl.run(machine_of(EVERYTHING), given, tasks=asl.Mocks({"Work": answers}))
    with Collector():
        watched = asl.run(
            machine_of(EVERYTHING), given, tasks=asl.Mocks({"Work": answers})
        )
    assert watched.history == plain.history


def test_nothing_is_counted_once_it_has_stopped() -> None:
    collector = Collector()
    with collector:
        pass
    asl.run(machine_of(PASS))
    assert collector.coverage.machines == []


PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'


def test_two_collectors_count_the_same_run_once_each() -> None:
    with Collector() as outer:
        asl.run(machine_of(TERNARY), {"x": 1})
        with Collector() as inner:
            asl.run(machine_of(TERNARY), {"x": 2})
        asl.run(machine_of(TERNARY), {"x": 2})
    assert counted(outer)["/States/A/Output", "?0 met"] == 1
    assert counted(outer)["/States/A/Output", "?0 not met"] == 2
    assert counted(inner)["/States/A/Output", "?0 not met"] == 1


TERNARY = """{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {
    "Type": "Pass", "Output": "{% $states.input.x = 1 ? 1 : 2 %}", "End": true}}}"""


def test_asyncio_runs_count_too() -> None:
    with Collector() as coverage:
        asyncio.run(asl.run_async(machine_of(PASS)))
    assert coverage.tally() == Tally(2, 2)


def test_a_dry_run_does_not_count() -> None:
    with Collector() as coverage:
        dry_run(machine_of(PASS), {})
    assert coverage.machines == []


def test_a_state_run_alone_counts_for_its_whole_machine() -> None:
    machine = machine_of(EVERYTHING)
    with Collector() as coverage:
        result = asl.run_state(machine, "Work", {}, error="Busy")
        asl.run_state(machine, "Work", {}, error="Lost")
    assert result.status == "RETRIABLE"
    assert reached(coverage) == {
        "/States/Work entered",
        "/States/Work/Retry/0 used",
        "/States/Work/Catch/0 taken",
    }


def test_a_machine_without_a_run_is_known_all_the_same() -> None:
    coverage = Coverage()
    coverage.add(machine_of(EVERYTHING))
    assert coverage.tally() == Tally(0, 37)
    assert coverage.machines[0].executions == 0


CHOICE = """
StartAt: A
States:
  A:
    Type: Choice
    Choices:
      - {Variable: $.a, NumericEquals: 1, Next: B}
      - {Variable: $.b, NumericEquals: 1, Next: B}
  B: {Type: Succeed}
"""


@pytest.mark.parametrize(
    ("given", "ways"),
    [
        ({"a": 1}, {"0 true"}),
        ({"a": 2, "b": 1}, {"0 false", "1 true"}),
        ({"a": 2, "b": 2}, {"0 false", "1 false"}),  # no way: the execution fails
        ({"a": 2}, {"0 false"}),  # the second rule cannot be evaluated
        ({}, set()),
    ],
)
def test_choice_rules_count_as_far_as_they_were_evaluated(
    given: dict[str, int], ways: set[str]
) -> None:
    found = reached(cover(CHOICE, given))
    rules = {line.rpartition("/")[2] for line in found if "Choices" in line}
    assert rules == ways


def test_an_input_that_the_choice_cannot_take_evaluates_no_rule() -> None:
    text = CHOICE.replace("    Type: Choice", "    Type: Choice\n    InputPath: $.no")
    assert reached(cover(text, {})) == {"/States/A entered"}


FIXED = """
QueryLanguage: JSONata
StartAt: A
States:
  A:
    Type: Choice
    Choices:
      - {Condition: "{% false %}", Next: B}
      - {Condition: true, Next: B}
  B:
    Type: Map
    Items: [1, 2]
    ItemProcessor:
      StartAt: C
      States:
        C: {Type: Pass, End: true}
    End: true
"""


def test_what_can_never_be_is_no_place() -> None:
    coverage = Coverage()
    coverage.add(machine_of(FIXED))
    assert {f"{p} {w}" for p, w in counted(coverage) if w != "entered"} == {
        "/States/A/Choices/0 false",
        "/States/A/Choices/1 true",
        "/States/B many items",
        "/States/B/End taken",
        "/States/B/ItemProcessor/States/C/End taken",
    }


NO_RETRY = """
StartAt: A
States:
  A:
    Type: Task
    Resource: arn:aws:lambda:us-east-1:123456789012:function:a
    Retry:
      - {ErrorEquals: [Never], MaxAttempts: 0}
      - {ErrorEquals: [States.ALL], MaxAttempts: 1}
    Catch: [{ErrorEquals: [States.ALL], Next: B}]
    Next: B
  B: {Type: Succeed}
"""


def test_a_retrier_that_allows_no_retry_is_used_where_it_decides() -> None:
    mocks = asl.Mocks({"A": [{"Throw": {"Error": "Never"}}]})
    assert reached(cover(NO_RETRY, {}, tasks=mocks)) == {
        "/States/A entered",
        "/States/A/Retry/0 used",
        "/States/A/Catch/0 taken",  # and not Next, which leads to the same state
        "/States/B entered",
    }


DISTRIBUTED = """
StartAt: Each
States:
  Each:
    Type: Map
    ItemProcessor:
      ProcessorConfig: {Mode: DISTRIBUTED, ExecutionType: STANDARD}
      StartAt: Sort
      States:
        Sort:
          Type: Choice
          Choices: [{Variable: $, NumericGreaterThan: 1, Next: Big}]
          Default: Small
        Big: {Type: Pass, End: true}
        Small: {Type: Pass, End: true}
    End: true
"""
BODY = "/States/Each/ItemProcessor/States"


def test_the_children_of_a_distributed_map_count_for_its_machine() -> None:
    coverage = cover(DISTRIBUTED, [1, 2, 3])
    hits = counted(coverage)
    assert hits[f"{BODY}/Sort", "entered"] == 3
    assert hits[f"{BODY}/Sort/Choices/0", "true"] == 2
    assert hits[f"{BODY}/Sort/Default", "taken"] == 1
    assert hits["/States/Each", "many items"] == 1
    assert hits["/States/Each", "no items"] == 0


def test_a_distributed_map_without_items_says_so() -> None:
    assert "/States/Each no items" in reached(cover(DISTRIBUTED, []))


def test_a_nested_machine_has_coverage_of_its_own() -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:Inner"
    outer = asl.load_text(
        f"""{{"StartAt": "Start", "States": {{"Start": {{"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {{"StateMachineArn": "{arn}", "Input.$": "$"}}}}}}}}""",
        name="Outer",
    )
    inner = asl.load_text(DISTRIBUTED, name="Inner")
    with Collector() as coverage:
        asl.run(outer, [5], machines={arn: inner})
    found = {one.name: one.tally("state") for one in coverage.machines}
    assert found == {"Outer": Tally(1, 1), "Inner": Tally(3, 4)}


LOOP = """
StartAt: Both
States:
  Both:
    Type: Parallel
    Branches:
      - StartAt: Round
        States:
          Round: {Type: Pass, Next: Again, Result: 1}
          Again:
            Type: Choice
            Choices: [{Variable: $$.Execution.Name, IsPresent: false, Next: Round}]
            Default: Out
          Out: {Type: Succeed}
    End: true
"""


def test_a_branch_counts_where_it_begins_and_not_where_it_comes_round() -> None:
    hits = counted(cover(LOOP, {}))
    assert hits["/States/Both/Branches/0", "entered"] == 1
    assert hits["/States/Both/End", "taken"] == 1


SAME = """
QueryLanguage: JSONata
StartAt: A
States:
  A:
    Type: Pass
    Output:
      a: "{% $states.input.x ? 1 : 2 %}"
      b/c: ["{%  $states.input.x ? 1 : 2  %}"]
    Assign:
      v: "{% $exists($states.input.y) ? $states.input.y %}"
    Next: B
  B:
    Type: Choice
    Choices:
      - {Condition: "{% $states.input.a = 1 ? true : false %}", Next: C}
    Output: "{% $v ? $v : $error('none') %}"
    Default: C
  C: {Type: Succeed}
"""


def test_conditions_are_told_apart_by_where_they_stand() -> None:
    coverage = cover(SAME, {"x": True, "y": 1})
    conditions = {line for line in reached(coverage) if "?" in line}
    assert conditions == {
        "/States/A/Output/a ?0 met",
        "/States/A/Output/b~1c/0 ?0 met",
        "/States/A/Assign/v ?0 met",
        "/States/B/Choices/0/Condition ?0 met",
    }
    assert coverage.tally("condition") == Tally(4, 10)


def test_a_condition_counts_although_its_way_fails() -> None:
    text = SAME.replace("x ? 1 : 2", "x ? 2 : 2")
    coverage = cover(text, {"x": True, "y": 0})
    assert "/States/B/Output ?0 not met" in reached(coverage)


def test_conditions_of_a_map_count_for_each_item() -> None:
    text = """
QueryLanguage: JSONata
StartAt: A
States:
  A:
    Type: Map
    MaxConcurrency: "{% $count($states.input) > 2 ? 2 : 1 %}"
    ItemSelector: {v: "{% $states.context.Map.Item.Value > 1 ? 'big' : 'small' %}"}
    ItemProcessor:
      StartAt: B
      States:
        B:
          Type: Pass
          Output: "{% $map([1, 2], function($n) { $n > 1 ? $n : -$n }) %}"
          End: true
    End: true
"""
    hits = counted(cover(text, [1, 2, 3]))
    assert hits["/States/A/MaxConcurrency", "?0 met"] == 1
    assert hits["/States/A/ItemSelector/v", "?0 met"] == 2
    assert hits["/States/A/ItemSelector/v", "?0 not met"] == 1
    inner = "/States/A/ItemProcessor/States/B/Output"
    assert (hits[inner, "?0 met"], hits[inner, "?0 not met"]) == (3, 3)


def test_two_machines_of_one_name_stay_apart() -> None:
    with Collector() as coverage:
        asl.run(machine_of(PASS))
        asl.run(machine_of(PASS.replace('"A"', '"B"')))
        asl.run(machine_of(PASS))
    assert [one.executions for one in coverage.machines] in ([2, 1], [1, 2])


def test_a_file_that_has_gone_leaves_places_without_lines(tmp_path: Path) -> None:
    file = tmp_path / "a.asl.json"
    file.write_text(PASS, encoding="utf-8")
    machine = asl.load(file)
    file.unlink()
    with Collector(tmp_path) as coverage:
        asl.run(machine)
    assert {place.line for place in coverage.machines[0].places} == {None}
    assert coverage.find_source("a.asl.json") is None


def test_many_machines_are_each_looked_through_once_and_forgotten() -> None:
    with Collector() as coverage:
        for number in range(300):
            asl.run(machine_of(PASS.replace('"A"', f'"A{number}"')))
    assert len(coverage.machines) == 300


def test_the_same_text_in_two_settings_of_a_map_is_told_apart() -> None:
    same = "{% $count($states.input) > 1 ? 2 : 1 %}"
    text = f"""
QueryLanguage: JSONata
StartAt: A
States:
  A:
    Type: Map
    MaxConcurrency: "{same}"
    ItemBatcher: {{MaxItemsPerBatch: "{same}"}}
    ItemProcessor:
      ProcessorConfig: {{Mode: DISTRIBUTED, ExecutionType: STANDARD}}
      StartAt: B
      States:
        B: {{Type: Pass, End: true}}
    End: true
"""
    hits = counted(cover(text, [1, 2, 3]))
    assert hits["/States/A/MaxConcurrency", "?0 met"] == 1
    assert hits["/States/A/ItemBatcher/MaxItemsPerBatch", "?0 met"] == 1
    assert hits["/States/A/ItemProcessor/States/B", "entered"] == 2


def test_an_expression_outside_a_run_is_nobodys() -> None:
    strand = SimpleNamespace(variables={}, context={}, now_ms=0, random=Random(1))
    with Collector() as coverage:
        value = compile_jsonata("$states.input ? 1 : 2").evaluate(
            {"input": True}, strand, "Output"
        )
    assert value == 1
    assert coverage.machines == []
