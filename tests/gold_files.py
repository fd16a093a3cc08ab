"""Gold files: what a writer wrote when somebody looked at it and found it good.

In: a text and the gold file's name. Out: nothing, or a failed test and the new text
beside the gold file, as NAME.new: look at both, then rename the new one or mend the
writer.
Never: takes a new text for good by itself.
"""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "gold"


def check_gold(name: str, text: str) -> None:
    """The text is that of the gold file."""
    gold, new = FOLDER / name, FOLDER / f"{name}.new"
    known = gold.read_text(encoding="utf-8") if gold.exists() else None
    if text == known:
        new.unlink(missing_ok=True)
        return
    new.write_text(text, encoding="utf-8", newline="\n")
    pytest.fail(f"not as in {gold}; the new text is in {new}")
