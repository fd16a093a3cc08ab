"""API shapes: whether a mocked result is one that the service's API could give.

In: a Resource, a result, how strictly to look. Out: what is wrong, in AWS's words.
Never: calls AWS, or judges what no model describes: direct Lambdas, activities, what
comes back with a token, API Gateway, HTTP; without botocore everything is right.

API reference: TestState, "mock" and "fieldValidationMode"; recorded. Names are spelt in
PascalCase. Fields that the API does not have are not looked at.
"""

from typing import Any, Literal

from asl.model.resource import Resource
from asl.tasks.shapes import find_shape, output_shape
from asl.values import Json

PREFIX = "Mock result schema validation error: "

_FREE = {
    # Members that the integration reads as JSON, where the API has text or bytes.
    ("lambda", "invoke", "request"): frozenset(("Payload",)),
    ("bedrock", "invokeModel", "request"): frozenset(("Body",)),
    ("states", "startExecution", "sync:2"): frozenset(("Input", "Output")),
    ("aws-sdk:lambda", "invoke", "request"): frozenset(("Payload",)),
    ("aws-sdk:bedrockruntime", "invokeModel", "request"): frozenset(("Body",)),
}
_LIMITS = {
    # What Step Functions still held against when it was recorded (December 2025), where
    # botocore's newer models allow more.
    ("lambda", "MemorySize"): {"max": 10_240},
}
_NUMBERS = frozenset(("integer", "long", "float", "double"))
_TEXTS = frozenset(("string", "character", "timestamp", "blob"))


def check_result(
    resource: Resource,
    value: Json,
    mode: Literal["STRICT", "PRESENT", "NONE"] = "STRICT",
) -> list[str]:
    """What is wrong with a task's result: AWS's sentences, the first one first.

    STRICT also asks for the fields that the API always gives, PRESENT looks only at
    those that are there, NONE at nothing. TestState reports the first sentence.
    """
    if mode == "NONE" or resource.family != "task" or resource.service == "apigateway":
        return []
    shape = _model(resource)
    if shape is None:
        return []
    key = (resource.service, resource.action, resource.pattern)
    service = resource.service.removeprefix("aws-sdk:")
    checker = _Checker(service, mode == "STRICT", _FREE.get(key, frozenset()))
    checker.check(shape, None, value)
    return [PREFIX + text for text in checker.found]


def _model(resource: Resource) -> Any:
    """botocore's model of what the state gets, or None."""
    if resource.pattern == "token":
        return None  # whoever has the token says what comes back
    if (resource.service, resource.action) == ("states", "startExecution") and (
        resource.pattern != "request"
    ):
        return output_shape("states", "DescribeExecution")
    return find_shape(resource)


class _Checker:
    """Holds one result against one shape."""

    def __init__(self, service: str, is_strict: bool, free: frozenset[str]) -> None:
        self.service = service
        self.is_strict = is_strict
        self.free = free
        self.found: list[str] = []

    def check(self, shape: Any, field: str | None, value: Json) -> None:
        """Note what is wrong with a value; `field` None is the whole result."""
        kind = shape.type_name
        if kind == "structure":
            self._check_members(shape, field, value)
        elif kind == "map":
            if self._is(isinstance(value, dict), field, "an object"):
                for key, item in value.items():
                    self.check(shape.value, key, item)
        elif kind == "list":
            if self._is(isinstance(value, list), field, "an array"):
                for item in value:
                    self.check(shape.member, field, item)
        elif kind == "boolean":
            self._is(isinstance(value, bool), field, "a boolean")
        elif kind in _NUMBERS:
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if self._is(is_number, field, "a number"):
                self._check_range(shape, field, value)
        elif kind in _TEXTS and self._is(isinstance(value, str), field, "a string"):
            self._check_text(shape, field, value)

    def _check_members(self, shape: Any, field: str | None, value: Json) -> None:
        if getattr(shape, "is_document_type", False) or getattr(
            shape, "is_eventstream", False
        ):
            return
        if not self._is(isinstance(value, dict), field, "an object"):
            return
        if self.is_strict:
            for member in shape.required_members:
                name = _spelt(member)
                if value.get(name) is None:
                    self.found.append(f"Required field '{name}' is missing")
        for member, inner in shape.members.items():
            name = _spelt(member)
            is_open = name in self.free and field is None
            if value.get(name) is not None and not is_open:
                self.check(inner, name, value[name])

    def _check_range(self, shape: Any, field: str | None, value: Json) -> None:
        limits = shape.metadata | _LIMITS.get((self.service, shape.name), {})
        if "max" in limits and value > limits["max"]:
            self.found.append(f"Field '{field}' exceeds the maximum value")
        elif "min" in limits and value < limits["min"]:
            self.found.append(f"Field '{field}' is less than the minimum value")

    def _check_text(self, shape: Any, field: str | None, value: str) -> None:
        # That a text is too long, or of the wrong form, TestState is not known to say.
        if shape.type_name == "string" and shape.enum and value not in shape.enum:
            self.found.append(f"Field '{field}' is not an expected value")
        elif len(value) < shape.metadata.get("min", 0):
            self.found.append(f"Field '{field}' is smaller than the minimum length")

    def _is(self, right: bool, field: str | None, what: str) -> bool:
        if not right:
            subject = "The result" if field is None else f"Field '{field}'"
            self.found.append(f"{subject} must be {what}")
        return right


def _spelt(member: str) -> str:
    return member[:1].upper() + member[1:]
