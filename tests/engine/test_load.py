"""Loads and pages: many children at once, items in their smallest form."""

from random import Random
from uuid import UUID

import pytest

from asl.engine.arns import uuid_text, uuid_texts
from asl.engine.load import NAME_BYTES, Load, Underway
from asl.engine.page import Page
from asl.values import Json, size_bytes

ROWS = [{"a": "1", "b": "x"}, {"a": "2", "b": ""}, {"a": "3", "b": "é"}]
LINES = Page(["1,x\n", "2\n", "3,é,more\r\n"], ["a", "b"], ",")
CELLS = Page([["1", "x"], ["2"], ["3", "é", "more"]], ["a", "b"])
PLAIN = Page(ROWS)


def load(page: Page, **how: Json) -> Load:
    made = Load(page, **how)
    made.begin(7, Random(1).randbytes(NAME_BYTES * made.children), 5)
    return made


def test_many_names_are_those_of_one_chance_after_the_other() -> None:
    one, all = Random(3), Random(3)
    bits = [one.getrandbits(128) for _ in range(20)]
    texts = uuid_texts(all.getrandbits(128 * 20).to_bytes(16 * 20, "little"))
    assert texts == [str(UUID(int=each, version=4)) for each in bits]
    assert texts == [uuid_text(each) for each in bits]
    assert uuid_texts(b"") == []


@pytest.mark.parametrize("page", [LINES, CELLS, PLAIN])
def test_rows_are_the_same_objects_in_every_form(page: Page) -> None:
    assert page.objects() == ROWS
    assert page.part(1, 2).objects() == ROWS[1:2]
    assert size_bytes(ROWS) - 2 <= page.bound()


@pytest.mark.parametrize("first", [LINES, CELLS, PLAIN, Page()])
@pytest.mark.parametrize("second", [LINES, CELLS, PLAIN, Page()])
def test_pages_of_any_form_are_joined(first: Page, second: Page) -> None:
    joined = first.joined(second)
    assert joined.objects() == first.objects() + second.objects()
    if first is second is LINES:
        assert joined.delimiter == ","


def test_tables_with_other_columns_are_joined() -> None:
    other = Page([["9"]], ["c"])
    assert LINES.joined(other).objects() == [*ROWS, {"c": "9"}]


def test_bounds_hold_for_what_grows_most() -> None:
    keys = ["\x01" * 9, "b"]
    rows = [["\x02" * 50, ""]] * 9
    assert size_bytes(Page(rows, keys).objects()) - 2 <= Page(rows, keys).bound()


def test_a_load_of_batches_makes_their_inputs() -> None:
    made = load(LINES, batch=2, frame={"BatchInput": 1})
    assert made.children == 2
    assert list(made.inputs()) == [
        {"BatchInput": 1, "Items": ROWS[:2]},
        {"BatchInput": 1, "Items": ROWS[2:]},
    ]
    assert [made.count_items(0, 2), made.count_items(1, 1)] == [3, 1]


def test_a_part_of_a_load_has_the_same_children() -> None:
    for made in (load(LINES), load(PLAIN, counts=[2, 5, 1]), load(CELLS, batch=1)):
        part = made.part(1, 2)
        assert part.place == 8
        assert list(part.inputs()) == list(made.inputs())[1:]
        assert part.name_texts() == made.name_texts()[1:]
        assert part.count_items(0, 2) == made.count_items(1, 2)


def test_a_load_underway_knows_which_children_are_left() -> None:
    underway = Underway(load(PLAIN))
    underway.ended(1, 1)
    assert (underway.left, underway.unfinished()) == (2, [0, 2])
