"""The answer of a dry run, for people and for programs.

In: a DryRun. Out: the answer alone on standard output, what led to it on standard
error; or one JSON object.
Never: decides; everything shown is read from what it is given.
"""

from typing import TYPE_CHECKING

from asl.cli.outcome import echo_json
from asl.cli.say import arrow, say
from asl.values import Json

if TYPE_CHECKING:
    from asl.runtime.dry_run import DryRun


def show_dry_run(result: "DryRun", *, as_json: bool) -> None:
    """The answer on standard output, what led to it on standard error."""
    if as_json:
        echo_json(_dry_run_json(result))
        return
    for guess in result.guesses:
        say(
            f"{guess.state}: lacks {guess.lack.path} of {_owner(guess.lack.state)}"
            f"{_documented(guess.lack.one_of)}; {guess.why}: {guess.target}",
            err=True,
        )
    if result.entered:
        say(f"path: {f' {arrow()} '.join(result.entered)}", err=True)
    if result.error is not None:
        say(f"it failed: {result.error}: {result.cause or ''}", err=True)
    if result.from_input:
        say("the execution's input is not known: give it with --input", err=True)
    elif result.from_given:
        say(f"the data that {result.reader} is given do not have it", err=True)
    elif result.reader not in (None, result.state):
        say(f"{result.reader} needs it", err=True)
    say(str(result))


def _owner(state: str | None) -> str:
    return "the execution's input" if state is None else state


def _documented(one_of: tuple[str, ...]) -> str:
    return f" (one of {', '.join(one_of)})" if one_of else ""


def _dry_run_json(result: "DryRun") -> Json:
    value: dict[str, Json] = {
        "answer": str(result),
        "outcome": result.outcome,
        "state": result.state,
    }
    if result.path is not None:
        value |= {"path": result.path, "reader": result.reader}
        value["in"] = "input" if result.from_input else "result"
    if result.error is not None:
        value |= {"error": result.error, "cause": result.cause}
    value["entered"] = list(result.entered)
    value["guesses"] = [
        {
            "state": guess.state,
            "lacks": guess.lack.path,
            "of": guess.lack.state,
            "took": guess.target,
            "why": guess.why,
        }
        for guess in result.guesses
    ]
    return value
