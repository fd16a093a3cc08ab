"""The report as JUnit's XML, which build servers show as tests.

In: what was found in each file. Out: one suite; a test case for each Problem that
fails its file, and one for each file without such a Problem.
Never: characters that XML does not have, or any beyond ASCII as themselves: the text is
the same in whatever encoding it is written.
"""

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from asl.checks.report import Checked, sentence
from asl.checks.silence import is_unreadable
from asl.problem import Problem


def write_junit(checked: Sequence[Checked]) -> str:
    """The suite `asl check`; warnings of files that are not strict are its output."""
    cases = [case for one in checked for case in _cases(one)]
    failing = [(p, one) for one in checked for p in one.problems if one.fails(p)]
    errors = sum(is_unreadable(problem) for problem, _ in failing)
    counts = (
        f'tests="{len(cases)}" failures="{len(failing) - errors}" errors="{errors}"'
    )
    lines = "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            f"<testsuites {counts}>",
            f'<testsuite name="asl check" {counts}>',
            *cases,
            "</testsuite>",
            "</testsuites>",
        ]
    )
    return lines.encode("ascii", "xmlcharrefreplace").decode()


def _cases(one: Checked) -> Iterator[str]:
    failing = [problem for problem in one.problems if one.fails(problem)]
    others = [problem for problem in one.problems if not one.fails(problem)]
    for problem in failing:
        kind = "error" if is_unreadable(problem) else "failure"
        place = _place(problem, one)
        name = problem.code
        if problem.line is not None:
            name += f" at {problem.line}:{problem.column}"
        yield (
            f"{_case(one.file, name)}"
            f"<{kind} type={_quoted(problem.code)} "
            f"message={_quoted(sentence(problem))}>"
            f"{_text(f'{place}: {sentence(problem)}')}</{kind}></testcase>"
        )
    told = "\n".join(
        f"{_place(p, one)}: {p.severity} {p.code} {sentence(p)}" for p in others
    )
    output = f"<system-out>{_text(told)}</system-out>" if told else ""
    if not failing or told:
        name = "other findings" if failing else "check"
        yield f"{_case(one.file, name)}{output}</testcase>"


def _place(problem: Problem, one: Checked) -> str:
    file = problem.file or one.file
    return f"{file}:{problem.line}:{problem.column}" if problem.line else file


def _case(file: str, name: str) -> str:
    return f"<testcase classname={_quoted(file)} name={_quoted(name)}>"


_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))
