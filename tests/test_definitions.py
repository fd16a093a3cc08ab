"""Published machines load and dry-run to the answer that is written down.

The definitions stand beside the project (shared/definitions) and are no part of it;
where they are not, nothing can be tested. Answers: definitions_expected.json ("alone":
with nothing given; "sampled": with what definitions_samples.json gives).
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import asl
from asl.cli.main import main
from asl.runtime.dry_run import dry_run
from asl.source.reading import read_file
from asl.source.substitution import find_placeholders

HERE = Path(__file__).parent
FOLDER = Path(__file__).parents[2] / "shared" / "definitions"
EXPECTED: dict[str, dict[str, str]] = json.loads(
    (HERE / "definitions_expected.json").read_text(encoding="utf-8")
)
SAMPLES: dict[str, dict[str, Any]] = json.loads(
    (HERE / "definitions_samples.json").read_text(encoding="utf-8")
)
ANSWER = re.compile(r"(ended at .+|loops at .+|needs a sample for .+: \$.*)\n")

pytestmark = [
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason=f"the published definitions are not at {FOLDER}"
    ),
]


def fill_in(path: Path) -> dict[str, str]:
    """A text for every placeholder: an ARN where a whole Resource is one."""
    value = read_file(path).value
    texts: dict[str, str] = {}
    for pointer, name in find_placeholders(value):
        plain = re.sub("[^A-Za-z0-9]", "-", name)
        text = value
        for step in pointer.split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            text = text[int(step)] if isinstance(text, list) else text[step]
        if pointer.endswith("/Resource") and text == f"${{{name}}}":
            plain = f"arn:aws:lambda:us-east-1:123456789012:function:{plain}"
        elif "artition" in name:
            plain = "aws"
        texts.setdefault(name, plain)
    texts.update(SAMPLES.get(path.name, {}).get("substitutions", {}))
    return texts


def test_every_definition_has_its_answer_written_down() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.asl.*")) == sorted(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_published_machine_dry_runs_to_its_answer(name: str) -> None:
    pytest.importorskip("botocore", reason="result shapes come from botocore")
    path = FOLDER / name
    pairs = [f"--substitute={key}={text}" for key, text in fill_in(path).items()]

    result = CliRunner().invoke(main, ["run", str(path), "--dry-run", *pairs])

    assert ANSWER.fullmatch(result.stdout), result.output
    assert result.stdout == EXPECTED[name]["alone"] + "\n"
    assert result.exit_code == (0 if result.stdout.startswith("ended") else 3)


@pytest.mark.parametrize("name", SAMPLES)
def test_with_samples_a_published_machine_ends(name: str) -> None:
    pytest.importorskip("botocore", reason="result shapes come from botocore")
    path = FOLDER / name
    given = SAMPLES[name]

    answer = dry_run(
        asl.load(path, substitutions=fill_in(path)),
        given.get("input"),
        samples=given.get("samples"),
        choose=given.get("choose"),
        visits=4,
    )

    assert str(answer) == EXPECTED[name]["sampled"]


def test_at_least_twenty_machines_end_with_samples() -> None:
    ends = [a for a in EXPECTED.values() if a.get("sampled", "").startswith("ended")]
    assert len(ends) >= 20
