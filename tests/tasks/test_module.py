"""Callables of a user's module, found by name or in a table."""

import json
from types import ModuleType
from typing import Any

import pytest

import asl
from asl.tasks.module import tasks_as_asked, tasks_from_module

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:"
SERVICE = "arn:aws:states:::"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:"


def machine(
    *resources: str | dict[str, Any], jsonata: bool = False
) -> asl.StateMachine:
    """One Task after the other."""
    states: dict[str, Any] = {"End": {"Type": "Succeed"}}
    following = "End"
    for number, given in reversed(list(enumerate(resources))):
        fields = {"Resource": given} if isinstance(given, str) else given
        states[f"S{number}"] = {"Type": "Task", "Next": following, **fields}
        following = f"S{number}"
    language = "JSONata" if jsonata else "JSONPath"
    return asl.load_text(
        json.dumps({"StartAt": "S0", "QueryLanguage": language, "States": states})
    )


def module(**members: Any) -> ModuleType:
    made = ModuleType("handlers")
    for name, member in members.items():
        if callable(member) and not isinstance(member, type):
            member.__module__ = "handlers"
        setattr(made, name, member)
    return made


def answer(event: Any) -> Any:
    return "called"


@pytest.mark.parametrize(
    ("resource", "function"),
    [
        (f"{LAMBDA}check-inventory", "check_inventory"),
        (f"{LAMBDA}check_inventory:live", "check_inventory"),
        (f"{LAMBDA}checkInventory", "checkInventory"),
        (f"{LAMBDA}checkInventory", "check_inventory"),
        (f"{LAMBDA}Shop-Check", "Shop_Check"),
        ("arn:aws:lambda:...:check-inventory", "check_inventory"),
        (f"{SERVICE}sqs:sendMessage", "sqs_send_message"),
        (f"{SERVICE}sqs:sendMessage", "sqs_sendMessage"),
        (f"{SERVICE}sqs:sendMessage.waitForTaskToken", "sqs_send_message"),
        (f"{SERVICE}aws-sdk:dynamodb:getItem", "dynamodb_get_item"),
        (f"{SERVICE}aws-sdk:dynamodb:getItem", "aws_sdk_dynamodb_get_item"),
        (f"{SERVICE}states:startExecution.sync:2", "states_start_execution"),
        (f"{ACTIVITY}review-order", "review_order"),
    ],
)
def test_a_function_is_found_by_its_name(resource: str, function: str) -> None:
    tasks = tasks_from_module(module(**{function: answer}), machine(resource))

    if resource.startswith(ACTIVITY):
        assert tasks.knows_activity("S0", resource)
    else:
        assert tasks.missing_for([resource]) == []


@pytest.mark.parametrize(
    "name",
    [
        "check-inventory",
        f"{LAMBDA}check-inventory",
        f"{LAMBDA}check-inventory:$LATEST",
        "123456789012:function:check-inventory",
    ],
)
@pytest.mark.parametrize("jsonata", [False, True])
def test_lambda_invoke_goes_by_the_functions_name(name: str, jsonata: bool) -> None:
    request = "Arguments" if jsonata else "Parameters"
    invoke = {"Resource": f"{SERVICE}lambda:invoke", request: {"FunctionName": name}}
    ordered = machine(invoke, jsonata=jsonata)

    tasks = tasks_from_module(module(check_inventory=answer), ordered)
    execution = asl.run(ordered, tasks=tasks)

    assert execution.output["Payload"] == "called"


def test_a_name_known_at_run_time_only_may_be_any_function() -> None:
    invoke = {
        "Resource": f"{SERVICE}lambda:invoke",
        "Parameters": {"FunctionName.$": "$.which"},
    }

    def second_one(event: Any) -> Any:
        return 2

    handlers = module(first=answer, second_one=second_one, _hidden=answer, number=7)
    handlers.json = json  # type: ignore[attr-defined] # a module may import others
    ordered = machine(invoke)
    tasks = tasks_from_module(handlers, ordered)

    for which in ("second_one", "second-one"):
        done = asl.run(ordered, {"which": which}, tasks=tasks)
        assert done.output["Payload"] == 2


@pytest.mark.parametrize("name", ["${Function}", "{% $name %}"])
def test_a_name_that_is_filled_in_later_may_be_any_function_too(name: str) -> None:
    request = {"Arguments": {"FunctionName": name}}
    invoke = {"Resource": f"{SERVICE}lambda:invoke", **request}
    tasks = tasks_from_module(module(first=answer), machine(invoke, jsonata=True))
    assert tasks.missing_for(["first"]) == []


def test_one_function_may_take_every_invoke() -> None:
    invoke = {"Resource": f"{SERVICE}lambda:invoke"}
    tasks = tasks_from_module(module(lambda_invoke=answer), machine(invoke))
    assert tasks.binds(f"{SERVICE}lambda:invoke")


