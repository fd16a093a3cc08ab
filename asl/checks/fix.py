"""Fixes: what is wrong with a definition and has only one sensible cure.

In: a text, and a function that finds its Problems. Out: the mended text, and a Fix for
each thing that was done.
Never: guesses between two cures, or changes anything beside them: the mended text is
read again and must say what was meant and nothing else, or it is not taken.
More than 250 lines: the three cures, and what keeps them from doing harm.

States Language specification: "Transitions", "Errors" (States.ALL).
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from asl.errors import DefinitionError
from asl.graph import states_of
from asl.problem import Problem
from asl.source.document import Document
from asl.source.edit import Edit, Editor, apply_edits
from asl.source.reading import read_text
from asl.source.substitution import escape, unescape
from asl.values import Json

_ROUNDS = 10
"""A fix may uncover the next one; more rounds than these would be going in circles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """One thing that was mended, and where it stood."""

    code: str
    pointer: str
    message: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class _Plan:
    """A Fix that has not been made yet."""

    fix: Fix
    edits: Sequence[Edit]
    change: Callable[[Json], None]
    """The same done to the value that was read, which may be changed for it."""


def fix_text(
    text: str, *, name: str | None, find: Callable[[str], Sequence[Problem]]
) -> tuple[str, list[Fix]]:
    """Mend what is safe to mend of the Problems that `find` finds in a text."""
    done: list[Fix] = []
    for _ in range(_ROUNDS):
        try:
            document = read_text(text, name=name)
        except DefinitionError:
            break
        editor = Editor(document)
        plans = [
            plan
            for problem in find(text)
            if (fixer := _FIXERS.get(problem.code))
            for plan in fixer(document, editor, problem)
        ]
        text, made = _apply(document, plans, name)
        if not made:
            break
        done += made
    return text, done


def _apply(
    document: Document, plans: list[_Plan], name: str | None
) -> tuple[str, list[Fix]]:
    """The text with as many plans carried out as keep out of each other's way."""
    apart = list(_keep_apart(plans))
    text = _try(document, apart, name)
    if text is None:  # one of them changes more than it should: find out which
        good: list[_Plan] = []
        for plan in apart:
            if _try(document, [*good, plan], name) is not None:
                good.append(plan)
        apart = good
        text = _try(document, apart, name)
    return text or document.text, [plan.fix for plan in apart]


def _keep_apart(plans: list[_Plan]) -> Iterator[_Plan]:
    taken: list[Edit] = []
    for plan in plans:
        if any(
            (edit.start, edit.end) == (other.start, other.end)
            or (edit.start < other.end and other.start < edit.end)
            for edit in plan.edits
            for other in taken
        ):
            continue
        taken += plan.edits
        yield plan


def _try(document: Document, plans: list[_Plan], name: str | None) -> str | None:
    """The text after some plans, if it says what it should."""
    edits = [edit for plan in plans for edit in plan.edits]
    text = apply_edits(document.text, edits)
    # Written and read, so that nothing is shared as YAML's aliases share it.
    wanted = json.loads(json.dumps(document.value))
    for plan in plans:
        plan.change(wanted)
    try:
        value = read_text(text, name=name).value
    except DefinitionError:
        return None
    return text if json.dumps(value) == json.dumps(wanted) else None


def _value_at(value: Json, pointer: str) -> Json:
    """The value at a pointer, None where it leads nowhere."""
    for step in pointer.split("/")[1:]:
        key = unescape(step)
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _fix(document: Document, problem: Problem, pointer: str, message: str) -> Fix:
    place = document.place(pointer)
    return Fix(
        code=problem.code,
        pointer=pointer,
        message=message,
        line=place.line if place else None,
        column=place.column if place else None,
    )


# --- misspelt targets

_PLACE = re.compile(
    r"(?P<machine>(?:/States/[^/]+/(?:ItemProcessor|Iterator|Branches/[0-9]+))*)"
    r"/(?:StartAt|States/(?P<state>[^/]+)(?:/.*)?)",
    re.DOTALL,
)


