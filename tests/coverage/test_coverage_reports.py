"""The forms of report: each says the same, each opens in the readers of its kind."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

import asl
from asl.coverage.collect import Collector
from asl.coverage.measure import Coverage, Tally
from asl.coverage.report import FORMATS, percent_text, write_report
from asl.coverage.wishes import find_lack, read_wish, write_reports
from asl.errors import UsageError

ORDER = """{
  "StartAt": "Sort, then",
  "States": {
    "Sort, then": {
      "Type": "Choice",
      "Choices": [
        {"Variable": "$.a", "NumericEquals": 1, "Next": "One"}
      ],
      "Default": "Two"
    },
    "One": {"Type": "Succeed"},
    "Two": {
      "Type": "Pass",
      "QueryLanguage": "JSONata",
      "Output": "{% $states.input.a < 3 ? '<b>' : 2 %}",
      "Next": "One"
    }
  }
}
"""


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@pytest.fixture
def coverage(tmp_path: Path) -> Coverage:
    """A file that was run once, and one of two machines without a file."""
    file = tmp_path / "flows" / "order.asl.json"
    file.parent.mkdir()
    file.write_text(ORDER, encoding="utf-8")
    with Collector(tmp_path) as found:
        asl.run(asl.load(file), {"a": 2})
        asl.run(asl.load_text('{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'))
    found.add(
        asl.load_text('{"StartAt":"B<","States":{"B<":{"Type":"Succeed"}}}', name="N&B")
    )
    return found


def test_the_terminal_shows_a_table_and_what_is_missing(coverage: Coverage) -> None:
    assert write_report(coverage, "term").splitlines() == [
        "                      states  transitions  conditions  reached",
        "N&B                      0/1            -           -      0 %",
        "StateMachine             1/1            -           -    100 %",
        "flows/order.asl.json     3/3          3/4         1/2     77 %",
        "all                      4/5          3/4         1/2     72 %",
        "",
        "never run:",
        "  N&B: B<",
        "",
        "never reached:",
        "  flows/order.asl.json:7: Sort, then: Choices[0] → One: true",
        "  flows/order.asl.json:15: Two: condition 1 of Output: not met",
    ]


def test_nothing_to_report_is_said_so() -> None:
    assert write_report(Coverage(), "term") == "no state machine was run"
    assert write_report(Coverage(), "lcov") == ""
    assert "<td>all</td>" in write_report(Coverage(), "html")


def test_a_share_is_100_per_cent_only_if_nothing_is_missing() -> None:
    assert percent_text(Tally(999, 1000)) == "99 %"
    assert percent_text(Tally(0, 0)) == "100 %"


def test_lcov_has_states_as_functions_and_their_ways_as_branches(
    coverage: Coverage,
) -> None:
    assert write_report(coverage, "lcov").splitlines() == [
        "TN:",
        "SF:flows/order.asl.json",
        "FN:4,Sort, then",
        "FN:11,One",
        "FN:12,Two",
        "FNDA:1,Sort, then",
        "FNDA:1,One",
        "FNDA:1,Two",
        "FNF:3",
        "FNH:3",
        "BRDA:7,0,0,0",
        "BRDA:7,0,1,1",
        "BRDA:9,0,0,1",
        "BRDA:15,0,0,1",
        "BRDA:15,0,1,0",
        "BRDA:16,0,0,1",
        "BRF:6",
        "BRH:4",
        "DA:4,1",
        "DA:7,1",
        "DA:9,1",
        "DA:11,1",
        "DA:12,1",
        "DA:15,1",
        "DA:16,1",
        "LF:7",
        "LH:7",
        "end_of_record",
    ]


def test_cobertura_has_files_as_classes_and_states_as_methods(
    coverage: Coverage,
) -> None:
    text = write_report(coverage, "cobertura")
    root = ET.fromstring(text)
    assert "coverage-04.dtd" in text
    assert root.attrib == {
        "line-rate": "1",
        "branch-rate": "0.5",
        "complexity": "0",
        "lines-covered": "7",
        "lines-valid": "7",
        "branches-covered": "2",
        "branches-valid": "4",
        "version": "asl",
        "timestamp": "0",
    }
    (package,) = root.iter("package")
    (class_,) = root.iter("class")
    assert package.get("name") == "flows"
    assert class_.get("filename") == "flows/order.asl.json"
    assert [one.get("name") for one in root.iter("method")] == [
        "Sort, then",
        "One",
        "Two",
    ]
    lines = class_.findall("lines/line")
    parted = [line for line in lines if line.get("branch") == "true"]
    assert [(one.get("number"), one.get("condition-coverage")) for one in parted] == [
        ("7", "50% (1/2)"),
        ("15", "50% (1/2)"),
    ]
    assert [one.get("coverage") for one in parted[0].iter("condition")] == ["50%"]


def test_cobertura_takes_any_name_of_a_state(tmp_path: Path) -> None:
    file = tmp_path / "odd.asl.json"
    name = r"a\u0001<&\ud83d"
    file.write_text(
        f'{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}',
        encoding="utf-8",
    )
    with Collector(tmp_path) as coverage:
        asl.run(asl.load(file))
    root = ET.fromstring(write_report(coverage, "cobertura"))
    assert [one.get("name") for one in root.iter("method")] == ["a\ufffd<&\ufffd"]
    out = tmp_path / "out"
    for form in FORMATS:
        write_reports(coverage, [(form, f"{form}.txt")], folder=out, say=len)
    assert sorted(file.stem for file in out.iterdir()) == sorted(FORMATS)


class Tags(HTMLParser):
    """The tags of a page, checked to be closed in their order."""

    VOID = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_is_one_sound_file_with_the_source_marked(coverage: Coverage) -> None:
    page = write_report(coverage, "html")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    # Nothing is fetched from anywhere, nothing runs.
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags.seen}
    assert not re.search(r"https?:|url\(|@import", page)
    marks = [attrs["class"] for tag, attrs in tags.seen if tag == "tr" and attrs]
    assert marks == ["full", "part", "full", "full", "full", "part", "full"]
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "never: Choices[0] → One: true" in page
    assert "N&amp;B: B&lt;" in page
    assert "never run" in page
    assert "run 1 time<" in page


def test_html_leads_from_what_is_missing_to_its_line(coverage: Coverage) -> None:
    tags = Tags()
    tags.feed(write_report(coverage, "html"))
    links = [attrs["href"] or "" for tag, attrs in tags.seen if tag == "a"]
    places = {attrs.get("id") for _, attrs in tags.seen}
    lines = [link for link in links if re.search(r"l\d+$", link)]
    assert lines
    assert {link.removeprefix("#") for link in links} <= places


def test_html_without_the_source_lists_what_is_missing(
    coverage: Coverage, tmp_path: Path
) -> None:
    (tmp_path / "flows" / "order.asl.json").unlink()
    page = write_report(coverage, "html")
    assert "<li>flows/order.asl.json:7: Sort, then: Choices[0]" in page


def test_html_marks_lines_that_were_never_come_to(tmp_path: Path) -> None:
    file = tmp_path / "order.asl.json"
    file.write_text(ORDER, encoding="utf-8")
    coverage = Coverage(tmp_path)
    coverage.add(asl.load(file))
    assert write_report(coverage, "html").count('<tr class="none"') == 7
    assert "BRDA:7,0,0,-" in write_report(coverage, "lcov")
    assert ET.fromstring(write_report(coverage, "cobertura")).get("line-rate") == "0"


def test_json_is_the_data_with_totals(coverage: Coverage) -> None:
    data = json.loads(write_report(coverage, "json"))
    assert Coverage.from_json(data).to_json() == coverage.to_json()
    assert data["totals"] == {
        "state": {"covered": 4, "total": 5},
        "transition": {"covered": 3, "total": 4},
        "condition": {"covered": 1, "total": 2},
        "percent": 72.73,
    }
    order = data["machines"][2]
    assert order["places"][1] == {
        "pointer": "/States/Sort, then/Choices/0",
        "what": "true",
        "kind": "transition",
        "state": "Sort, then",
        "text": "Choices[0] → One: true",
        "line": 7,
        "hits": 0,
    }


def test_one_file_read_as_two_machines_is_one_file_in_a_report(tmp_path: Path) -> None:
    file = tmp_path / "order.asl.json"
    text = '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"Next":"${N}"},'
    file.write_text(
        text + '"B":{"Type":"Succeed"},"C":{"Type":"Pass","Next":"B"}}}',
        encoding="utf-8",
    )
    with Collector(tmp_path) as coverage:
        machine = asl.load(file, substitutions={"N": "C"})
        asl.run(machine)
        asl.run(machine)
        file.write_text(
            text.replace('"${N}"', '"B"')[:-1] + ',"B":{"Type":"Succeed"}}}'
        )
        asl.run(asl.load(file))
    assert len(coverage.machines) == 2
    lcov = write_report(coverage, "lcov")
    assert lcov.count("SF:") == 1
    assert "FNDA:3,A\n" in lcov
    assert "FNDA:2,C\n" in lcov
    assert (
        len(ET.fromstring(write_report(coverage, "cobertura")).findall(".//class")) == 1
    )


def test_a_wish_names_a_form_and_perhaps_a_file() -> None:
    assert read_wish("term") == ("term", None)
    assert read_wish("lcov") == ("lcov", "asl-coverage.info")
    assert read_wish("html:out/a.html") == ("html", "out/a.html")
    assert read_wish("term:a.txt") == ("term", "a.txt")
    with pytest.raises(UsageError, match="'pdf' is no form of coverage report: there"):
        read_wish("pdf:a.pdf")


def test_reports_are_written_where_they_are_wished(
    coverage: Coverage, tmp_path: Path
) -> None:
    said: list[str] = []
    wishes = [("lcov", "a/b.info"), ("term", None)]
    write_reports(coverage, wishes, folder=tmp_path / "out", say=said.append)
    assert text_of(tmp_path / "out/a/b.info") == write_report(coverage, "lcov")
    assert said == ["lcov report written to a/b.info", write_report(coverage, "term")]
    write_reports(coverage, [], folder=tmp_path, say=said.append)
    assert said[2] == said[1]


def test_a_lack_is_said_in_hundredths(coverage: Coverage) -> None:
    assert find_lack(coverage, None) is None
    assert find_lack(coverage, 72.7) is None
    assert find_lack(coverage, 72.8) == "72.73 % was reached, less than 72.8 %"


# The same reports in the readers of other people ------------------------------------


@pytest.mark.full
def test_genhtml_takes_the_tracefile(coverage: Coverage, tmp_path: Path) -> None:
    if shutil.which("genhtml") is None:
        pytest.skip("genhtml is not installed (package lcov)")
    (tmp_path / "asl.info").write_text(write_report(coverage, "lcov"), encoding="utf-8")
    done = subprocess.run(
        ["genhtml", "--branch-coverage", "--output-directory", "html", "asl.info"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "branches...: 66.7% (4 of 6 branches)" in done.stdout
    assert "functions..: 100.0% (3 of 3 functions)" in done.stdout


@pytest.mark.full
def test_pycobertura_takes_the_xml(coverage: Coverage, tmp_path: Path) -> None:
    reader = pytest.importorskip("pycobertura", reason="pycobertura is not installed")
    file = tmp_path / "asl.xml"
    file.write_text(write_report(coverage, "cobertura"), encoding="utf-8")
    report = reader.Cobertura(str(file))
    assert report.files() == ["flows/order.asl.json"]
    assert report.total_statements() == 7
    assert report.line_rate() == 1
