"""`asl check` as a user types it: what it prints where, and its exit codes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner, Result

from asl.cli.main import main

ROOT = Path(__file__).resolve().parents[2]

CLEAN = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
BROKEN = """\
{
  "StartAt": "Look",
  "States": {
    "Look": {"Type": "Wait", "SecondsPath": "$.n", "Next": "Pya"},
    "Pay": {"Type": "Succeed"}
  }
}
"""
DOUBTFUL = """\
StartAt: Look
States:
  Look:
    Type: Wait
    Seconds: 1
    Next: Look again
  Look again:
    Type: Wait
    Seconds: 1
    Next: Look
  Out: {Type: Succeed}
"""
"""No error but the unreachable Out, which is taken away where only a warning is due."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.asl]\n")
    (tmp_path / "order.asl.json").write_text(BROKEN)
    (tmp_path / "clean.asl.json").write_text(CLEAN)
    return tmp_path


def check(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], input=stdin)


def configure(text: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.asl]\n{text}\n")


WARNED = '{"StartAt": "A", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
"""A key that stands twice is a warning."""


# -------------------------------------------------------------------------- exit codes


def test_a_clean_file_exits_with_0() -> None:
    result = check("clean.asl.json")
    assert result.exit_code == 0
    assert result.stdout == "1 file checked, no problems\n"


def test_an_error_is_shown_with_its_line_and_exits_with_1() -> None:
    result = check("order.asl.json")
    assert result.exit_code == 1
    assert (
        'order.asl.json:4:60: error ASL101 no state is named "Pya"; did you mean "Pay"?'
        in result.stdout
    )
    assert '    4 |     "Look": {"Type": "Wait"' in result.stdout
    assert f"      | {' ' * 59}^^^^^" in result.stdout


def test_a_warning_exits_with_0_and_when_strict_with_1() -> None:
    Path("twice.asl.json").write_text(WARNED)
    assert check("twice.asl.json").exit_code == 0
    assert "1 warning" in check("twice.asl.json").stdout
    assert check("--strict", "twice.asl.json").exit_code == 1
    configure("strict = true")
    assert check("twice.asl.json").exit_code == 1


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"a": "\xff"}', b"[]"])
def test_a_file_that_cannot_be_read_exits_with_2(content: bytes | None) -> None:
    if content is not None:
        Path("odd.asl.json").write_bytes(content)
    result = check("order.asl.json", "odd.asl.json")
    assert result.exit_code == 2
    assert "odd.asl.json" in result.stdout
    assert "ASL101" in result.stdout, "the other file is checked all the same"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a file, a folder, a pattern"),
        (["*.nothing"], "no file is named like this"),
        (["--select", "ASL777", "order.asl.json"], "there is no rule 'ASL777'"),
        (["--ignore", "ASL101,x", "order.asl.json"], "there is no rule 'x'"),
        (["--explain", "x"], "there is no rule 'x'"),
        (["--fix", "-"], "--fix cannot mend standard input"),
        (["--substitute", "x", "order.asl.json"], "--substitute takes NAME=VALUE"),
        (["--format", "xml", "order.asl.json"], "'xml' is not one of"),
    ],
)
def test_a_wrong_call_exits_with_2(arguments: list[str], message: str) -> None:
    result = check(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_wrong_configuration_exits_with_2_and_names_its_key() -> None:
    configure("ignroe = []")
    result = check("order.asl.json")
    assert result.exit_code == 2
    assert "unknown key 'ignroe'; did you mean ignore?" in result.stderr


# ------------------------------------------------------------------------ what is read


def test_folders_patterns_and_files_are_checked_in_order_and_once() -> None:
    Path("deep").mkdir()
    Path("deep/z.asl.yaml").write_text("StartAt: A\nStates: {A: {Type: Pass}}\n")
    result = check("deep", ".", "order.*", "--format", "json")
    report = json.loads(result.stdout)
    assert report["files"] == ["deep/z.asl.yaml", "clean.asl.json", "order.asl.json"]
    places = [(p["file"], p["line"] or 0) for p in report["problems"]]
    assert places == sorted(
        places, key=lambda at: (report["files"].index(at[0]), at[1])
    )


def test_standard_input_is_checked() -> None:
    result = check("-", stdin=BROKEN)
    assert result.exit_code == 1
    assert "-:4:60: error ASL101" in result.stdout
    assert check("-", stdin=CLEAN).exit_code == 0
    assert check("-", stdin="").exit_code == 2
    assert check("-", "--format", "aws", stdin="{").exit_code == 1


def test_placeholders_are_filled() -> None:
    text = CLEAN.replace('"StartAt": "A"', '"StartAt": "${First}"')
    Path("open.asl.json").write_text(text)
    assert check("open.asl.json", "--substitute", "First=A").exit_code == 0
    assert check("open.asl.json", "--substitute", "First=B").exit_code == 1


def test_the_type_of_the_machine_matters() -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": "q", "MessageBody": {"t.$": "$$.Task.Token"}},
        "TimeoutSeconds": 9,
        "End": True,
    }
    text = json.dumps({"StartAt": "A", "States": {"A": task}})
    Path("wait.asl.json").write_text(text)
    assert check("wait.asl.json").exit_code == 0
    assert check("wait.asl.json", "--type", "express").exit_code == 1