def _correct_target(
    document: Document, editor: Editor, problem: Problem
) -> Iterator[_Plan]:
    """A target that is misspelt, where one state's name only can be meant."""
    place = _PLACE.fullmatch(problem.pointer)
    target = _value_at(document.value, problem.pointer)
    if place is None or not isinstance(target, str):
        return
    machine = _value_at(document.value, place["machine"])
    source = unescape(place["state"]) if place["state"] else None
    meant = [
        state
        for state in states_of(machine)
        if state != source and is_misspelt(target, state)
    ]
    edits = editor.replace_text(problem.pointer, meant[0]) if len(meant) == 1 else None
    if edits is None:
        return
    above, _, last = problem.pointer.rpartition("/")

    def change(value: Json) -> None:
        _value_at(value, above)[last] = meant[0]

    message = f'{last} "{target}" is now "{meant[0]}"'
    yield _Plan(_fix(document, problem, problem.pointer, message), edits, change)


def is_misspelt(name: str, meant: str) -> bool:
    """Whether one name is surely the other with a slip of the keyboard.

    Names like `Step1` and `Step2`, `Enable` and `Disable`, `Path A` and `Path B` are
    alike and yet mean different things: digits, the beginnings of words and very short
    words must agree.
    """
    one, other = _words(name), _words(meant)
    if "".join(one) == "".join(other):  # case, blanks, hyphens
        return True
    if re.findall(r"\d+", name) != re.findall(r"\d+", meant) or len(one) != len(other):
        return False
    slips = 0
    for wrong, right in zip(one, other, strict=True):
        if wrong == right:
            continue
        if min(len(wrong), len(right)) < 3 or wrong[0] != right[0]:
            return False
        slips += _distance(wrong, right)
    return slips <= (1 if len(meant) < 8 else 2)


_WORD = re.compile(r"[^\W\d_]+|\d+")


def _words(name: str) -> list[str]:
    """`ChargeCard2`, `charge card 2` and `charge-card-2` as words in small letters."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return _WORD.findall(spaced.casefold())


def _distance(one: str, other: str) -> int:
    """Letters left out, put in, mistaken or exchanged with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, two_before[j - 2] + 1)
            row.append(best)
    return row[-1]


# --- States.ALL

_ENTRY = re.compile(r"(?P<list>.*/(?:Retry|Catch))/(?P<index>[0-9]+)/.*", re.DOTALL)


def _move_all(document: Document, editor: Editor, problem: Problem) -> Iterator[_Plan]:
    """An entry for States.ALL alone that is not its list's last."""
    found = _ENTRY.fullmatch(problem.pointer)
    entries = _value_at(document.value, found["list"]) if found else None
    if found is None or not isinstance(entries, list):
        return
    index = int(found["index"])
    names = [
        entry.get("ErrorEquals") if isinstance(entry, dict) else None
        for entry in entries
    ]
    takers = [
        n
        for n, taken in enumerate(names)
        if isinstance(taken, list) and "States.ALL" in taken
    ]
    if takers != [index] or names[index] != ["States.ALL"]:
        return
    edits = editor.move_last(found["list"], index)
    if edits is None:
        return
    pointer = found["list"]

    def change(value: Json) -> None:
        moved = _value_at(value, pointer)
        moved.append(moved.pop(index))

    field = pointer.rpartition("/")[2]
    message = f"{field}[{index}], which takes States.ALL, is now the last of its list"
    yield _Plan(_fix(document, problem, f"{pointer}/{index}", message), edits, change)


# --- End

_ENDING = ("Task", "Pass", "Wait", "Parallel", "Map")


def _add_end(document: Document, editor: Editor, problem: Problem) -> Iterator[_Plan]:
    """The last state of a machine, which has neither Next nor End."""
    place = _PLACE.fullmatch(problem.pointer)
    if place is None or place["state"] is None:
        return
    machine = _value_at(document.value, place["machine"])
    name = unescape(place["state"])
    if problem.pointer != f"{place['machine']}/States/{escape(name)}":
        return
    state = states_of(machine).get(name, {})
    if state.get("Type") not in _ENDING or "Next" in state or "End" in state:
        return
    if name != list(machine["States"])[-1]:
        return
    edits = editor.add_member(problem.pointer, "End", True)
    if edits is None:
        return

    def change(value: Json) -> None:
        _value_at(value, problem.pointer)["End"] = True

    message = f'the last state "{name}" now has "End": true'
    yield _Plan(_fix(document, problem, problem.pointer, message), edits, change)


_FIXERS: dict[str, Callable[[Document, Editor, Problem], Iterator[_Plan]]] = {
    "ASL100": _add_end,
    "ASL101": _correct_target,
    "ASL401": _move_all,
}
