"""Placeholders for values that nobody gave."""

import json
from typing import Any

import pytest

from asl.tasks.unknown import Unknown, Unknowns, without_marks


def test_a_placeholder_is_known_again() -> None:
    unknowns = Unknowns()
    text = unknowns.text("Pay", "$.status", "string", ["PAID", "OPEN"])
    thing = unknowns.object("Pay", "$.card")
    assert unknowns.of(text) == Unknown("Pay", "$.status", "string", ("PAID", "OPEN"))
    assert unknowns.of(thing) == Unknown("Pay", "$.card", "object")


def test_a_placeholder_survives_being_copied_and_built_into_texts() -> None:
    unknowns = Unknowns()
    text = unknowns.text(None, "$.a", "string")
    assert unknowns.of(f"order {text}!") == Unknown(None, "$.a", "string")
    assert unknowns.of(json.loads(json.dumps(text))) == Unknown(None, "$.a", "string")


@pytest.mark.parametrize("value", [None, 1, "text", [], {}, {"a": 1}, "\ue000 alone"])
def test_other_values_are_known(value: Any) -> None:
    assert Unknowns().of(value) is None
    assert Unknowns().find_in(value) is None


def test_the_first_placeholder_inside_a_value_is_found() -> None:
    unknowns = Unknowns()
    first, second = (unknowns.text("A", f"$.{n}", "string") for n in "xy")
    value = {"a": [1, {"b": first}], "c": second}
    found = unknowns.find_in(value)
    assert found is not None
    assert found.path == "$.x"


def test_people_see_kinds_instead_of_marks() -> None:
    unknowns = Unknowns()
    thing = unknowns.object("A", "$") | {"n": [unknowns.text("A", "$.n", "integer"), 2]}
    assert without_marks(thing) == {"n": ["<integer>", 2]}
    assert without_marks("plain") == "plain"
