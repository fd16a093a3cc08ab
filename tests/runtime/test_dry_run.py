"""Dry runs: where a walk without tasks ends, what it needs, where it goes round."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

import asl
from asl.cli.main import main
from asl.runtime.dry_run import DryRun, dry_run

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
SERVICE = "arn:aws:states:::"


def machine(jsonata: bool = False, /, **states: Any) -> asl.StateMachine:
    language = "JSONata" if jsonata else "JSONPath"
    return asl.load_text(
        json.dumps(
            {"StartAt": next(iter(states)), "QueryLanguage": language, "States": states}
        )
    )


def task(**fields: Any) -> dict[str, Any]:
    more = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": f"{LAMBDA}work", **fields, **more}


def to(name: str) -> dict[str, Any]:
    return {"Type": "Pass", "Next": name}


def rounds(name: str) -> dict[str, Any]:
    """A Choice that always goes the same way."""
    never = {"Variable": "$$.State.Name", "StringEquals": "", "Next": "End"}
    return choice(never, default=name)


END = {"Type": "Succeed"}


def choice(*rules: dict[str, Any], default: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": "Choice", "Choices": list(rules)}
    return made if default is None else made | {"Default": default}


def answer(walked: DryRun) -> str:
    return str(walked)


# ------------------------------------------------------------------ the three answers


def test_a_walk_ends_at_its_last_state() -> None:
    walked = dry_run(machine(A=task(Next="B"), B=END))
    assert answer(walked) == "ended at B"
    assert walked.entered == ("A", "B")
    assert walked.guesses == ()


def test_waiting_takes_no_time() -> None:
    year = {"Type": "Wait", "Seconds": 31_000_000, "Next": "B"}
    assert answer(dry_run(machine(A=year, B=END))) == "ended at B"


def test_a_fail_state_is_an_end_too() -> None:
    walked = dry_run(machine(A={"Type": "Fail", "Error": "No", "Cause": "why"}))
    assert answer(walked) == "ended at A"
    assert (walked.error, walked.cause) == ("No", "why")


def test_an_end_inside_a_parallel_is_the_parallels() -> None:
    both = {
        "Type": "Parallel",
        "Branches": [{"StartAt": "In", "States": {"In": task()}}],
        "End": True,
    }
    assert answer(dry_run(machine(Both=both))) == "ended at Both"


def test_a_failure_inside_a_map_ends_at_the_inner_state() -> None:
    each = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "In", "States": {"In": {"Type": "Fail"}}},
        "End": True,
    }
    assert answer(dry_run(machine(Each=each), [1])) == "ended at In"


def test_a_path_into_an_unknown_result_needs_a_sample() -> None:
    walked = dry_run(
        machine(A=task(Next="B"), B=task(Parameters={"x.$": "$.order.id"}))
    )
    assert answer(walked) == "needs a sample for A: $.order.id"
    assert walked.reader == "B"
    assert not walked.from_input


def test_an_unknown_execution_input_is_needed_where_it_is_read() -> None:
    walked = dry_run(machine(A=task(Parameters={"x.$": "$.order.id"})))
    assert answer(walked) == "needs a sample for A: $.order.id"
    assert walked.from_input


def test_a_value_that_the_given_input_lacks_is_needed() -> None:
    walked = dry_run(machine(A=task(Parameters={"x.$": "$.order.id"})), {"order": {}})
    assert answer(walked) == "needs a sample for A: $.order.id"
    assert walked.from_given


def test_a_state_that_is_entered_too_often_loops() -> None:
    walked = dry_run(machine(A=to("B"), B=to("C"), C=rounds("B"), End=END))
    assert answer(walked) == "loops at B"
    assert walked.entered.count("B") == 3


def test_visits_may_be_allowed_or_forbidden() -> None:
    looping = machine(A=to("B"), B=rounds("A"), End=END)
    assert len(dry_run(looping, visits=1).entered) == 2
    assert len(dry_run(looping, visits=10).entered) == 20


def test_visits_count_anew_in_each_iteration() -> None:
    each = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "In", "States": {"In": task()}},
        "End": True,
    }
    assert answer(dry_run(machine(Each=each), list(range(10)))) == "ended at Each"


def test_a_failure_that_nothing_unknown_caused_is_an_end() -> None:
    passing = {
        "Type": "Pass",
        "Parameters": {"x.$": "States.ArrayGetItem(States.Array(1), 5)"},
        "End": True,
    }
    walked = dry_run(machine(A=passing))
    assert answer(walked) == "ended at A"
    assert walked.error == "States.Runtime"


def test_a_result_path_into_an_unknown_value_needs_a_sample() -> None:
    invoke = {"Resource": f"{SERVICE}lambda:invoke", "Next": "B"}
    first = task(**invoke, Parameters={"FunctionName": "f"})
    made = machine(A=first, B=task(ResultPath="$.StatusCode.x"))
    assert answer(dry_run(made)) == "needs a sample for A: $.StatusCode"
    caught = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "In", "States": {"In": {"Type": "Fail", "Error": "E"}}}
        ],
        "Catch": [{"ErrorEquals": ["E"], "Next": "C", "ResultPath": "$.StatusCode.x"}],
        "Next": "C",
    }
    made = machine(A=first, B=caught, C=END)
    assert answer(dry_run(made)) == "needs a sample for A: $.StatusCode"


def test_a_result_path_into_a_known_value_is_the_machines_failure() -> None:
    walked = dry_run(machine(A=task(ResultPath="$.x.y")), {"x": 1})
    assert answer(walked) == "ended at A"
    assert walked.error == "States.ReferencePathConflict"


def test_a_catcher_does_not_swallow_an_unknown() -> None:
    caught = task(
        ResultSelector={"x.$": "$.id"},
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "B"}],
        Next="B",
    )
    assert answer(dry_run(machine(A=caught, B=END))) == "needs a sample for A: $.id"


def test_a_catcher_may_take_what_is_known_to_fail() -> None:
    failing = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "In", "States": {"In": {"Type": "Fail", "Error": "E"}}}
        ],
        "Catch": [{"ErrorEquals": ["E"], "Next": "B", "ResultPath": "$.error"}],
        "Next": "B",
    }
    assert answer(dry_run(machine(A=failing, B=END))) == "ended at B"


def test_every_field_tells_what_it_lacks() -> None:
    for fields in (
        {"InputPath": "$.a"},
        {"OutputPath": "$.a"},
        {"ResultSelector": {"x.$": "$.a"}},
        {"Assign": {"x.$": "$.a"}},
        {"TimeoutSecondsPath": "$.a"},
        {"Credentials": {"RoleArn.$": "$.a"}},
    ):
        walked = dry_run(machine(A=task(**fields)))
        assert answer(walked) == "needs a sample for A: $.a", fields
    for state in (
        {"Type": "Wait", "SecondsPath": "$.a", "End": True},
        {"Type": "Wait", "TimestampPath": "$.a", "End": True},
        {"Type": "Fail", "ErrorPath": "$.a"},
        {"Type": "Fail", "CausePath": "States.Format('{}', $.a)"},
        {"Type": "Pass", "Parameters": {"x.$": "$.a"}, "End": True},
    ):
        assert answer(dry_run(machine(A=state))) == "needs a sample for A: $.a", state


# ---------------------------------------------------------------------------- JSONata


def test_a_jsonata_expression_tells_what_it_lacks() -> None:
    walked = dry_run(
        machine(
            True,
            A=task(Assign={"order": "{% $states.result %}"}, Next="B"),
            B={"Type": "Pass", "Output": {"x": "{% $order.id %}"}, "End": True},
        )
    )
    assert answer(walked) == "needs a sample for A: $.id"


def test_of_several_expressions_the_one_that_failed_counts() -> None:
    output = {"x": "{% $exists($states.input.y) %}", "z": "{% $states.input.z %}"}
    walked = dry_run(machine(True, A={"Type": "Pass", "Output": output, "End": True}))
    assert answer(walked) == "needs a sample for A: $.z"


def test_what_is_unknown_may_have_kept_aws_from_looking_further() -> None:
    missing = {"Variable": "$.gone", "NumericEquals": 1}
    made = machine(
        Ask=task(ResultPath="$.open", Next="Which?"),
        **{"Which?": choice({"And": [OPEN, missing], "Next": "Yes"}, default="No")},
        Yes=END,
        No=END,
    )
    assert answer(dry_run(made, {})) == "ended at No"
    rules = choice({"And": [missing, OPEN], "Next": "No"})
    assert (
        answer(dry_run(machine(A=rules, No=END), {})) == "needs a sample for A: $.gone"
    )


def test_an_unknown_passes_through_the_jsonata_engine() -> None:
    walked = dry_run(
        machine(
            True,
            A=task(
                Resource=f"{SERVICE}lambda:invoke",
                Arguments={"FunctionName": "f"},
                Output="{% $merge([$states.result, {'y': 1}]) %}",
                Next="B",
            ),
            B={
                "Type": "Pass",
                "Output": "{% $states.input.Payload.z + 1 %}",
                "End": True,
            },
        )
    )
    assert answer(walked) == "needs a sample for A: $.Payload.z"


def test_a_jsonata_wait_and_map_tell_what_they_lack() -> None:
    waits = {"Type": "Wait", "Seconds": "{% $states.input.n %}", "End": True}
    assert answer(dry_run(machine(True, A=waits))) == "needs a sample for A: $.n"
    each = {
        "Type": "Map",
        "Items": "{% $states.input.list %}",
        "ItemProcessor": {"StartAt": "In", "States": {"In": task()}},
        "End": True,
    }
    assert answer(dry_run(machine(True, A=each))) == "needs a sample for A: $.list"


# ---------------------------------------------------------------------------- choices


PAID = {"Variable": "$.status", "StringEquals": "PAID", "Next": "Yes"}


def chosen(*rules: dict[str, Any], input: Any = None, **options: Any) -> DryRun:
    default = options.pop("default", None)
    jsonata = options.pop("jsonata", False)
    made = machine(
        jsonata,
        Ask=task(Next="Which?"),
        **{"Which?": choice(*rules, default=default)},
        Yes=END,
        No=END,
    )
    return dry_run(made, input, **options)


def test_a_choice_that_cannot_know_takes_its_default() -> None:
    walked = chosen(PAID, default="No")
    assert answer(walked) == "ended at No"
    (guess,) = walked.guesses
    assert (guess.state, guess.target, guess.why) == ("Which?", "No", "Default")
    assert (guess.lack.state, guess.lack.path) == ("Ask", "$.status")


def test_without_a_default_it_takes_its_first_rule() -> None:
    walked = chosen(PAID, {**PAID, "StringEquals": "OPEN", "Next": "No"})
    assert answer(walked) == "ended at Yes"
    assert walked.guesses[0].why == "first rule"


def test_the_caller_may_choose() -> None:
    walked = chosen(PAID, default="No", choose={"Which?": ["Yes"]})
    assert answer(walked) == "ended at Yes"
    assert walked.guesses[0].why == "chosen"
    assert (
        answer(chosen(PAID, default="No", choose={"Which?": ["No"]})) == "ended at No"
    )


def test_choices_are_used_one_a_visit_and_the_last_goes_on() -> None:
    made = machine(
        Ask=task(Next="Which?"),
        **{"Which?": choice({**PAID, "Next": "End"}, default="Ask")},
        End=END,
    )
    walked = dry_run(made, choose={"Which?": ["Ask", "End"]})
    assert answer(walked) == "ended at End"
    assert answer(dry_run(made, choose={"Which?": ["Ask"]})) == "loops at Ask"


def test_with_a_sample_a_choice_knows() -> None:
    walked = chosen(PAID, default="No", samples={"Ask": {"status": "PAID"}})
    assert answer(walked) == "ended at Yes"
    assert walked.guesses == ()


def test_a_choice_that_knows_is_not_overruled() -> None:
    walked = chosen(
        PAID,
        default="No",
        samples={"Ask": {"status": "PAID"}},
        choose={"Which?": ["No"]},
    )
    assert answer(walked) == "ended at Yes"


def test_a_choice_that_matches_nothing_ends_there() -> None:
    no = {**PAID, "StringEquals": "NO", "Next": "No"}
    walked = chosen(PAID, no, samples={"Ask": {"status": "OPEN"}})
    assert answer(walked) == "ended at Which?"
    assert walked.error == "States.Runtime"


def test_a_value_missing_in_a_sample_is_needed() -> None:
    walked = chosen(PAID, default="No", samples={"Ask": {"state": "PAID"}})
    assert answer(walked) == "needs a sample for Which?: $.status"
    assert walked.from_given


KNOWN = {"Variable": "$.known", "NumericEquals": 1}
OPEN = {"Variable": "$.open.x", "NumericEquals": 1}


@pytest.mark.parametrize(
    ("rule", "lacks"),
    [
        ({"And": [OPEN, {"Not": KNOWN}]}, False),
        ({"And": [KNOWN, OPEN]}, True),
        ({"Or": [OPEN, KNOWN]}, False),
        ({"Or": [{"Not": KNOWN}, OPEN]}, True),
        ({"Not": OPEN}, True),
        ({"Variable": "$.known", "NumericEqualsPath": "$.open.y"}, True),
        ({"Variable": "$.open", "IsPresent": True}, False),
        ({"Variable": "$.open.x", "IsPresent": True}, True),
        ({"Variable": "$.known", "IsPresent": True}, False),
        ({"Variable": "$.gone", "IsPresent": False}, False),
    ],
)
def test_a_rule_is_unknown_only_if_what_is_known_does_not_settle_it(
    rule: dict[str, Any], lacks: bool
) -> None:
    made = machine(
        Ask=task(ResultPath="$.open", Next="Which?"),
        **{"Which?": choice({**rule, "Next": "Yes"}, default="No")},
        Yes=END,
        No=END,
    )
    walked = dry_run(made, {"known": 1})
    assert bool(walked.guesses) is lacks
    assert walked.outcome == "ended"


def test_a_jsonata_condition_is_unknown_if_it_reads_an_unknown() -> None:
    rule = {"Condition": "{% $states.input.status = 'PAID' %}", "Next": "Yes"}
    walked = chosen(rule, default="No", jsonata=True)
    assert answer(walked) == "ended at No"
    assert walked.guesses[0].lack.path == "$.status"


def test_a_jsonata_condition_on_known_data_is_evaluated() -> None:
    rules = (
        {"Condition": False, "Next": "No"},
        {"Condition": "{% $states.context.Execution.Name != '' %}", "Next": "Yes"},
    )
    walked = chosen(*rules, default="No", jsonata=True)
    assert answer(walked) == "ended at Yes"
    assert walked.guesses == ()


def test_a_rules_own_fields_tell_what_they_lack() -> None:
    rule = {**KNOWN, "Next": "Yes", "Assign": {"x.$": "$.gone.x"}}
    made = machine(A=choice(rule), Yes=END)
    assert answer(dry_run(made, {"known": 1})) == "needs a sample for A: $.gone.x"


# ------------------------------------------------------------------- maps and readers


def test_items_that_are_unknown_need_a_sample() -> None:
    each = {
        "Type": "Map",
        "ItemsPath": "$.list",
        "ItemProcessor": {"StartAt": "In", "States": {"In": task()}},
        "End": True,
    }
    made = machine(Ask=task(ResultPath="$.list", Next="Each"), Each=each)
    assert answer(dry_run(made, {})) == "needs a sample for Ask: $"
    assert answer(dry_run(made, {}, samples={"Ask": [[1, 2]]})) == "ended at Each"
    assert answer(dry_run(made, {}, samples={"Ask": "x"})) == (
        "needs a sample for Each: $.list"
    )


def test_an_input_that_is_no_list_is_told() -> None:
    each = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "In", "States": {"In": task()}},
        "End": True,
    }
    assert answer(dry_run(machine(Each=each), {})) == "needs a sample for Each: $"
    assert answer(dry_run(machine(Each=each))) == "needs a sample for Each: $"


def distributed(**fields: Any) -> dict[str, Any]:
    return {
        "Type": "Map",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "In",
            "States": {
                "In": {"Type": "Pass", "Parameters": {"k.$": "$.key"}, "End": True}
            },
        },
        "ItemReader": {
            "Resource": f"{SERVICE}s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "b", "Key.$": "$.file"},
        },
        "End": True,
        **fields,
    }


def test_a_readers_items_are_unknown_without_a_sample() -> None:
    made = machine(Each=distributed())
    assert answer(dry_run(made)) == "needs a sample for Each: $.file"
    walked = dry_run(made, {"file": "f"})
    assert answer(walked) == "needs a sample for Each: $[0].key"
    assert walked.reader == "In"


def test_a_sample_may_hold_a_readers_items_and_a_writer_is_answered() -> None:
    writer = {
        "Resource": f"{SERVICE}s3:putObject",
        "Parameters": {"Bucket": "b", "Prefix": "p"},
    }
    made = machine(Each=distributed(ResultWriter=writer))
    walked = dry_run(made, {"file": "f"}, samples={"Each": [[{"key": 1}, {"key": 2}]]})
    assert answer(walked) == "ended at Each"


# ---------------------------------------------------------------------------- samples


def test_a_list_holds_a_result_for_each_visit_and_the_last_goes_on() -> None:
    made = machine(
        Ask=task(Next="Which?"),
        **{"Which?": choice({**PAID, "Next": "End"}, default="Ask")},
        End=END,
    )
    results = [{"status": "OPEN"}, {"status": "OPEN"}, {"status": "PAID"}]
    assert answer(dry_run(made, samples={"Ask": results})) == "ended at End"
    assert answer(dry_run(made, samples={"Ask": results[:1]})) == "loops at Ask"


def test_an_activity_and_a_token_are_answered_at_once() -> None:
    made = machine(
        A=task(
            Resource="arn:aws:states:us-east-1:123456789012:activity:review", Next="B"
        ),
        B=task(
            Resource=f"{SERVICE}sqs:sendMessage.waitForTaskToken", HeartbeatSeconds=5
        ),
    )
    assert answer(dry_run(made)) == "ended at B"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"samples": {"As": {}}}, "which is no Task; did you mean 'Ask'"),
        ({"samples": {"Which?": {}}}, "which is no Task; there are: 'Ask'"),
        ({"samples": {"Ask": []}}, "has no result"),
        ({"samples": {"Ask": float("nan")}}, "is not JSON"),
        ({"choose": {"Ask": ["Yes"]}}, "'Ask' is no Choice; there are: 'Which?'"),
        ({"choose": {"Which?": ["Maybe"]}}, "it leads to 'Yes', 'No'"),
        ({"visits": 0}, "at least 1"),
    ],
)
def test_a_wrong_call_is_refused(options: dict[str, Any], says: str) -> None:
    with pytest.raises(asl.UsageError) as caught:
        chosen(PAID, default="No", **options)
    assert says in str(caught.value)


def test_a_readers_sample_must_be_lists_of_items() -> None:
    with pytest.raises(asl.UsageError, match="must hold the Map's items"):
        dry_run(machine(Each=distributed()), samples={"Each": [{"key": 1}]})


def test_a_machine_without_choices_offers_none() -> None:
    with pytest.raises(asl.UsageError, match=r"'A' is no Choice$"):
        dry_run(machine(A=END), choose={"A": ["B"]})


# ---------------------------------------------------------------- on the command line


def command(tmp_path: Any, *arguments: str, states: dict[str, Any]) -> Any:
    path = tmp_path / "machine.asl.json"
    path.write_text(json.dumps({"StartAt": next(iter(states)), "States": states}))
    return CliRunner().invoke(main, ["run", str(path), "--dry-run", *arguments])


LOOP = {
    "Ask": task(Next="Which?"),
    "Which?": choice({**PAID, "Next": "End"}, default="Ask"),
    "End": END,
}


def test_standard_output_holds_the_answer_alone(tmp_path: Any) -> None:
    result = command(tmp_path, states=LOOP)
    assert result.stdout == "loops at Ask\n"
    assert result.exit_code == 3
    assert "Which?: lacks $.status of Ask; Default: Ask\n" in result.stderr
    assert "path: Ask → Which? → Ask" in result.stderr


def test_options_reach_the_dry_run(tmp_path: Any) -> None:
    (tmp_path / "samples.yaml").write_text("Ask: {status: PAID}")
    samples = f"--samples={tmp_path / 'samples.yaml'}"
    assert command(tmp_path, samples, states=LOOP).stdout == "ended at End\n"
    assert command(tmp_path, "--choose", "Which?=End", states=LOOP).exit_code == 0
    result = command(tmp_path, "--visits", "1", states=LOOP)
    assert result.stderr.count("lacks") == 1
    assert command(tmp_path, "--choose", "Which?=No", states=LOOP).exit_code == 2


@pytest.mark.parametrize(
    ("states", "arguments", "says"),
    [
        ({"A": task(InputPath="$.x")}, [], "give it with --input"),
        (
            {"A": task(InputPath="$.x")},
            ["--input", "{}"],
            "that A is given do not have",
        ),
        (
            {"A": task(Next="B"), "B": task(InputPath="$.x")},
            [],
            "B needs it",
        ),
        (
            {"A": {"Type": "Fail", "Error": "No", "Cause": "why"}},
            [],
            "it failed: No: why",
        ),
    ],
)
def test_standard_error_says_why(
    tmp_path: Any, states: dict[str, Any], arguments: list[str], says: str
) -> None:
    assert says in command(tmp_path, *arguments, states=states).stderr


def test_a_choice_on_the_unknown_input_says_so(tmp_path: Any) -> None:
    states = {"A": choice({**PAID, "Next": "B"}), "B": END}
    assert "A: lacks $.status of the execution's input; first rule: B" in (
        command(tmp_path, states=states).stderr
    )


def test_the_answer_as_json_holds_everything(tmp_path: Any) -> None:
    states = {**LOOP, "Ask": task(Next="Which?", ResultSelector={"status.$": "$.s"})}
    result = command(tmp_path, "--output", "json", states=states)
    assert json.loads(result.stdout) == {
        "answer": "needs a sample for Ask: $.s",
        "outcome": "needs",
        "state": "Ask",
        "path": "$.s",
        "reader": "Ask",
        "in": "result",
        "entered": ["Ask"],
        "guesses": [],
    }
    assert result.stderr == ""


def test_the_answer_as_json_holds_guesses_and_failures(tmp_path: Any) -> None:
    states = {
        "A": choice({**PAID, "Next": "B"}),
        "B": {"Type": "Fail", "Error": "No", "Cause": "why"},
    }
    value = json.loads(command(tmp_path, "--output", "json", states=states).stdout)
    assert (value["error"], value["cause"]) == ("No", "why")
    assert value["guesses"] == [
        {
            "state": "A",
            "lacks": "$.status",
            "of": None,
            "took": "B",
            "why": "first rule",
        }
    ]


def test_documented_values_are_shown(tmp_path: Any) -> None:
    pytest.importorskip("botocore")
    states = {
        "Ask": task(Resource=f"{SERVICE}aws-sdk:glue:getCrawler", Next="Which?"),
        "Which?": choice(
            {"Variable": "$.Crawler.State", "StringEquals": "READY", "Next": "End"}
        ),
        "End": END,
    }
    assert (
        "(one of READY, RUNNING, STOPPING)" in command(tmp_path, states=states).stderr
    )
