"""Asserting: what a test says of an execution, with a story where it is not so.

In: an Execution that has ended, and what it should have done.
Out: nothing, or AssertionError that tells where they part and what happened.
Never: lets a misspelt name of a state pass: UsageError says so.
"""

from collections.abc import Sequence
from difflib import get_close_matches

from asl.engine.execution import Execution
from asl.engine.visits import Visit
from asl.errors import UsageError
from asl.testing.difference import difference_text, differences, first_parting
from asl.testing.told import find_origin, tell
from asl.values import Json

ANY_ERROR = "States.ALL"


def assert_succeeded(execution: Execution) -> None:
    """The execution succeeded."""
    __tracebackhide__ = True
    if execution.status != "SUCCEEDED":
        raise _failed(execution, "the execution did not succeed")


def assert_failed(
    execution: Execution, error: str | None = None, cause: str | None = None
) -> None:
    """The execution failed, with this error and cause where they are given."""
    __tracebackhide__ = True
    if execution.status == "SUCCEEDED" or error not in (None, execution.error):
        named = "" if error is None else f" with {error}"
        raise _failed(execution, f"the execution did not fail{named}")
    if cause is not None and cause != execution.cause:
        raise _failed(
            execution, f"it failed because of {execution.cause!r}, not of {cause!r}"
        )


def assert_output(execution: Execution, expected: Json) -> None:
    """The execution succeeded with exactly this output."""
    __tracebackhide__ = True
    assert_succeeded(execution)
    if text := output_text(execution, expected):
        raise _failed(execution, text)


def output_text(execution: Execution, expected: Json) -> str:
    """What the output has otherwise than expected, and whence; empty: nothing."""
    parting = next(differences(expected, execution.output), None)
    if parting is None:
        return ""
    origin = find_origin(execution, parting.steps)
    text = f"the output differs at {parting.path}"
    if origin is not None:
        text += f", which state {origin.state!r} made at {origin.entered_seconds:g} s"
    return f"{text}\n{difference_text(expected, execution.output)}"


def assert_path(execution: Execution, expected: Sequence[str]) -> None:
    """The execution entered exactly these states, in this order."""
    __tracebackhide__ = True
    if text := path_text(execution, expected):
        raise _failed(execution, text)


def path_text(execution: Execution, expected: Sequence[str]) -> str:
    """Where the path parts from what was expected; empty: nowhere."""
    _check_names(execution, expected)
    path = execution.path
    index = first_parting(expected, path)
    if index is None:
        return ""
    wanted = repr(expected[index]) if index < len(expected) else "the end"
    came = repr(path[index]) if index < len(path) else "the end"
    after = f"after {path[index - 1]!r}" if index else "at the start"
    return (
        f"the path parts {after} (place {index}): expected {wanted}, came {came}\n"
        f"expected  {' > '.join(expected)}\n"
        f"came      {' > '.join(path)}"
    )


def assert_visited(execution: Execution, *names: str) -> None:
    """Each of these states was entered."""
    __tracebackhide__ = True
    if text := visited_text(execution, names):
        raise _failed(execution, text)


def visited_text(execution: Execution, names: Sequence[str]) -> str:
    """Which of these states were never entered; empty: none."""
    _check_names(execution, names)
    missing = [name for name in names if not execution.states[name]]
    return f"never entered: {', '.join(map(repr, missing))}" if missing else ""


def assert_never(execution: Execution, *names: str) -> None:
    """None of these states was entered."""
    __tracebackhide__ = True
    if text := never_text(execution, names):
        raise _failed(execution, text)


def never_text(execution: Execution, names: Sequence[str]) -> str:
    """Which of these states were entered; empty: none."""
    _check_names(execution, names)
    entered = [name for name in names if execution.states[name]]
    return f"entered: {', '.join(map(repr, entered))}" if entered else ""


def assert_caught(execution: Execution, state: str, error: str = ANY_ERROR) -> None:
    """A Catcher of the state took this error (States.ALL: any)."""
    __tracebackhide__ = True
    if text := caught_text(execution, state, error):
        raise _failed(execution, text)


def caught_text(execution: Execution, state: str, error: str) -> str:
    """Why an error was not caught in a state; empty: it was."""
    visits = _visits(execution, state)
    caught = [visit.error for visit in visits if visit.status == "CAUGHT"]
    if error in caught or (error == ANY_ERROR and caught):
        return ""
    what = "nothing" if error == ANY_ERROR else error
    if error == ANY_ERROR:
        text = f"state {state!r} caught nothing"
    else:
        text = f"state {state!r} did not catch {what}"
    if caught:
        return f"{text}; it caught {', '.join(map(str, caught))}"
    return f"{text}; {_ends(visits)}"


def assert_retried(execution: Execution, state: str, times: int) -> None:
    """Over all its visits, the state was tried again so many times."""
    __tracebackhide__ = True
    visits = _visits(execution, state)
    retried = [error for visit in visits for error in visit.retried]
    if len(retried) != times:
        after = f" (after {', '.join(map(str, retried))})" if retried else ""
        raise _failed(
            execution,
            f"state {state!r} was tried again {len(retried)} times{after}, not {times}",
        )


def _ends(visits: Sequence[Visit]) -> str:
    if not visits:
        return "it was never entered"
    ends = ", ".join(
        visit.status if visit.error is None else f"{visit.status} ({visit.error})"
        for visit in visits
    )
    return f"its visits ended {ends}"


def _visits(execution: Execution, state: str) -> list[Visit]:
    _check_names(execution, (state,))
    return execution.states[state]


def _check_names(execution: Execution, names: Sequence[str]) -> None:
    known = execution.states
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"the machine has no state {name!r}{hint}")


def _failed(execution: Execution, text: str) -> AssertionError:
    return AssertionError(f"{text}\n\n{tell(execution)}")