def test_an_invoke_without_any_function_is_missing() -> None:
    invoke = {"Resource": f"{SERVICE}lambda:invoke"}
    with pytest.raises(asl.UsageError, match="looked for: lambda_invoke"):
        tasks_from_module(module(), machine(invoke))


def test_a_table_goes_before_names() -> None:
    handlers = module(
        TASKS={f"{LAMBDA}pay": lambda event: "table"}, pay=answer, ship=answer
    )
    tasks = tasks_from_module(handlers, machine(f"{LAMBDA}pay", f"{LAMBDA}ship"))

    done = asl.run(machine(f"{LAMBDA}pay"), tasks=tasks)

    assert done.output == "table"
    assert tasks.missing_for([f"{LAMBDA}ship"]) == []


def test_an_activity_in_the_table_is_not_bound_twice() -> None:
    arn = f"{ACTIVITY}review"
    handlers = module(TASKS={arn: answer}, review=answer)
    assert tasks_from_module(handlers, machine(arn)).knows_activity("S0", arn)


@pytest.mark.parametrize("name", ["TASKS", "tasks"])
def test_an_asl_tasks_is_taken_as_it_is(name: str) -> None:
    own = asl.Tasks(missing="when-reached")
    assert tasks_from_module(module(**{name: own}), machine(f"{LAMBDA}pay")) is own


def test_another_thing_called_tasks_is_none_of_ours() -> None:
    handlers = module(tasks=[1, 2], pay=answer)
    assert tasks_from_module(handlers, machine(f"{LAMBDA}pay")).binds(f"{LAMBDA}pay")


def test_another_thing_called_TASKS_is_refused() -> None:
    with pytest.raises(asl.UsageError, match="TASKS in handlers is neither"):
        tasks_from_module(module(TASKS=[1]), machine(f"{LAMBDA}pay"))


def test_all_that_is_missing_is_named_at_once() -> None:
    resources = (f"{LAMBDA}pay", f"{SERVICE}sns:publish", f"{LAMBDA}pay")
    with pytest.raises(asl.UsageError) as caught:
        tasks_from_module(module(ship=answer), machine(*resources))
    text = str(caught.value)
    assert text.startswith("handlers has no callable for:\n")
    assert f"  {LAMBDA}pay  (states 'S2', 'S0'); looked for: pay\n" in text
    assert "(state 'S1'); looked for: sns_publish\n" in text


def test_an_activity_without_a_worker_is_left_to_the_run() -> None:
    ordered = machine(f"{ACTIVITY}review")
    done = asl.run(ordered, tasks=tasks_from_module(module(), ordered))
    assert done.error == "States.Runtime"


def test_for_a_server_functions_are_found_when_they_are_asked_for() -> None:
    handlers = module(
        pay=answer, sqs_send_message=answer, review=answer, check_stock=answer
    )
    tasks = tasks_as_asked(handlers)
    wanted = machine(f"{LAMBDA}pay", f"{SERVICE}sqs:sendMessage", f"{ACTIVITY}review")
    assert asl.run(wanted, tasks=tasks).output == answer({})
    assert tasks.missing_for(["check-stock", f"{LAMBDA}check-stock"]) == []
    assert tasks.missing_for([f"{LAMBDA}ship", "pay"]) == [f"{LAMBDA}ship"]
    assert tasks.missing_for([f"{SERVICE}lambda:invoke"]) == []
    assert not tasks.knows_activity("S0", f"{ACTIVITY}other")


def test_for_a_server_a_function_is_found_by_the_requests_name() -> None:
    state = {
        "Type": "Task",
        "Resource": f"{SERVICE}lambda:invoke",
        "Parameters": {"FunctionName.$": "$.call", "Payload.$": "$"},
        "End": True,
    }
    invoking = asl.load_text(json.dumps({"StartAt": "A", "States": {"A": state}}))
    tasks = tasks_as_asked(module(check_stock=lambda event: event["n"]))
    for name in ("check-stock", f"{LAMBDA}check-stock", "check_stock:live"):
        done = asl.run(invoking, {"call": name, "n": 5}, tasks=tasks)
        assert done.output["Payload"] == 5


def test_for_a_server_a_table_or_tasks_are_taken_as_they_are() -> None:
    own = asl.Tasks(missing="when-reached")
    assert tasks_as_asked(module(tasks=own)) is own
    tasks = tasks_as_asked(module(TASKS={f"{LAMBDA}pay": lambda event: "table"}))
    assert asl.run(machine(f"{LAMBDA}pay"), tasks=tasks).output == "table"
    with pytest.raises(asl.UsageError, match="TASKS in handlers is neither"):
        tasks_as_asked(module(TASKS=[1]))
