"""The context object: what `$$` and `$states.context` show.

In: the parts that an Execution and a state know. Out: one JSON object, members in the
order in which AWS writes them.
Never: kept; it is built when an expression asks for it.

Developer guide: "Context object".
"""

from collections.abc import Mapping

from asl.values import Json


def execution_part(
    *,
    arn: str,
    input: Json,
    start_time: str,
    name: str,
    role_arn: str,
    express: bool,
) -> dict[str, Json]:
    """`$$.Execution`: Standard shows RedriveCount, Express another order."""
    if express:
        return {
            "Id": arn,
            "Input": input,
            "Name": name,
            "RoleArn": role_arn,
            "StartTime": start_time,
        }
    return {
        "Id": arn,
        "Input": input,
        "StartTime": start_time,
        "Name": name,
        "RoleArn": role_arn,
        "RedriveCount": 0,
    }


def context_object(
    execution: Mapping[str, Json],
    machine: Mapping[str, Json],
    *,
    state: Mapping[str, Json],
    token: str | None,
    item: Mapping[str, Json] | None,
) -> dict[str, Json]:
    """The whole context object of one moment in one state."""
    context: dict[str, Json] = {
        "Execution": execution,
        "StateMachine": machine,
        "State": state,
    }
    if token is not None:
        context["Task"] = {"Token": token}
    if item is not None:
        context["Map"] = {"Item": item}
    return context
