"""The last state: where an execution came to its end.

In: an Execution that has ended. Out: the state's name.
Never: decides anything; it reads the history backwards.
"""

from asl.engine.execution import Execution


def last_state(execution: Execution) -> str:
    """The state at whose end an execution ended.

    For a failure that is the innermost state, inside a branch or an iteration too.
    """
    history = execution.history
    event = history[-1]
    while event.previous_id:
        event = history[event.previous_id - 1]
        if event.type == "EvaluationFailed":  # follows what came before its state
            return str(event.details["state"])
        if event.state is not None and event.type.endswith(("Entered", "Exited")):
            return event.state
    return execution.path[-1] if execution.path else ""
