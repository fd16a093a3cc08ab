"""Fixes: what is mended, what is left to people, and that nothing else changes."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from asl.checks.check import check_text
from asl.checks.fix import Fix, fix_text, is_misspelt
from asl.problem import Problem
from asl.source.edit import Edit, Editor
from asl.source.reading import read_text


def mend(text: str, name: str = "order.asl.json") -> tuple[str, list[Fix]]:
    def find(text: str) -> list[Problem]:
        return check_text(text, name=name)

    return fix_text(text, name=name, find=find)


def machine(**states: Any) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def mend_value(value: Any) -> tuple[Any, list[str]]:
    text, fixes = mend(json.dumps(value, indent=2))
    return json.loads(text), [fix.pointer for fix in fixes]


DONE = {"Type": "Succeed"}
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:f"


# ----------------------------------------------------------------------------- targets


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Pya", "Pay"),
        ("pay", "Pay"),
        ("Charge Card", "ChargeCard"),
        ("charge-card", "ChargeCard"),
        ("ProcesPayment", "ProcessPayment"),
        ("Proccess Paymnet", "Process Payment"),
        ("Shpi order 2", "Ship order 2"),
        ("Donne", "Done"),
    ],
)
def test_a_slip_of_the_keyboard_is_seen(name: str, meant: str) -> None:
    assert is_misspelt(name, meant)
    assert is_misspelt(meant, name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Step1", "Step2"),
        ("Step", "Step2"),
        ("Path A", "Path B"),
        ("ProcessA", "ProcessB"),
        ("IsValid", "IsInvalid"),
        ("Enable", "Disable"),
        ("Include", "Exclude"),
        ("Lock", "Unlock"),
        ("Success", "Failure"),
        ("Ship", "Ship order"),
        ("", "Pay"),
    ],
)
def test_another_meaning_is_no_slip(name: str, meant: str) -> None:
    assert not is_misspelt(name, meant)
    assert not is_misspelt(meant, name)


def test_targets_of_every_kind_are_corrected() -> None:
    broken = machine(
        Look={
            "Type": "Task",
            "Resource": LAMBDA,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Donne"}],
            "Next": "Chose",
        },
        Choose={
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "done"}],
            "Default": "Both branches ",
        },
        **{
            "Both branches": {
                "Type": "Parallel",
                "Branches": [machine(Inner=DONE) | {"StartAt": "Iner"}],
                "Next": "Doen",
            }
        },
        Done=DONE,
    )
    broken["StartAt"] = "look"
    mended, pointers = mend_value(broken)

    assert pointers == [
        "/StartAt",
        "/States/Look/Catch/0/Next",
        "/States/Look/Next",
        "/States/Choose/Choices/0/Next",
        "/States/Choose/Default",
        "/States/Both branches/Branches/0/StartAt",
        "/States/Both branches/Next",
    ]
    assert mended["StartAt"] == "Look"
    assert mended["States"]["Choose"]["Default"] == "Both branches"
    assert mended["States"]["Both branches"]["Branches"][0]["StartAt"] == "Inner"
    assert check_text(json.dumps(mended), ignore=["ASL4", "ASL5"]) == []


@pytest.mark.parametrize(
    "states",
    [
        {"A": {"Type": "Pass", "Next": "Shp"}, "Ship": DONE, "Shop": DONE},
        {"A": {"Type": "Pass", "Next": "Pay"}, "Bill": DONE},
        {"Loop": {"Type": "Pass", "Next": "Lopo"}, "Done": DONE},
        {"Step1": {"Type": "Pass", "Next": "Step3"}, "Step2": DONE},
    ],
)
def test_a_target_with_no_candidate_or_two_is_left_alone(states: Any) -> None:
    value = machine(**states)
    assert mend_value(value) == (value, [])


# -------------------------------------------------------------------------- States.ALL


def test_an_entry_for_all_errors_goes_to_the_end_of_its_list() -> None:
    entries = [
        {"ErrorEquals": ["States.ALL"], "MaxAttempts": 7},
        {"ErrorEquals": ["Busy"]},
        {"ErrorEquals": ["Gone"]},
    ]
    task = {"Type": "Task", "Resource": LAMBDA, "Retry": entries, "End": True}
    mended, pointers = mend_value(machine(Look=task))

    assert mended["States"]["Look"]["Retry"] == [*entries[1:], entries[0]]
    assert pointers == ["/States/Look/Retry/0"]


@pytest.mark.parametrize(
    "entries",
    [
        [{"ErrorEquals": ["States.ALL", "Busy"]}, {"ErrorEquals": ["Gone"]}],
        [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["States.ALL"]}],
        [{"ErrorEquals": ["Busy", "States.ALL"]}],
        [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": "Busy"}, 9],
    ],
)
def test_what_all_errors_should_mean_there_is_for_people(entries: Any) -> None:
    task = {"Type": "Task", "Resource": LAMBDA, "Retry": entries, "End": True}
    value = machine(Look=task)
    mended, pointers = mend_value(value)
    moved = [p for p in pointers if "Retry" in p]
    assert (mended == value) == (not moved)
    assert not moved or entries[-1] == 9


# --------------------------------------------------------------------------------- End


def test_the_last_state_of_each_machine_gets_its_end() -> None:
    inner = machine(In={"Type": "Pass", "Next": "Out"}, Out={"Type": "Pass"})
    broken = machine(
        First={"Type": "Wait", "Seconds": 1, "Next": "Both"},
        Both={"Type": "Parallel", "Branches": [inner]},
    )
    mended, pointers = mend_value(broken)

    assert sorted(pointers) == ["/States/Both", "/States/Both/Branches/0/States/Out"]
    assert check_text(json.dumps(mended)) == []


@pytest.mark.parametrize(
    "states",
    [
        {"A": {"Type": "Pass"}, "B": DONE},
        {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": False}},
        {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice"}},
        {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Wait", "Next": 7}},
        {"A": {"Type": "Pass", "Next": "B"}, "B": {"Comment": "no type"}},
    ],
)
def test_a_state_that_is_not_obviously_the_last_is_left_alone(states: Any) -> None:
    value = machine(**states)
    assert mend_value(value) == (value, [])


# ---------------------------------------------------------------------- nothing else


YAML = """\
# the order
StartAt: Look
States:
  Look:
    Type: Pass   # nothing yet
    Next: 'Pya'  # sic
  Pay: {Type: Pass, Next: Doen}
  Done:
    Type: Pass
    Comment: >-
      the
      end
