"""Ways in, on and out of every machine of a definition."""

from itertools import pairwise

import pytest

from asl.checks.flow import check_flow
from asl.problem import Problem, Severity
from asl.source.document import Document
from asl.source.reading import read_text
from asl.values import Json

END: Json = {"Type": "Pass", "End": True}


def to(name: str) -> Json:
    return {"Type": "Pass", "Next": name}


def machine(start: str, **states: Json) -> Json:
    return {"StartAt": start, "States": states}


def parallel(*branches: Json, **rest: Json) -> Json:
    return {"Type": "Parallel", "Branches": list(branches), **(rest or {"End": True})}


def problems(value: Json) -> list[Problem]:
    return check_flow(Document(value, text="", file=None, format="value"))


def found(value: Json) -> list[tuple[str, str]]:
    return [(problem.code, problem.pointer) for problem in problems(value)]


RIGHT = {
    "one state": machine("A", A=END),
    "a Succeed": machine("A", A={"Type": "Succeed"}),
    "a Fail": machine("A", A={"Type": "Fail"}),
    "a circle with a way out": machine(
        "A", A={"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "B"}, B=END
    ),
    "a way out by a catcher": machine(
        "A", A={"Type": "Task", "Catch": [{"Next": "B"}], "Next": "A"}, B=END
    ),
    "branches": machine("A", A=parallel(machine("B", B=END), machine("C", C=END))),
    "a Map": machine(
        "A", A={"Type": "Map", "ItemProcessor": machine("B", B=END), "End": True}
    ),
    "an end with an unknown type": machine("A", A={"Type": "Pas", "End": True}),
    "a field that is no transition of its type still leads on": machine(
        "A", A={"Type": "Succeed", "Next": "B"}, B=END
    ),
}


@pytest.mark.parametrize("value", RIGHT.values(), ids=RIGHT)
def test_a_machine_with_ways_in_and_out_has_no_problem(value: Json) -> None:
    assert problems(value) == []


WRONG: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    "a start that is nowhere leaves every state unreachable": (
        machine("X", A=END),
        [("ASL101", "/StartAt"), ("ASL102", "/States/A")],
    ),
    "a missing target silences nothing but hides the end": (
        machine("A", A=to("X")),
        [("ASL101", "/States/A/Next"), ("ASL103", "")],
    ),
    "no states at all": (machine("A"), [("ASL101", "/StartAt"), ("ASL103", "")]),
    "a state without type is no end": (
        machine("A", A={"End": True}),
        [("ASL103", "")],
    ),
    "End: false is no end": (
        machine("A", A={"Type": "Pass", "End": False}),
        [("ASL103", "")],
    ),
    "a circle is only an end that is missing": (
        machine("A", A=to("B"), B=to("A")),
        [("ASL103", "")],
    ),
    "nobody is called unreachable where there is no end": (
        machine("A", A=to("B"), B=to("A"), C=to("A")),
        [("ASL103", "")],
    ),
    "an end that nobody reaches": (
        machine("A", A=to("B"), B=to("A"), C=END),
        [("ASL102", "/States/C"), ("ASL105", "/States/A")],
    ),
    "unreachable from each other only": (
        machine("A", A=END, B=to("C"), C=to("B")),
        [("ASL102", "/States/B"), ("ASL102", "/States/C")],
    ),
    "Default, Choices and Catch lead somewhere": (
        machine(
            "A",
            A={"Type": "Choice", "Choices": [{}, {"Next": "X"}], "Default": "Y"},
            B={"Type": "Task", "Catch": [{"Next": "Z"}], "End": True},
        ),
        [
            ("ASL101", "/States/A/Default"),
            ("ASL101", "/States/A/Choices/1/Next"),
            ("ASL101", "/States/B/Catch/0/Next"),
            ("ASL102", "/States/B"),
        ],
    ),
    "a state that only leads to itself": (
        machine(
            "A",
            A={"Type": "Choice", "Choices": [{"Next": "B"}], "Default": "C"},
            B=to("B"),
            C=END,
        ),
        [("ASL105", "/States/B")],
    ),
    "a branch without an end is a warning only": (
        machine("A", A=parallel(machine("B", B=to("C"), C=to("B")))),
        [("ASL105", "/States/A/Branches/0/States/B")],
    ),
    "a branch's own start counts": (
        machine("A", A=parallel(machine("B", B=END, C=END))),
        [("ASL102", "/States/A/Branches/0/States/C")],
    ),
    "an item processor's targets count": (
        machine("A", A={"Type": "Map", "Iterator": machine("X", B=END), "End": True}),
        [
            ("ASL101", "/States/A/Iterator/StartAt"),
            ("ASL102", "/States/A/Iterator/States/B"),
        ],
    ),
    "a target outside its branch": (
        machine("A", A=parallel(machine("B", B=to("C")), Next="C"), C=END),
        [("ASL104", "/States/A/Branches/0/States/B/Next")],
    ),
    "a target inside a branch": (
        machine("A", A=parallel(machine("B", B=END), Next="B"), C=END),
        [("ASL104", "/States/A/Next"), ("ASL102", "/States/C")],
    ),
    "a name used twice": (
        machine("A", A=parallel(machine("A", A=END))),
        [("ASL106", "/States/A/Branches/0/States/A")],
    ),
    "a name that is too long": (
        machine("n" * 81, **{"n" * 81: END}),
        [("ASL107", "/States/" + "n" * 81)],
    ),
    "names with signs that pointers escape": (
        machine("a/b", **{"a/b": to("c~d")}),
        [("ASL101", "/States/a~1b/Next"), ("ASL103", "")],
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_a_broken_way_is_found_where_it_is(
    case: tuple[Json, list[tuple[str, str]]],
) -> None:
    value, expected = case
    assert found(value) == expected


AWS_CODES = {
    "ASL101": "MISSING_TRANSITION_TARGET",
    "ASL102": "MISSING_TRANSITION_TARGET",
    "ASL103": "MISSING_END_STATE",
    "ASL104": "MISSING_TRANSITION_TARGET",
    "ASL105": None,
    "ASL106": "DUPLICATE_STATE_NAME",
    "ASL107": "INVALID_STATE_NAME",
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_every_finding_has_awss_code_and_only_circles_are_warnings(
    case: tuple[Json, list[tuple[str, str]]],
) -> None:
    for problem in problems(case[0]):
        assert problem.aws_code == AWS_CODES[problem.code]
        warned = problem.severity is Severity.WARNING
        assert warned == (problem.code == "ASL105")


SENTENCES: list[tuple[Json, str]] = [
    (
        machine("A", A=to("Pya"), Pay=END),
        'no state is named "Pya"; did you mean "Pay"?',
    ),
    (machine("A", A=to("pay"), Pay=END), 'did you mean "Pay"?'),
    (machine("A", A=END, B=END), 'no way leads from StartAt to the state "B"'),
    (machine("A", A=to("A")), "no state ends the state machine"),
    (
        machine("A", A=parallel(machine("B", B=to("C")), Next="C"), C=END),
        'the state "C" is in the state machine, not in Branches[0] of state "A"; '
        "a transition stays inside its own machine",
    ),
    (
        machine("A", A=parallel(machine("A", A=END))),
        'the state name "A" is used in the state machine and again in Branches[0]',
    ),
    (machine("A" * 90, **{"A" * 90: END}), "has 90 characters; 80 are allowed"),
    (
        machine("A", A=parallel(machine("B", B=to("B")))),
        'the state "B" only leads to itself and never ends',
    ),
    (
        machine("A", A=parallel(machine("B", B=to("C"), C=to("B")))),
        'the states "B", "C" run in a circle without a way out',
    ),
]


@pytest.mark.parametrize(("value", "words"), SENTENCES)
def test_the_sentence_names_the_thing_and_the_next_move(
    value: Json, words: str
) -> None:
    assert any(words in str(problem) for problem in problems(value))


def test_a_long_circle_names_its_first_states() -> None:
    names = [f"S{n}" for n in range(8)]
    states = {name: to(then) for name, then in pairwise([*names, "S0"])}
    (problem,) = problems(machine("A", A=parallel(machine("S0", **states))))
    assert '"S0", "S1", "S2", "S3", "S4" and 3 more run' in problem.message


def test_labels_of_distributed_maps_are_unique() -> None:
    def labelled(inner: str, **rest: Json) -> Json:
        processor = machine(inner, **{inner: END})
        return {"Type": "Map", "Label": "L", "ItemProcessor": processor, **rest}

    value = machine("A", A=labelled("I", Next="B"), B=labelled("J", End=True))
    (problem,) = problems(value)
    assert problem.code == "ASL108"
    assert problem.aws_code == "DUPLICATE_LABEL_NAME"
    assert problem.pointer == "/States/B/Label"
    assert 'the states "A" and "B" share the label "L"' in problem.message


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [],
        {},
        {"StartAt": "A"},
        {"States": {"A": END}},
        {"States": {"A": END, "B": END}},
    ],
)
def test_what_the_schema_reports_is_passed_over(value: Json) -> None:
    assert problems(value) == []


def test_fields_of_the_wrong_shape_are_passed_over() -> None:
    value = machine(
        "A",
        A={"Type": "Choice", "Choices": [5, {"Next": 5}], "Catch": 5, "Default": "B"},
        B={"Type": "Parallel", "Branches": 5, "Next": "C"},
        C={"Type": "Parallel", "Branches": [5], "Next": "D"},
        D={"Type": "Map", "ItemProcessor": 5, "Label": 5, "Next": "E"},
        E=END,
        F=5,
    )
    assert problems(value) == []


def test_a_start_that_is_no_text_reaches_nothing() -> None:
    assert found({"StartAt": 5, "States": {"A": END}}) == [("ASL102", "/States/A")]


def test_machines_below_the_depth_that_is_allowed_are_left_to_the_schema() -> None:
    value = machine("I", I=to("X"))
    for level in range(125):
        value = machine(f"P{level}", **{f"P{level}": parallel(value)})
    assert problems(value) == []


def test_ten_thousand_states_in_a_row_need_no_recursion() -> None:
    names = [f"S{n}" for n in range(10_001)]
    states = {name: to(then) for name, then in pairwise(names)}
    assert problems(machine("S0", **states, S10000=END)) == []


def test_problems_stand_on_the_line_of_the_target() -> None:
    text = '{"StartAt": "A",\n "States": {"A": {"Type": "Pass",\n  "Next": "B"}}}'
    missing = check_flow(read_text(text))[0]
    assert (missing.line, missing.column) == (3, 11)
