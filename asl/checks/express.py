"""What Express forbids: jobs, tokens, activities and distributed Maps.

In: a Definition and the type it is to run as. Out: Findings, each of which AWS refuses.
Never: looks at Standard workflows, but for Maps whose children are Express.

Developer guide: "Standard and Express workflows".
"""

from collections.abc import Iterator

from asl.checks.rules import SCHEMA, Finding, rule
from asl.checks.subject import Definition, Machine, Node
from asl.problem import Severity


def _express(subject: Definition) -> Iterator[tuple[Node, str]]:
    """States that run in an Express execution, and what runs there."""
    express: dict[Machine, str] = {}
    for machine in subject.machines:
        owner = machine.owner
        if owner is None:
            word = "an Express workflow" if subject.type == "EXPRESS" else ""
        elif machine.is_distributed:
            own = machine.config.get("ExecutionType") == "EXPRESS"
            word = "a Map whose children are Express" if own else ""
        else:
            word = express[owner.machine]
        express[machine] = word
        if word:
            for node in machine.states.values():
                yield node, word


@rule(
    "ASL520",
    "Express cannot wait for a job",
    why="An Express execution lasts five minutes at most; AWS refuses .sync in it.",
    fix="Use a Standard workflow, or call without .sync.",
    spec="Developer guide: Standard and Express workflows",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_express_jobs(subject: Definition) -> Iterator[Finding]:
    """.sync in Express."""
    for node, word in _express(subject):
        resource = node.resource
        if resource and resource.pattern in ("sync", "sync:2"):
            yield Finding(
                pointer=node.at("Resource"),
                message=f"{word} does not support '.sync'",
                suggestion="use a Standard workflow, or call without .sync",
            )


@rule(
    "ASL521",
    "Express cannot wait for a token",
    why="An Express execution lasts five minutes at most; AWS refuses "
    ".waitForTaskToken in it.",
    fix="Use a Standard workflow.",
    spec="Developer guide: Standard and Express workflows",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_express_tokens(subject: Definition) -> Iterator[Finding]:
    """.waitForTaskToken in Express."""
    for node, word in _express(subject):
        resource = node.resource
        if resource and resource.pattern == "token":
            yield Finding(
                pointer=node.at("Resource"),
                message=f"{word} does not support '.waitForTaskToken'",
                suggestion="use a Standard workflow",
            )


@rule(
    "ASL522",
    "Express has no activities",
    why="An activity's worker asks for work in its own time; AWS refuses activities in "
    "Express.",
    fix="Use a Standard workflow, or a Lambda function.",
    spec="Developer guide: Standard and Express workflows",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_express_activities(subject: Definition) -> Iterator[Finding]:
    """Activities in Express."""
    for node, word in _express(subject):
        resource = node.resource
        if resource and resource.family == "activity":
            yield Finding(
                pointer=node.at("Resource"),
                message=f"{word} does not support activities",
                suggestion="use a Standard workflow",
            )


@rule(
    "ASL523",
    "Express has no distributed Map",
    why="A distributed Map starts executions and waits for them, which may take longer "
    "than Express allows; AWS refuses it.",
    fix="Use an inline Map, or a Standard workflow.",
    spec="Developer guide: Distributed Map",
    severity=Severity.ERROR,
    aws_code=SCHEMA,
)
def find_express_maps(subject: Definition) -> Iterator[Finding]:
    """Distributed Maps in Express."""
    for node, word in _express(subject):
        if node.is_distributed:
            yield Finding(
                pointer=node.at("ItemProcessor", "ProcessorConfig", "Mode"),
                message=f"{word} does not support a distributed Map",
                suggestion="use an inline Map, or a Standard workflow",
            )
