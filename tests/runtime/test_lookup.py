"""Which values a field reads, and where reading them ends."""

import random
from typing import Any

import pytest

from asl.runtime.lookup import Lack, find_lack, find_unknown, follow, references
from asl.tasks.unknown import Unknowns


class Surroundings:
    """A scope with a context object and variables."""

    def __init__(self, unknowns: Unknowns) -> None:
        self.context: dict[str, Any] = {"Execution": {"Name": "e"}}
        self.variables: dict[str, Any] = {
            "v": {"a": 1},
            "u": unknowns.object("V", "$"),
        }
        self.random = random.Random(0)
        self.now_ms = 0


@pytest.mark.parametrize(
    ("field", "reads"),
    [
        ("$.a.b[0]", ["$.a.b[0]"]),
        ("$", ["$"]),
        ("$$.Execution.Name", ["$$.Execution.Name"]),
        ("$v.a", ["$v.a"]),
        ("$.items[*].x", ["$.items[*].x"]),
        ("$['a b'].c", ["$['a b'].c"]),
        ("plain text", []),
        ("$.not a path", []),
        ("States.Nothing($.a)", []),
        ("States.Format('{} $.x', $.a, States.ArrayLength($.b))", ["$.a", "$.b"]),
        ({"x.$": "$.a", "y": "$.b", "z": [{"w.$": "$.c"}], "n.$": 7}, ["$.a", "$.c"]),
    ],
)
def test_a_jsonpath_field_reads(field: Any, reads: list[str]) -> None:
    assert [str(read) for read in references(field, jsonata=False)] == reads


@pytest.mark.parametrize(
    ("field", "reads"),
    [
        ("{% $states.input.a.b %}", ["$.a.b"]),
        ("{% $states.result.`a b`[0].c %}", ["$['a b'][0].c"]),
        ("{% $states.context.Execution.Name %}", ["$$.Execution.Name"]),
        ("{% $v.a = 'x $no.no' /* $no */ and $count($list) > 1 %}", ["$v.a", "$list"]),
        ('{% $uuid() & "$no" %}', []),
        ("$states.input.a", []),
        ({"x": ["{% $a %}", {"y": "{% $b.c %}"}], "z": 1}, ["$a", "$b.c"]),
    ],
)
def test_a_jsonata_field_reads(field: Any, reads: list[str]) -> None:
    assert [str(read) for read in references(field, jsonata=True)] == reads


@pytest.mark.parametrize(
    ("text", "jsonata", "value", "rest"),
    [
        ("$.a.b[0]", False, 5, 0),
        ("$.a.b[-1]", False, 6, 0),
        ("$.a.b[2]", False, [5, 6], 1),
        ("$.a.x.y", False, {"b": [5, 6]}, 2),
        ("$.a[*]", False, {"b": [5, 6]}, 1),
        ("$$.Execution.Name", False, "e", 0),
        ("$v.a", False, 1, 0),
        ("$w.a", False, None, 1),
        ("{% $w.a %}", True, None, 0),
        ("{% $states.input.list.n %}", True, 1, 0),
        ("{% $states.input.one[0].n %}", True, 2, 0),
        ("{% $states.input.one[1].n %}", True, {"n": 2}, 2),
        ("{% $states.input.none.n %}", True, [], 1),
    ],
)
def test_a_reference_is_followed_as_far_as_it_leads(
    text: str, jsonata: bool, value: Any, rest: int
) -> None:
    data = {"a": {"b": [5, 6]}, "list": [{"n": 1}], "one": {"n": 2}, "none": []}
    (reference,) = references(text, jsonata=jsonata)
    subject = {"input": data} if jsonata else data

    reached, left = follow(reference, subject, Surroundings(Unknowns()))

    assert (reached, len(left)) == (value, rest)


def lack(text: Any, subject: Any, unknowns: Unknowns) -> Lack | None:
    reads = references(text, jsonata=False)
    return find_lack(unknowns, reads, subject, Surroundings(unknowns), "Here")


def test_a_path_into_an_unknown_result_lacks_that_result() -> None:
    unknowns = Unknowns()
    subject = {"paid": unknowns.object("Pay", "$.Payload")}
    assert lack("$.paid.by.card", subject, unknowns) == Lack(
        "Pay", "$.Payload.by.card", is_unknown=True
    )


def test_a_path_into_data_that_is_given_lacks_it_here() -> None:
    assert lack("$.a.b", {"a": {}}, Unknowns()) == Lack(
        "Here", "$.a.b", is_unknown=False
    )


def test_what_is_there_but_unknown_is_lacking_last() -> None:
    unknowns = Unknowns()
    subject = {"n": unknowns.text("Count", "$.n", "integer", ())}
    found = lack("States.MathAdd($.n, 1)", subject, unknowns)
    assert found == Lack("Count", "$.n", is_unknown=True)
    both = lack("States.MathAdd($.n, $.gone)", subject, unknowns)
    assert both == Lack("Here", "$.gone", is_unknown=False)


def test_where_everything_is_there_nothing_lacks() -> None:
    assert lack("States.MathAdd($.n, 1)", {"n": "x"}, Unknowns()) is None


def test_a_filter_is_asked_for_what_it_looks_through() -> None:
    unknowns = Unknowns()
    subject = {"items": [{"id": unknowns.text("List", "$.items[0].id", "string")}]}
    (reference,) = references("$.items[*].id", jsonata=False)
    found = find_unknown(unknowns, reference, subject, Surroundings(unknowns))
    assert found == Lack("List", "$.items[0].id", is_unknown=True)
