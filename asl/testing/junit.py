"""What `asl test` found, as JUnit's XML, which build servers show as tests.

In: Verdicts, with the seconds that each took. Out: the XML, in ASCII.
Never: characters that XML does not have.
"""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from asl.testing.verdict import Verdict

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(judged: Sequence[tuple[Verdict, float]]) -> str:
    """One suite, a test case for each scenario."""
    failed = sum(not verdict.passed for verdict, _ in judged)
    took = sum(seconds for _, seconds in judged)
    counts = f'tests="{len(judged)}" failures="{failed}" errors="0" time="{took:.3f}"'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f"<testsuites {counts}>",
        f'<testsuite name="asl test" {counts}>',
        *(_case(verdict, seconds) for verdict, seconds in judged),
        "</testsuite>",
        "</testsuites>",
        "",
    ]
    return "\n".join(lines).encode("ascii", "xmlcharrefreplace").decode()


def _case(verdict: Verdict, seconds: float) -> str:
    scenario = verdict.scenario
    head = (
        f"<testcase classname={_quoted(scenario.file.as_posix())} "
        f'name={_quoted(scenario.name)} time="{seconds:.3f}"'
    )
    if verdict.passed:
        return f"{head}/>"
    text = escape(_FORBIDDEN.sub("\ufffd", str(verdict)))
    return (
        f"{head}><failure message={_quoted(verdict.headline)}>{text}"
        "</failure></testcase>"
    )


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))
