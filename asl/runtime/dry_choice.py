"""A Choice in a dry run: known, chosen by the caller, or guessed.

In: a Choice and data in which some values are unknown. Out: the rule to take.
Never: guesses where what is known settles it: rules have three values here, true, false
and what they lack (Kleene's logic).
"""

from collections.abc import Callable
from typing import TypeAlias

from asl.expressions.scope import EvaluationError, Scope
from asl.model.choice import compile_rule
from asl.model.states import Choice, ChoiceRule
from asl.runtime.dry_watch import Guess, Watch
from asl.runtime.lookup import Lack, Reference, find_unknown, follow, references
from asl.values import Json

Ask: TypeAlias = Callable[[Json, Scope], "bool | Lack"]


class Settled:
    """Where a Choice goes: known, chosen by the caller, or guessed."""

    def __init__(self, watch: Watch, state: Choice) -> None:
        self.watch = watch
        self.state = state
        written: list[Json] = state.definition["Choices"]
        self.asks = [
            self._condition(rule, text)
            for rule, text in zip(state.choices, written, strict=True)
        ]
        self.place: int | None = None
        """The rule to take; None: Default."""

    def test(self, number: int) -> Callable[[Json, Scope], bool]:
        """The test of one rule; the first rule's settles it for all of them."""

        def test(subject: Json, scope: Scope) -> bool:
            if number == 0:
                self.place = self._settle(subject, scope)
            return self.place == number

        return test

    def _settle(self, subject: Json, scope: Scope) -> int | None:
        for number, ask in enumerate(self.asks):
            answer = ask(subject, scope)
            if isinstance(answer, Lack):
                return self._guess(answer)
            if answer:
                return number
        return None

    def _guess(self, lack: Lack) -> int | None:
        watch, state = self.watch, self.state
        targets = watch.choose.get(state.name)
        if targets:
            used = watch.chosen.get(state.name, 0)
            watch.chosen[state.name] = used + 1
            target = targets[min(used, len(targets) - 1)]
            why = "chosen"
        elif state.default is not None:
            target, why = state.default, "Default"
        else:
            target, why = state.choices[0].next, "first rule"
        watch.guesses.append(Guess(state.name, lack, target, why))
        if why == "Default":
            return None
        return next(
            (n for n, rule in enumerate(state.choices) if rule.next == target), None
        )

    def _condition(self, rule: ChoiceRule, written: Json) -> Ask:
        if not self.state.jsonata:
            return self._rule(written)
        reads = references(written.get("Condition"), jsonata=True)

        def ask(subject: Json, scope: Scope) -> bool | Lack:
            for reference in reads:
                lack = find_unknown(self.watch.unknowns, reference, subject, scope)
                if lack is not None:
                    return lack
            return self.watch.closure(rule.test, reads, self.state)(subject, scope)

        return ask

    def _rule(self, rule: dict[str, Json]) -> Ask:
        """A rule in three values: true, false, or what it lacks (Kleene's logic)."""
        for word, decisive in (("And", False), ("Or", True)):
            if word in rule:
                parts = [self._rule(part) for part in rule[word]]
                return _combined(parts, decisive)
        if "Not" in rule:
            inner = self._rule(rule["Not"])

            def negated(subject: Json, scope: Scope) -> bool | Lack:
                answer = inner(subject, scope)
                return answer if isinstance(answer, Lack) else not answer

            return negated
        test = compile_rule(rule)
        reads = [
            reference
            for key, text in rule.items()
            if key == "Variable" or key.endswith("Path")
            for reference in references(text, jsonata=False)
        ]

        asks_presence = "IsPresent" in rule

        def compare(subject: Json, scope: Scope) -> bool | Lack:
            for reference in reads:
                if asks_presence and self._is_there(reference, subject, scope):
                    continue
                lack = find_unknown(self.watch.unknowns, reference, subject, scope)
                if lack is not None:
                    return lack
            return self.watch.closure(test, reads, self.state)(subject, scope)

        return compare

    def _is_there(self, reference: Reference, subject: Json, scope: Scope) -> bool:
        """Whether an object is there whatever is in it: a whole result, or one made."""
        value, rest = follow(reference, subject, scope)
        if rest or type(value) is not dict:
            return False
        unknown = self.watch.unknowns.of(value)
        return unknown is None or unknown.path == "$"


def _combined(parts: list[Ask], decisive: bool) -> Ask:
    def combined(subject: Json, scope: Scope) -> bool | Lack:
        lack: Lack | None = None
        for part in parts:
            try:
                answer = part(subject, scope)
            except EvaluationError:
                if lack is None:
                    raise
                continue  # what is unknown might have kept AWS from looking here
            if isinstance(answer, Lack):
                lack = lack or answer
            elif answer is decisive:
                return decisive
        return (not decisive) if lack is None else lack

    return combined
