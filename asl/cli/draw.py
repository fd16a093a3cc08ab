"""asl draw: a picture of a machine, or of every machine in a folder.

In: the arguments. Out: pictures, on standard output or in files; with --check whether
those that are there are up to date.
Never: decides what a picture looks like; asl.diagrams does.
"""

import sys
from pathlib import Path
from typing import Any

import click

from asl.cli.main import FAILED, SUCCEEDED, WRONG
from asl.cli.options import substitute_option
from asl.cli.say import say

FORMATS = ("mermaid", "dot", "svg", "html", "png", "pdf")


@click.command("draw", short_help="Draw a machine, and what a run of it did.")
@click.argument("file", metavar="FILE|FOLDER")
@click.option(
    "-o",
    "--output",
    metavar="PICTURE|FOLDER",
    help="Where the picture goes; its ending (.svg .png .pdf .html .mmd .dot) says "
    "what it is. By default Mermaid on standard output; for a folder of definitions "
    "an SVG beside each.",
)
@click.option("--format", type=click.Choice(FORMATS), help="Whatever the name says.")
@click.option(
    "--execution",
    metavar="FILE",
    help="Draw what an execution did: the answer of GetExecutionHistory, or of "
    "asl run --output json --history json.",
)
@click.option(
    "--coverage",
    metavar="FILE",
    help="Draw what was reached: the JSON report of asl test or pytest.",
)
@click.option(
    "--direction", type=click.Choice(["TB", "LR"]), default="TB", show_default=True
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "auto"]),
    default="auto",
    show_default=True,
    help="auto: as the reader's screen is (SVG, HTML).",
)
@substitute_option
@click.option("--open", is_flag=True, help="Show the picture when it is drawn.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if a picture is missing or out of date.",
)
@click.pass_context
def command(context: click.Context, /, file: str, **options: Any) -> None:
    """Draw the machine in FILE, or each *.asl.json and *.asl.yaml in FOLDER.

    Exit code 0: all is well; 1: --check has found an old picture; 2: a definition or
    the call was wrong.
    """
    _refuse_conflicts(file, options)
    from asl.cli.pictures import format_of, pairs_of, read_data, read_events

    if options["open"] and options["output"] is None and not Path(file).is_dir():
        import tempfile

        options["output"] = tempfile.mkdtemp(prefix="asl-draw-")
        options["format"] = options["format"] or "html"
    several = Path(file).is_dir()
    format = format_of(options["output"], options["format"], several=several)
    given = {
        "format": format,
        "history": read_events(options["execution"]),
        "coverage": options["coverage"]
        and read_data(options["coverage"], "--coverage"),
        "direction": options["direction"],
        "theme": options["theme"],
    }
    worst = SUCCEEDED
    for definition, picture in pairs_of(file, options["output"], format):
        worst = max(worst, _draw(definition, picture, given, options, several=several))
    context.exit(worst)


def _refuse_conflicts(file: str, options: dict[str, Any]) -> None:
    """Options that make no sense together are the call's fault."""
    folder = Path(file).is_dir()
    if options["execution"] and options["coverage"]:
        raise click.UsageError("draw one of --execution and --coverage at a time")
    if options["execution"] and folder:
        raise click.UsageError("--execution is of one machine: name its file")
    if options["check"] and options["open"]:
        raise click.UsageError("--check writes nothing that --open could show")
    if options["check"] and options["output"] is None and not folder:
        raise click.UsageError("--check compares with a file: name it with -o")


def _draw(
    definition: str,
    picture: Path | None,
    given: dict[str, Any],
    options: dict[str, Any],
    *,
    several: bool,
) -> int:
    """Draw one machine and put the picture where it belongs; gives the exit code."""
    from asl.checks.load import load
    from asl.cli.given import read_pairs
    from asl.diagrams.draw import draw
    from asl.errors import AslError, InternalError

    filled = dict(read_pairs("--substitute", options["substitute"]))
    try:
        drawn = draw(load(definition, substitutions=filled or None), **given)
    except AslError as error:
        if not several or isinstance(error, InternalError):
            raise
        say(f"{definition}: {error}", err=True)  # the others are drawn all the same
        return WRONG
    if picture is None:
        _show(drawn)
        return SUCCEEDED
    content = drawn if isinstance(drawn, bytes) else drawn.encode(errors="replace")
    if options["check"]:
        return _compare(content, picture)
    _save(content, picture)
    say(f"{picture}", err=True)
    if options["open"]:
        click.launch(str(picture))
    return SUCCEEDED


def _show(drawn: str | bytes) -> None:
    if isinstance(drawn, bytes):
        sys.stdout.buffer.write(drawn)
    else:
        say(drawn.removesuffix("\n"))


def _compare(content: bytes, picture: Path) -> int:
    """Whether a picture is what would be drawn now."""
    try:
        old = picture.read_bytes()
    except FileNotFoundError:
        say(f"{picture}: is missing; draw it without --check", err=True)
        return FAILED
    # A checkout on Windows may have ended lines its own way.
    if old in (content, content.replace(b"\n", b"\r\n")):
        return SUCCEEDED
    say(f"{picture}: is out of date; draw it again without --check", err=True)
    return FAILED


def _save(content: bytes, picture: Path) -> None:
    from asl.errors import UsageError

    try:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{picture}: cannot be written: {error.strerror}") from None
