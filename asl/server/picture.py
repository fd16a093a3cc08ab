"""A machine's picture, drawn in a process of its own.

In: a StateMachine. Out: its picture as SVG that follows the theme of the page around
it; UsageError where there can be none: Graphviz is missing, or took too long.
Never: draws in the server's own process. Graphviz holds the interpreter while it works,
works long over some machines, mutes standard error, and can only be stopped from
outside.

The other process runs this module: a pickled Shape comes in, an SVG goes out.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from asl.diagrams.shape import build_shape
from asl.errors import UsageError
from asl.model.machine import StateMachine

PICTURE_SECONDS = 20.0
_CANNOT = 3
"""The exit code with a sentence for the user."""


def draw_apart(machine: StateMachine, *, limit_seconds: float = PICTURE_SECONDS) -> str:
    """The picture of a machine as the text of an SVG file."""
    # Nothing is imported from the folder that the server happens to run in.
    code = "from asl.server.picture import main; main()"
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    try:
        drawn = subprocess.run(
            [sys.executable, "-P", "-c", code],
            input=pickle.dumps(build_shape(machine)),
            capture_output=True,
            env=os.environ | {"PYTHONPATH": path},
            timeout=limit_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"Graphviz was stopped after {limit_seconds:g} seconds: this machine is "
            "too tangled for a picture"
        ) from None
    except OSError as error:
        raise UsageError(
            f"the picture cannot be drawn: Python does not start: {error.strerror}"
        ) from None
    if drawn.returncode == _CANNOT:
        raise UsageError(drawn.stderr.decode("utf-8", "replace"))
    if drawn.returncode != 0:
        raise UsageError(
            f"the picture cannot be drawn: Graphviz ended with {drawn.returncode}"
        )
    return drawn.stdout.decode("utf-8")


def main() -> None:
    """What the other process does."""
    sys.exit(answer(sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer))


def answer(given: BinaryIO, drawn: BinaryIO, said: BinaryIO) -> int:
    """Read a shape, write its picture, give the exit code."""
    from asl.diagrams.layout import lay_out
    from asl.diagrams.svg import write_svg

    shape = pickle.load(given)
    try:
        picture = write_svg(shape, lay_out(shape), theme="page")
    except UsageError as error:
        said.write(str(error).encode("utf-8", "replace"))
        return _CANNOT
    drawn.write(picture.encode("utf-8", "replace"))
    return 0