# ------------------------------------------------------------------- what is asked for


def codes(*arguments: str) -> set[str]:
    report = json.loads(check("order.asl.json", "--format", "json", *arguments).stdout)
    return {problem["code"] for problem in report["problems"]}


def test_rules_are_selected_and_ignored_by_code_or_beginning() -> None:
    assert codes() == {"ASL101", "ASL102"}
    assert codes("--select", "asl101") == {"ASL101"}
    assert codes("--select", "ASL2,ASL102") == {"ASL102"}
    assert codes("--select", "ASL1", "--ignore", "ASL101") == {"ASL102"}
    assert codes("--ignore", "ASL101", "--ignore", "ASL102") == set()


def test_the_command_line_goes_before_the_configuration() -> None:
    configure('ignore = ["ASL101"]')
    assert codes() == {"ASL102"}
    assert codes("--ignore", "ASL102") == set()
    assert codes("--select", "ASL101") == {"ASL101"}
    configure('select = ["ASL2"]')
    assert codes() == set()
    assert codes("--select", "ASL102") == {"ASL102"}


def test_one_place_is_silenced_by_its_pointer() -> None:
    configure(
        'silence = [{file = "order.asl.json", pointer = "/States", codes = ["ASL1"]}]'
    )
    result = check("order.asl.json")
    assert (result.exit_code, result.stdout) == (0, "1 file checked, no problems\n")
    configure('silence = [{file = "*", pointer = "/States/Pay", codes = ["ASL101"]}]')
    result = check("order.asl.json")
    assert result.exit_code == 1
    assert "\npyproject.toml: info ASL901 the silence of ASL101" in f"\n{result.stdout}"


def test_one_place_of_yaml_is_silenced_by_a_comment() -> None:
    Path("order.asl.yaml").write_text(DOUBTFUL)
    assert check("order.asl.yaml").exit_code == 1
    text = DOUBTFUL.replace("  Out:", "  # asl: ignore ASL102\n  Out:")
    Path("order.asl.yaml").write_text(text)
    assert check("order.asl.yaml").exit_code == 0


def test_a_rule_is_explained() -> None:
    result = check("--explain", "ASL101")
    assert result.exit_code == 0
    assert [line[:5].strip() for line in result.stdout.splitlines()] == [
        "ASL10",
        "",
        "why",
        "fix",
        "spec",
        "AWS",
    ]


# ------------------------------------------------------------------------------- forms


def test_every_form_is_written() -> None:
    sarif = json.loads(check("order.asl.json", "--format", "sarif").stdout)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "ASL101"
    junit = ElementTree.fromstring(check(".", "--format", "junit").stdout)
    assert junit.get("failures") == "2"
    github = check("order.asl.json", "--format", "github").stdout
    assert github.startswith("::error file=order.asl.json,line=4,")
    assert check("clean.asl.json", "--format", "github").stdout == ""


def test_colours_are_for_terminals() -> None:
    arguments = ["check", "order.asl.json"]
    coloured = CliRunner().invoke(main, arguments, color=True).stdout
    assert "\x1b[" in coloured
    assert "\x1b[" not in CliRunner().invoke(main, arguments).stdout


def aws(*arguments: str) -> Any:
    return json.loads(check("--format", "aws", *arguments).stdout)


def test_aws_answers_to_one_file_or_to_each() -> None:
    answer = aws("order.asl.json")
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"][0]["code"] == "MISSING_TRANSITION_TARGET"
    assert check("--format", "aws", "order.asl.json").exit_code == 1
    answers = aws(".")
    assert {name: one["result"] for name, one in answers.items()} == {
        "clean.asl.json": "OK",
        "order.asl.json": "FAIL",
    }
    assert check("--format", "aws", "clean.asl.json").exit_code == 0


def test_aws_is_given_yaml_as_json_and_placeholders_filled() -> None:
    Path("order.asl.yaml").write_text(DOUBTFUL)
    assert aws("order.asl.yaml")["result"] == "FAIL"
    Path("open.asl.json").write_text(CLEAN.replace('"A", "St', '"${First}", "St'))
    assert aws("open.asl.json", "--substitute", "First=A")["result"] == "OK"


