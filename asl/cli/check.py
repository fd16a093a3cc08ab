"""asl check: what is wrong with definitions, all at once.

In: the arguments. Out: a report in the wished form; 0 clean, 1 errors, 2 unreadable.
Never: decides anything about a definition; asl.checks does.
"""

import sys
from typing import TYPE_CHECKING, Any

import click

from asl.cli.main import FAILED, SUCCEEDED, WRONG
from asl.cli.options import substitute_option, type_option, workflow_type
from asl.cli.say import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asl.checks.inspection import Wishes
    from asl.checks.report import Checked

FORMATS = ("text", "json", "sarif", "github", "junit", "aws")
_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


@click.command("check", short_help="Find what is wrong with definitions.")
@click.argument("files", nargs=-1, metavar="FILE...")
@type_option
@substitute_option
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--select",
    metavar="CODES",
    multiple=True,
    help="Only these rules: ASL101,ASL2 (ASL2 is all that begins so).",
)
@click.option("--ignore", metavar="CODES", multiple=True, help="Not these rules.")
@click.option("--explain", metavar="CODE", help="What a rule means; checks nothing.")
@click.option("--format", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option(
    "--fix", is_flag=True, help="Mend what is safe to mend, in the files themselves."
)
@click.pass_context
def command(context: click.Context, /, files: tuple[str, ...], **options: Any) -> None:
    """Check every FILE: a definition in JSON or YAML, a folder, a pattern, or - for
    standard input.

    Exit code 0: no errors; 1: errors (with --strict warnings, too); 2: a file cannot be
    read, or the call was wrong. With --format aws, rules cannot be chosen and --strict
    also lists AWS's warnings.
    """
    if options["explain"]:
        from asl.checks.papers_text import explain

        say(explain(options["explain"]))
        return
    if not files:
        raise click.UsageError("name a file, a folder, a pattern, or - to check")
    from asl.source.search import STDIN, find_definitions

    found = find_definitions(files)
    if options["fix"] and STDIN in found:
        raise click.UsageError("--fix cannot mend standard input: name a file")
    wishes = _wishes(options, sys.stdin.read() if STDIN in found else "")
    if options["format"] == "aws":
        context.exit(_speak_as_aws(files, found, wishes))
    context.exit(_check(found, wishes, options))


def _wishes(options: dict[str, Any], stdin: str) -> "Wishes":
    from asl.checks.config import read_codes
    from asl.checks.inspection import Wishes
    from asl.checks.rules import RULES
    from asl.cli.given import read_pairs

    chosen = {
        name: tuple(read_codes(f"--{name}", ",".join(options[name]).split(","), RULES))
        for name in ("select", "ignore")
        if options[name]
    }
    return Wishes(
        type=workflow_type(options["type"]),
        substitutions=dict(read_pairs("--substitute", options["substitute"])),
        strict=options["strict"],
        stdin=stdin,
        **chosen,
    )


def _check(files: "Sequence[str]", wishes: "Wishes", options: dict[str, Any]) -> int:
    """Mend if that is wished, check, report; gives the exit code."""
    from asl.checks.config import Configs
    from asl.checks.inspection import inspect, mend
    from asl.checks.rules import RULES
    from asl.checks.silence import is_unreadable

    configs = Configs(RULES)
    for file in files if options["fix"] else ():
        for fix in mend(file, wishes, configs):
            place = f"{file}:{fix.line}:{fix.column}"
            word = click.style("fixed", fg="green")
            say(f"{place}: {word} {fix.code} {fix.message}", err=True)
    checked = [inspect(file, wishes, configs) for file in files]
    if report := _write(checked, options["format"]):
        say(report)
    problems = [(problem, one) for one in checked for problem in one.problems]
    if any(is_unreadable(problem) for problem, _ in problems):
        return WRONG
    return FAILED if any(one.fails(p) for p, one in problems) else SUCCEEDED


def _write(checked: "Sequence[Checked]", format: str) -> str:
    """The report in one of the forms; each writer is imported when it is needed."""
    if format == "json":
        from asl.checks.report_json import write_json

        return write_json(checked)
    if format == "sarif":
        import asl
        from asl.checks.report_sarif import write_sarif
        from asl.checks.rules import RULES

        return write_sarif(checked, rules=RULES, version=asl.__version__)
    if format == "github":
        from asl.checks.report_github import write_github

        return write_github(checked)
    if format == "junit":
        from asl.checks.report_junit import write_junit

        return write_junit(checked)
    from asl.checks.report import write_text

    return write_text(checked, paint=_paint)


def _paint(text: str, kind: str) -> str:
    if kind in _COLOURS:
        return click.style(text, fg=_COLOURS[kind], bold=True)
    return click.style(text, bold=kind == "bold", dim=kind == "dim")


def _speak_as_aws(
    words: "Sequence[str]", files: "Sequence[str]", wishes: "Wishes"
) -> int:
    """AWS's answer to one file, or of several each one's under its name."""
    import json

    from asl.checks.inspection import answer_as_aws

    answers = {file: answer_as_aws(file, wishes) for file in files}
    alone = list(files) == list(words) and len(files) == 1
    shown = answers[files[0]] if alone else answers
    say(json.dumps(shown, indent=2))
    failed = any(
        answer["result"] == "FAIL" or (wishes.strict and answer["diagnostics"])
        for answer in answers.values()
    )
    return FAILED if failed else SUCCEEDED
