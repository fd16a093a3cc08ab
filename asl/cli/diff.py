"""asl diff: what differs between two definitions.

In: the arguments. Out: the differences as text, JSON or a picture; 0 none, 1 some,
2 the call or a definition was wrong.
Never: decides what differs; asl.diagrams.compare does.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asl.cli.main import FAILED, SUCCEEDED
from asl.cli.options import substitute_option

if TYPE_CHECKING:
    from asl.diagrams.compare import Comparison

FORMATS = ("text", "mermaid", "svg", "json")
_SUFFIXES = {".mmd": "mermaid", ".svg": "svg", ".json": "json", ".txt": "text"}


@click.command("diff", short_help="Show what differs between two definitions.")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    help="By default what FILE's suffix says (.mmd .svg .json), else text.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, not to stdout.")
@click.option(
    "--direction", type=click.Choice(["TB", "LR"]), default="TB", show_default=True
)
@click.option(
    "--theme",
    type=click.Choice(["light", "dark", "auto"]),
    default="auto",
    show_default=True,
)
@substitute_option
@click.pass_context
def command(context: click.Context, /, old: str, new: str, **options: Any) -> None:
    """Show which states, fields and transitions were added (+), removed (-) and changed
    (~) from OLD to NEW; how a file is laid out, and JSON or YAML, makes no difference.

    Exit code 0: they say the same; 1: they differ; 2: a definition or the call was
    wrong.
    """
    import asl
    from asl.cli.given import read_pairs
    from asl.diagrams.compare import compare

    filled = dict(read_pairs("--substitute", options["substitute"]))
    comparison = compare(
        asl.load(old, substitutions=filled), asl.load(new, substitutions=filled)
    )
    output = options["output"]
    by_name = _SUFFIXES.get(Path(output or "").suffix.lower(), "text")
    kind = options["format"] or by_name
    if kind == "text":
        from asl.diagrams.compare_report import write_text

        text = write_text(comparison, old=old, new=new)
    elif kind == "json":
        import json

        text = json.dumps(comparison.to_json(), indent=2, ensure_ascii=False) + "\n"
    else:
        text = _draw(comparison, kind, options)
    _write(text, output)
    context.exit(SUCCEEDED if comparison.is_same else FAILED)


def _draw(comparison: "Comparison", kind: str, options: dict[str, Any]) -> str:
    from asl.diagrams.both import shape_of_both

    direction = options["direction"]
    shape, overlay = shape_of_both(comparison)
    if kind == "mermaid":
        from asl.diagrams.mermaid import write_mermaid

        return write_mermaid(shape, direction=direction, overlay=overlay)
    from asl.diagrams.layout import lay_out
    from asl.diagrams.svg import write_svg

    layout = lay_out(shape, direction=direction, overlay=overlay)
    return write_svg(shape, layout, theme=options["theme"], overlay=overlay)


def _write(text: str, output: str | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    from asl.errors import UsageError

    try:
        Path(output).write_text(text, encoding="utf-8", newline="\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"--output {output}: cannot be written: {reason}") from None
