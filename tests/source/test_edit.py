"""Edits: they keep the layout, the quotes and the comments of what they change."""

import pytest

from asl.source.document import Document
from asl.source.edit import Edit, Editor, apply_edits
from asl.source.reading import read_text, read_value


def document(text: str) -> Document:
    return read_text(text)


def edited(text: str, edits: list[Edit] | None) -> str:
    assert edits is not None
    return apply_edits(text, edits)


# ------------------------------------------------------------------------------- edits


def test_edits_are_made_in_order_of_place() -> None:
    edits = [Edit(4, 5, "E"), Edit(0, 1, "A"), Edit(2, 2, "+")]
    assert apply_edits("abcde", edits) == "Ab+cdE"


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap at character 1"):
        apply_edits("abc", [Edit(0, 2, ""), Edit(1, 3, "")])


# ------------------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ('{"a": "Pya"}', "Pay", '{"a": "Pay"}'),
        ('{"a":\t"Pya" }', 'the "end"', '{"a":\t"the \\"end\\"" }'),
        ('{"a": "Gruesse"}', "Grüße", '{"a": "Gr\\u00fc\\u00dfe"}'),
        ('{"a": "Pya", "ß": 1}', "Grüße", '{"a": "Grüße", "ß": 1}'),
        ("a: Pya  # here", "Pay", "a: Pay  # here"),
        ("a: Pya", "Pay the bill", "a: Pay the bill"),
        ("a: Pya", "no", 'a: "no"'),
        ("a: Pya", "12", 'a: "12"'),
        ("a: Pya", "a: b", 'a: "a: b"'),
        ("a: 'Pya'", "it's", "a: 'it''s'"),
        ("a: 'Pya'", "two\nlines", 'a: "two\\nlines"'),
        ('a: "Pya"', "Grüße", 'a: "Grüße"'),
    ],
)
def test_a_text_is_replaced_in_its_quotes(before: str, value: str, after: str) -> None:
    new = edited(before, Editor(document(before)).replace_text("/a", value))
    assert new == after
    assert document(new).value["a"] == value


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n  Pya\n",
        "a: >-\n  Pya\n",
        "a: &x Pya\nb: *x\n",
        "a: !!str Pya",
        "a:\nb: 1",
    ],
)
def test_a_text_that_is_not_simply_written_is_left_alone(text: str) -> None:
    assert Editor(document(text)).replace_text("/a", "Pay") is None


def test_what_is_no_text_in_json_is_left_alone() -> None:
    assert Editor(document('{"a": 12}')).replace_text("/a", "Pay") is None


def test_a_document_without_text_has_no_edits() -> None:
    editor = Editor(read_value({"a": "Pya", "b": {"c": [1, 2]}}))
    assert editor.replace_text("/a", "Pay") is None
    assert editor.add_member("/b", "End", True) is None
    assert editor.move_last("/b/c", 0) is None


# ----------------------------------------------------------------------------- members


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"s": {"T": "Pass"}}', '{"s": {"T": "Pass", "End": true}}'),
        ('{"s":{"T":"Pass"}}', '{"s":{"T":"Pass","End":true}}'),
        ('{"s":{"T":"Pass","a":1}}', '{"s":{"T":"Pass","a":1,"End":true}}'),
        (
            '{"s": {\n\t"T": "Pass"\n}}',
            '{"s": {\n\t"T": "Pass",\n\t"End": true\n}}',
        ),
        (
            '{"s": {\r\n  "T" : "Pass",\r\n  "a" : {}\r\n}}',
            '{"s": {\r\n  "T" : "Pass",\r\n  "a" : {},\r\n  "End" : true\r\n}}',
        ),
        ("s: {T: Pass}", "s: {T: Pass, End: true}"),
        ("s: {'T': Pass}", "s: {'T': Pass, 'End': true}"),
        ('s: {"T": Pass, "a": 1}', 's: {"T": Pass, "a": 1, "End": true}'),
        (
            "s: {\n  T: Pass, # why\n  a: 1\n}",
            "s: {\n  T: Pass, # why\n  a: 1, End: true\n}",
        ),
        ("s:\n  T: Pass", "s:\n  T: Pass\n  End: true"),
        ("s:\n  T: Pass # x\nb: 1\n", "s:\n  T: Pass # x\n  End: true\nb: 1\n"),
        (
            "s:\r\n  a: |\r\n    long\r\n    text\r\nb: 1\r\n",
            "s:\r\n  a: |\r\n    long\r\n    text\r\n  End: true\r\nb: 1\r\n",
        ),
        ("s:\n  'T': Pass\n", "s:\n  'T': Pass\n  'End': true\n"),
        (
            "s:\n  a:\n    - b: 1\n      c: 2\n",
            "s:\n  a:\n    - b: 1\n      c: 2\n  End: true\n",
        ),
    ],
)
def test_a_member_is_added_as_its_neighbours_are_written(
    before: str, after: str
) -> None:
    new = edited(before, Editor(document(before)).add_member("/s", "End", True))
    assert new == after
    wanted = document(before).value
    assert document(new).value == {**wanted, "s": {**wanted["s"], "End": True}}


@pytest.mark.parametrize("text", ['{"s": {}}', '{"s": []}', '{"s": 1}'])
def test_a_member_needs_neighbours(text: str) -> None:
    assert Editor(document(text)).add_member("/s", "End", True) is None


# ----------------------------------------------------------------------------- entries


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ('{"l": [1,  [2], "c" ]}', 0, '{"l": [[2],  "c", 1 ]}'),
        ('{"l": [\n  {"a": 1},\n  2\n]}', 0, '{"l": [\n  2,\n  {"a": 1}\n]}'),
        ('{"l": [1, 2, 3]}', 1, '{"l": [1, 3, 2]}'),
        ("l: [a, {b: c}, d]", 0, "l: [{b: c}, d, a]"),
        ("l:\n  - a: 1\n    b: 2\n  - c", 0, "l:\n  - c\n  - a: 1\n    b: 2"),
        (
            "l:\n- a # one\n# about b\n- b # two\n- c\nm: 1\n",
            1,
            "l:\n- a # one\n- c\n# about b\n- b # two\nm: 1\n",
        ),
        (
            "l:\r\n  # about a\r\n  - a\r\n\r\n  - b\r\n",
            0,
            "l:\r\n  - b\r\n\r\n  # about a\r\n  - a\r\n",
        ),
    ],
)
def test_an_entry_moves_behind_the_others(before: str, index: int, after: str) -> None:
    new = edited(before, Editor(document(before)).move_last("/l", index))
    assert new == after
    entries = list(document(before).value["l"])
    entries.append(entries.pop(index))
    assert document(new).value["l"] == entries


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ('{"l": [1, 2]}', 1),
        ('{"l": [1, 2]}', -1),
        ('{"l": []}', 0),
        ('{"l": {"0": 1}}', 0),
        ("l:\n  -\n    a\n  - b\n", 0),
        ("l:\n  - - 1\n    - 2\n  - b\n", 5),
        ("l:\n  - &x a\n  - *x\n  -\n", 0),
    ],
)
def test_an_entry_that_cannot_move_safely_stays(text: str, index: int) -> None:
    assert Editor(document(text)).move_last("/l", index) is None


def test_an_entry_that_shares_its_line_stays() -> None:
    text = "l:\n  - - 1\n    - 2\n  - b\n"
    assert Editor(document(text)).move_last("/l/0", 0) is None