"""


def test_yaml_keeps_its_comments_and_its_layout() -> None:
    text, fixes = mend(YAML, "order.asl.yaml")
    assert (
        text == YAML.replace("Pya", "Pay").replace("Doen", "Done") + "    End: true\n"
    )
    assert [(fix.code, fix.line) for fix in fixes] == [
        ("ASL101", 6),
        ("ASL101", 7),
        ("ASL100", 9),
    ]


def test_a_text_that_yaml_shares_is_not_changed_for_others() -> None:
    text = (
        "StartAt: A\nStates:\n  A: {Type: Pass, Comment: &c Bb, Next: *c}\n"
        "  B b: &end\n    Type: Pass\n  C:\n    Type: Parallel\n    End: true\n"
        "    Branches: [{StartAt: D, States: {D: *end}}]\n"
    )
    assert mend(text, "shared.asl.yaml") == (text, [])


def test_one_fix_that_would_change_more_does_not_hold_up_the_others() -> None:
    text = (
        "StartAt: Aa\nStates:\n"
        "  A: {Type: Parallel, Next: Lsat, Branches: [{StartAt: D, States: &s"
        " {D: {Type: Pass}}}, {StartAt: D, States: *s}]}\n"
        "  Last: {Type: Succeed}\n"
    ).replace("StartAt: Aa", "StartAt: a")
    mended, fixes = mend(text, "shared.asl.yaml")
    assert {fix.pointer for fix in fixes} == {"/StartAt", "/States/A/Next"}
    assert "D: {Type: Pass}" in mended


@pytest.mark.parametrize("text", ["", "{", "[1]", "a: [", '{"StartAt": 1}', "{}"])
def test_what_is_no_machine_stays_as_it_is(text: str) -> None:
    assert mend(text) == (text, [])


@pytest.mark.parametrize(
    ("code", "pointer"),
    [
        ("ASL100", ""),
        ("ASL100", "/StartAt"),
        ("ASL100", "/States/A/Type"),
        ("ASL100", "/States/Gone"),
        ("ASL101", "/Comment"),
        ("ASL101", "/States/A/Choices/0/Next"),
        ("ASL101", "/States/A/Retry/9/Next"),
        ("ASL101", "/States/A/Retry/x/Next"),
        ("ASL101", "/States/A/Next"),
        ("ASL401", "/States/A"),
        ("ASL401", "/States/A/Catch/0/ErrorEquals/0"),
        ("ASL401", "/States/A/Retry/0/ErrorEquals/0"),
        ("ASL999", "/States/A/Next"),
    ],
)
def test_what_does_not_fit_its_problem_is_left_alone(code: str, pointer: str) -> None:
    text = (
        "StartAt: A\nStates:\n  A:\n    Type: Pass\n    Retry:\n"
        "      - ErrorEquals: [States.ALL]\n"
        "    Catch:\n      -\n        ErrorEquals: [States.ALL]\n      - {}\n"
        "    Next: |-\n      bb\n  Bb: {Type: Succeed}\n"
    )
    problem = Problem(code=code, message="m", pointer=pointer)
    assert fix_text(text, name="a.yaml", find=lambda _: [problem]) == (text, [])


def test_a_fix_that_would_make_the_text_unreadable_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Editor, "replace_text", lambda *_: [Edit(0, 1, "[")])
    text = json.dumps(machine(A={"Type": "Pass", "Next": "doen"}, Done=DONE))
    assert mend(text) == (text, [])


def test_a_problem_that_stays_is_not_mended_twice() -> None:
    value = machine(A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass"})
    stays = Problem(code="ASL100", message="m", pointer="/States/B")
    text, fixes = fix_text(json.dumps(value), name="a.json", find=lambda _: [stays])
    assert json.loads(text)["States"]["B"] == {"Type": "Pass", "End": True}
    assert len(fixes) == 1


def test_a_clean_machine_stays_as_it_is() -> None:
    text = json.dumps(machine(Done=DONE))
    assert mend(text) == (text, [])


NAMES = ["Look", "Charge card", "Ship/it", "Wait~a bit", "Notify \u00e9", "End game"]


@st.composite
def broken_machines(draw: st.DrawFn) -> Any:
    """A chain of states with slips in some of its targets, perhaps without an end."""
    names = draw(st.permutations(NAMES))
    states: dict[str, Any] = {}
    for name, following in zip(names, [*names[1:], None], strict=True):
        state: dict[str, Any] = {"Type": draw(st.sampled_from(["Pass", "Task"]))}
        if state["Type"] == "Task":
            state["Resource"] = LAMBDA
            retriers = [{"ErrorEquals": [e]} for e in ("States.ALL", "Busy", "Gone")]
            state["Retry"] = draw(st.permutations(retriers))
        if following is not None:
            slip = draw(st.booleans())
            state["Next"] = following.swapcase() if slip else following
        elif draw(st.booleans()):
            state["End"] = True
        states[name] = state
    return machine(**states)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """The same as text, in one of many layouts; and the name of its file."""
    value = draw(broken_machines())
    if draw(st.booleans()):
        indent = draw(st.sampled_from([None, 0, 1, 4, "\t"]))
        ascii = draw(st.booleans())
        return json.dumps(value, indent=indent, ensure_ascii=ascii), "m.asl.json"
    text: str = yaml.safe_dump(
        value,
        indent=draw(st.sampled_from([2, 4])),
        default_flow_style=draw(st.sampled_from([None, False, True])),
        default_style=draw(st.sampled_from([None, '"', "'"])),
        allow_unicode=draw(st.booleans()),
        sort_keys=False,
        width=draw(st.sampled_from([20, 80])),
    )
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), "m.asl.yaml"


@given(written())
@settings(max_examples=60, deadline=None)
def test_documents_differ_only_where_something_was_fixed(
    given: tuple[str, str],
) -> None:
    text, name = given
    mended, fixes = mend(text, name)
    before, after = read_text(text, name=name).value, read_text(mended, name=name).value

    for fix in fixes:
        *steps, last = [
            step.replace("~1", "/").replace("~0", "~")
            for step in fix.pointer.split("/")[1:]
        ]
        one, other = before, after
        for step in steps:
            one, other = one[step], other[step]
        if fix.code == "ASL101":
            one[last] = other[last]
        elif fix.code == "ASL100":
            assert "End" not in one[last]
            one[last]["End"] = True
        else:
            one.append(one.pop(int(last)))
    assert json.dumps(before) == json.dumps(after)
    assert bool(fixes) == (text != mended)
    errors = {p.code for p in check_text(mended, name=name) if p.severity == "error"}
    assert errors == set()
