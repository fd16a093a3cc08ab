"""Step Functions Local's mock configuration file, MockConfigFile.json, as mocks.

In: the file's Document (or its value), a machine's name, a test case's name.
Out: the test case's answers as Mocks take them, by state.
Never: looks at test cases and responses that the chosen one does not use, so that a
mistake elsewhere in a shared file stops nobody.

Developer guide: "Using mocked service integrations". Its responses count
a state's calls from 0 over the whole execution, retries and further visits alike.
"""

from collections.abc import Mapping

from asl.errors import UsageError
from asl.source.document import Document
from asl.source.substitution import escape, unescape
from asl.tasks.mock_answers import did_you_mean, read_answers, short
from asl.values import Json

MACHINES, CASES, RESPONSES = "StateMachines", "TestCases", "MockedResponses"


def choose(
    source: Document | Mapping[str, Json],
    machine: str | None = None,
    test_case: str | None = None,
) -> dict[str, list[dict[str, Json]]]:
    """The answers of one test case; machine or case may be None where it is clear.

    `test_case` may name its machine too: `Order#HappyPath`, as ARNs of Step Functions
    Local do. UsageError says what is wrong or missing, with its line.
    """
    reader = _Reader(source)
    if test_case is not None and "#" in test_case:
        machine, _, test_case = test_case.rpartition("#")
    machine = reader.find_machine(machine, test_case)
    where = f"/{MACHINES}/{escape(machine)}/{CASES}"
    case = reader.find_case(where, machine, test_case)
    return {
        state: reader.answers(f"{where}/{escape(case)}/{escape(state)}", response)
        for state, response in reader.table(f"{where}/{escape(case)}").items()
    }


def list_cases(source: Document | Mapping[str, Json]) -> list[tuple[str, str]]:
    """Every test case as (machine, case), in the order of the file."""
    reader = _Reader(source)
    return [
        (machine, case)
        for machine in reader.table(f"/{MACHINES}")
        for case in reader.table(f"/{MACHINES}/{escape(machine)}/{CASES}")
    ]


class _Reader:
    """A configuration and the places of its parts."""

    def __init__(self, source: Document | Mapping[str, Json]) -> None:
        self.document = source if isinstance(source, Document) else None
        self.value = source.value if isinstance(source, Document) else source

    def wrong(self, pointer: str, text: str, *, on_key: bool = False) -> UsageError:
        """UsageError with the place of a part, as far as it has one."""
        place = "the mock configuration"
        if self.document is not None:
            document = self.document
            find = document.key_place if on_key else document.place
            span = find(pointer)
            place = document.file or place
            place += f":{span.line}:{span.column}" if span is not None else ""
        return UsageError(f"{place}: {text}")

    def table(self, pointer: str) -> Mapping[str, Json]:
        """The table at a pointer, which must be there."""
        inner: Json = self.value
        above = ""
        for step in pointer.split("/")[1:]:
            key = unescape(step)
            if key not in inner:
                hint = did_you_mean(key, inner)
                raise self.wrong(above, f"there is no {key}{hint}")
            inner, above = inner[key], f"{above}/{step}"
            if not isinstance(inner, Mapping):
                raise self.wrong(above, f"{key} must be a table, not {short(inner)}")
        found: Mapping[str, Json] = inner
        return found

    def find_machine(self, machine: str | None, case: str | None) -> str:
        """The machine meant; without a name the only one that can be."""
        machines = self.table(f"/{MACHINES}")
        if machine is not None:
            if machine in machines:
                return machine
            hint = did_you_mean(machine, machines)
            raise self.wrong(
                f"/{MACHINES}", f"there is no state machine {machine!r}{hint}"
            )
        having = [
            name
            for name in machines
            if case is None or case in self.table(f"/{MACHINES}/{escape(name)}/{CASES}")
        ]
        if len(having) == 1:
            return having[0]
        if case is not None and not having:
            cases = [case for _, case in list_cases(self.document or self.value)]
            hint = did_you_mean(case, cases)
            raise self.wrong(f"/{MACHINES}", f"there is no test case {case!r}{hint}")
        names = ", ".join(map(repr, having)) or "none"
        raise self.wrong(
            f"/{MACHINES}", f"name the state machine whose test case it is: {names}"
        )

    def find_case(self, pointer: str, machine: str, case: str | None) -> str:
        """The test case meant; without a name the only one."""
        cases = self.table(pointer)
        if case is None and len(cases) == 1:
            return next(iter(cases))
        if case is None:
            names = ", ".join(map(repr, cases)) or "none"
            raise self.wrong(pointer, f"name a test case of {machine!r}: {names}")
        if case not in cases:
            hint = did_you_mean(case, cases)
            raise self.wrong(pointer, f"{machine!r} has no test case {case!r}{hint}")
        return case

    def answers(self, pointer: str, response: Json) -> list[dict[str, Json]]:
        """The answers of one state, by the name of its response."""
        responses = self.table(f"/{RESPONSES}")
        if not isinstance(response, str):
            raise self.wrong(
                pointer, f"a response's name is a text, not {short(response)}"
            )
        if response not in responses:
            hint = did_you_mean(response, responses)
            raise self.wrong(pointer, f"there is no mocked response {response!r}{hint}")
        where = f"/{RESPONSES}/{escape(response)}"
        return [
            self.answer(f"{where}/{escape(key)}", key, given)
            for key, given in self.table(where).items()
        ]

    def answer(self, pointer: str, key: str, given: Json) -> dict[str, Json]:
        """One answer; its key says for which calls it is."""
        if not isinstance(given, Mapping):
            raise self.wrong(pointer, f"an answer is a table, not {short(given)}")
        for name in given:
            if name not in ("Return", "Throw"):
                hint = did_you_mean(name, ("Return", "Throw"))
                raise self.wrong(
                    f"{pointer}/{escape(name)}",
                    f"unknown key {name!r}{hint}",
                    on_key=True,
                )
        answer = {**given, "Invocation": key}
        try:
            read_answers("the response", [answer])
        except UsageError as error:
            _, _, reason = str(error).partition("'the response'")
            text = f"answer {key!r}{reason.replace('Invocation', 'its key')}"
            fault = self.wrong(pointer, text, on_key=True)
            raise fault from None
        return answer
