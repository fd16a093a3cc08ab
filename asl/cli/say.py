"""Saying things: lines on the terminal, as it can show them.

In: texts, perhaps with click's colours. Out: lines on standard output or error.
Never: fails because of a character; what a stream cannot show becomes `?`.
"""

import os
import sys

import click


def say(text: str = "", *, err: bool = False) -> None:
    """Write a line; colours only on a terminal, and not where NO_COLOR is set."""
    # The stream is named because click would take an ASCII one for misconfigured, and
    # write UTF-8 to it.
    stream = sys.stderr if err else sys.stdout
    click.echo(text, file=stream, color=False if os.environ.get("NO_COLOR") else None)


def warn(text: str) -> None:
    """Write a warning to standard error."""
    say(click.style("warning: ", fg="yellow") + text, err=True)


def arrow() -> str:
    """An arrow that standard output can show."""
    try:
        "→".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "->"
    return "→"
