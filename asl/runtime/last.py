"""The last state: where an execution came to its end.

In: an Execution that has ended. Out: the state's name and its input.
Never: decides anything; it reads the history backwards.
"""

from asl.engine.execution import Execution
from asl.values import Json


def last_state(execution: Execution) -> tuple[str, Json]:
    """The state at whose end an execution ended, and what it was given.

    For a failure that is the innermost state, inside a branch or an iteration too.
    """
    history = execution.history
    name = execution.path[-1] if execution.path else ""
    event = history[-1]
    while event.previous_id:
        event = history[event.previous_id - 1]
        if event.type == "EvaluationFailed":  # follows what came before its state
            name = str(event.details["state"])
            break
        if event.state is not None and event.type.endswith(("Entered", "Exited")):
            name = event.state
            break
    for event in reversed(history):
        if event.type.endswith("StateEntered") and event.state == name:
            return name, event.members[1]
    return name, None
