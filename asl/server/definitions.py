"""Definitions of state machines: refused, validated, built, asked what they read.

In: a definition's text. Out: ApiError in AWS's words, diagnostics, a machine that is
ready to run, the variables that each state reads. Never: keeps what it was given.

API reference: ValidateStateMachineDefinition, DescribeStateMachine; recorded.
"""

from collections.abc import Mapping
from functools import lru_cache

from asl.checks.aws import create_message, read_and_diagnose, render
from asl.checks.load import load_text
from asl.checks.subject import Definition
from asl.errors import ApiError
from asl.model.machine import StateMachine
from asl.server.account import Answer, Request
from asl.source.document import Document
from asl.values import parse_json


def check_definition(definition: str, type: str) -> None:
    """Refuse what CreateStateMachine refuses."""
    if message := create_message(read_and_diagnose(definition, type=type)):
        raise ApiError("InvalidDefinition", message)


def build_definition(definition: str, name: str) -> StateMachine:
    """A machine ready to run; DefinitionError where it cannot be built."""
    return load_text(definition, name=name)


def answer_validate(request: Request) -> Answer:
    """Answer ValidateStateMachineDefinition."""
    kind = request.get("type") or "STANDARD"
    found = read_and_diagnose(request["definition"], type=kind)
    return render(
        found,
        severity=request.get("severity") or "ERROR",
        max_results=request.get("maxResults") or 0,
    )


@lru_cache(maxsize=128)
def variables_read(definition: str) -> Mapping[str, tuple[str, ...]]:
    """The variables that each state reads, in order; states that read none are out."""
    value = parse_json(definition)
    subject = Definition(Document(value, text="", file=None, format="value"))
    found = {
        node.name: {
            name
            for site in subject.sites_in(node)
            for name, _ in site.variables
            if name != "states"
        }
        for node in subject.states
    }
    return {state: tuple(sorted(names)) for state, names in found.items() if names}
