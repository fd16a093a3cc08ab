"""The papers of the rules as text: one rule explained, or all in a table.

In: RULES. Out: text for a terminal, Markdown for the README.
Never: knows a rule that is not in RULES.
"""

from asl.checks import check, silence  # noqa: F401 - they make RULES whole
from asl.checks.fault import find_near
from asl.checks.rules import RULES, Rule
from asl.errors import UsageError


def explain(code: str) -> str:
    """What a rule says, why, how to mend it and where it stands; a beginning of codes
    gives a list."""
    wanted = code.strip().upper()
    if wanted in RULES:
        return _explain(RULES[wanted])
    codes = sorted(RULES) if wanted else []
    found = [RULES[name] for name in codes if name.startswith(wanted)]
    if not found:
        near = find_near(wanted, RULES)
        hint = f"did you mean {near}?" if near else "asl check --explain ASL lists them"
        raise UsageError(f"there is no rule {code!r}; {hint}")
    return "\n".join(f"{r.code}  {r.severity:<7}  {r.title}" for r in found)


def _explain(rule: Rule) -> str:
    lines = [
        f"{rule.code} ({rule.severity}): {rule.title}",
        "",
        f"why   {rule.why}",
        f"fix   {rule.fix}",
        f"spec  {rule.spec}",
    ]
    if rule.aws_code:
        lines.append(f"AWS   {rule.aws_code}")
    return "\n".join(lines)


def write_table() -> str:
    """All rules as a table in Markdown."""
    rows = ["| code | severity | what is wrong |", "|---|---|---|"]
    rows += [
        f"| {rule.code} | {rule.severity} | {rule.title.replace('|', chr(92) + '|')} |"
        for _, rule in sorted(RULES.items())
    ]
    return "\n".join(rows)