def test_aws_cannot_be_given_what_cannot_be_read() -> None:
    Path("odd.asl.yaml").write_text("a: [")
    assert check("--format", "aws", "odd.asl.yaml").exit_code == 2
    assert check("--format", "aws", "gone.asl.json").exit_code == 2


# ---------------------------------------------------------------------------- mending


def test_fix_mends_the_file_and_says_what() -> None:
    Path("order.asl.json").chmod(0o640)
    result = check("--fix", "order.asl.json")
    assert result.exit_code == 0
    assert result.stderr == (
        'order.asl.json:4:60: fixed ASL101 Next "Pya" is now "Pay"\n'
    )
    assert result.stdout == "1 file checked, no problems\n"
    assert Path("order.asl.json").read_text() == BROKEN.replace("Pya", "Pay")
    assert sorted(path.name for path in Path().iterdir()) == [
        "clean.asl.json",
        "order.asl.json",
        "pyproject.toml",
    ]
    if sys.platform != "win32":
        assert Path("order.asl.json").stat().st_mode & 0o777 == 0o640


def test_fix_keeps_bytes_that_are_not_its_business(folder: Path) -> None:
    text = "\ufeff" + BROKEN.replace("\n", "\r\n").replace("Look", "L\u00f6\u00f6k")
    (folder / "order.asl.json").write_bytes(text.encode())
    assert check("--fix", "order.asl.json").exit_code == 0
    mended = (folder / "order.asl.json").read_bytes().decode()
    assert mended == text.replace("Pya", "Pay")


def test_fix_does_not_touch_what_it_cannot_mend(folder: Path) -> None:
    before = (folder / "clean.asl.json").stat().st_mtime_ns
    (folder / "wide.asl.json").write_bytes(BROKEN.encode("utf-16"))
    (folder / "odd.asl.json").write_bytes(b'{"a": "\xff"}')
    result = check("--fix", ".", "gone.asl.json")
    assert result.exit_code == 2
    assert result.stderr.count("fixed") == 1
    assert (folder / "clean.asl.json").stat().st_mtime_ns == before
    assert (folder / "wide.asl.json").read_bytes() == BROKEN.encode("utf-16")


def test_fix_does_not_mend_what_is_ignored() -> None:
    result = check("--fix", "--ignore", "ASL101,ASL102", "order.asl.json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("order.asl.json").read_text() == BROKEN


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_fix_mends_the_file_behind_a_link(folder: Path) -> None:
    (folder / "link.asl.json").symlink_to("order.asl.json")
    assert check("--fix", "link.asl.json").exit_code == 0
    assert (folder / "link.asl.json").is_symlink()
    assert "Pay" in (folder / "order.asl.json").read_text()


def test_a_file_that_cannot_be_written_is_left_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.copymode", refuse)
    result = check("--fix", "order.asl.json")
    assert result.exit_code == 2
    assert "cannot be written: Permission denied" in result.stderr
    assert (folder / "order.asl.json").read_text() == BROKEN
    assert len(list(folder.iterdir())) == 3


# ----------------------------------------------------------------------------- the rest

SAMPLE = """\
{
  "StartAt": "Greet",
  "States": {
    "Greet": {
      "Type": "Pass",
      "Result": {"name": "Ada"},
      "Next": "Tell"
    },
    "Tell": {
      "Type": "Task",
      "Resource": "arn:aws:states:::sns:publish",
      "Parameters": {
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:news",
        "Message.$": "$.nmae"
      },
      "Retry": [{"ErrorEquals": ["States.Timout"]}],
      "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Apologize"}],
      "End": true
    },
    "Apologise": {"Type": "Fail", "Error": "NotTold"}
  }
}
"""


def test_help_loads_nothing_heavy() -> None:
    code = (
        "from asl.cli.main import main\n"
        "try: main(['check', '--help'])\nexcept SystemExit: pass\n"
        "import sys; print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    heavy = {"networkx", "jsonschema", "jsonpath_ng", "yaml", "jlens", "botocore"}
    assert "Exit code 0: no errors" in " ".join(done.stdout.split())
    assert not heavy & set(done.stderr.split())


def test_the_readme_shows_what_is_really_printed() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- check sample -->\n```console\n")[1].split("```")[0]
    Path("order.asl.json").write_text(SAMPLE)
    result = check("order.asl.json")
    assert f"$ asl check order.asl.json\n{result.stdout}" == shown


def test_the_hook_for_pre_commit_runs_the_command() -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    (hook,) = yaml.safe_load(text)
    assert (hook["id"], hook["entry"]) == ("asl-check", "asl check")
    assert hook["language"] == "python"
    for name in ("a.asl.json", "b/c.asl.yaml", "d.asl.yml"):
        assert re.search(hook["files"], name)
    assert not re.search(hook["files"], "package.json")
