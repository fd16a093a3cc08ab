"""Tasks: the table Resource -> Python callable.

In: callables with the resource each one stands for; StartTask effects.
Out: Jobs, ready to run.
Never: runs a callable (answer.py), or says what it gets and gives (integrations.py).

The most specific binding wins: full ARN, then function name, then pattern.
"""

from collections.abc import Callable, Collection
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeVar

from asl.engine.messages import Instant, StartTask, TaskFailed
from asl.engine.parameters import cannot_start
from asl.errors import UsageError
from asl.model.failure import RUNTIME
from asl.model.resource import Resource, find_resource, is_elided
from asl.quotas import LAMBDA_SECONDS
from asl.tasks.answer import Answer, Job, Ready
from asl.tasks.binding import Binding, check_name, check_timeout, inspect_callable
from asl.tasks.integrations import Kind, Plan
from asl.tasks.matching import (
    Texts,
    could_invoke,
    function_texts,
    is_invoke,
    is_pattern,
    most_specific,
    resource_texts,
)
from asl.tasks.tokens import AnswersTokens

F = TypeVar("F", bound=Callable[..., Any])


class Tasks(AnswersTokens):
    """Which Python callable does the work of which resource."""

    def __init__(
        self, *, missing: Literal["refuse", "when-reached"] = "refuse"
    ) -> None:
        if missing not in ("refuse", "when-reached"):
            raise UsageError(f"missing is 'refuse' or 'when-reached', not {missing!r}")
        super().__init__()
        self.missing = missing
        self._bindings: dict[str, Binding] = {}
        self._patterns: list[Binding] = []
        self._activities: dict[str, Binding] = {}
        self._served: set[str] = set()
        """Resources that are known to have a callable."""
        self._plans: dict[str, Plan] = {}
        """By resource, or for lambda:invoke by resource, function and qualifier."""
        self._plain: dict[str, Plan] = {}
        """Those of them that need nothing special, by resource."""
        self.find_plain: Callable[[str], Plan | None] = self._plain.get
        """The plan of a resource that was called before and needs nothing special."""

    def bind(
        self, resource: str, *, timeout_seconds: float | None = None
    ) -> Callable[[F], F]:
        """Bind a callable to a full ARN, a function name or an fnmatch pattern.

        `timeout_seconds` is the function's own time limit (Lambda's, at most 900).
        """
        check_name(resource)
        check_timeout(timeout_seconds)
        found = find_resource(resource)
        if found is not None and found.family == "activity":
            return self.bind_activity(resource)

        def keep(function: F) -> F:
            binding = inspect_callable(resource, function, timeout_seconds)
            if resource in self._bindings:
                raise UsageError(f"{resource!r} is bound twice")
            self._bindings[resource] = binding
            if is_pattern(resource):
                self._patterns.append(binding)
            self._forget_plans()
            return function

        return keep

    def bind_activity(self, arn: str) -> Callable[[F], F]:
        """Bind a worker to an activity, by its ARN or its name."""
        check_name(arn)

        def keep(function: F) -> F:
            binding = inspect_callable(arn, function, None)
            if arn in self._activities:
                raise UsageError(f"the activity {arn!r} is bound twice")
            self._activities[arn] = binding
            self._forget_plans()
            return function

        return keep

    def callables(self) -> list[tuple[str, Callable[..., Any]]]:
        """What is bound to what, activities included."""
        bound = [*self._bindings.values(), *self._activities.values()]
        return [(one.resource, one.function) for one in bound]

    def __reduce__(self) -> tuple[Any, ...]:
        """Tasks are copied and sent elsewhere by what is bound, with no run's state."""
        bound = (list(self._bindings.values()), list(self._activities.values()))
        return _rebound, (self.missing, *bound)

    def binds(self, resource: str) -> bool:
        """Whether a callable is bound to exactly this resource, by no pattern."""
        return resource in self._bindings

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether a worker is bound to the activity that a state names."""
        found = find_resource(arn)
        name = arn if found is None else found.action
        return arn in self._activities or name in self._activities

    def missing_for(self, resources: Collection[str]) -> list[str]:
        """Those of the resources that have no callable, in order, each once.

        A literal FunctionName of lambda:invoke may be asked for like a resource. The
        resource lambda:invoke itself is missing only where nothing could serve it,
        because the function's name may be known at run time only. Activities are never
        missing: one without a worker is unregistered, which is AWS's to report.
        """
        if self.missing == "when-reached" or self._served.issuperset(resources):
            return []
        missing = []
        for name in dict.fromkeys(resources):
            if name in self._served:
                continue
            if self._serves(name):
                self._served.add(name)
            else:
                missing.append(name)
        return missing

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The call that the effect asks for, ready to run."""
        plan = self._plans.get(effect.resource)
        if plan is None:
            found = self._plan(effect)
            if isinstance(found, Ready):
                return found
            plan = found
        return Job(plan, effect, now, self.tokens)

    def fresh(self) -> "Tasks":
        """This table itself: callables are not used up (mocks are)."""
        return self

    def note(self, effect: StartTask) -> None:
        """Nothing: an effect that was answered in an earlier run uses nothing up."""

    def _forget_plans(self) -> None:
        """A new binding may serve what another one served so far."""
        self._plans.clear()
        self._plain.clear()
        self._served.clear()

    def _serves(self, name: str) -> bool:
        resource = find_resource(name)
        if resource is not None and resource.family == "activity":
            return True
        if resource is not None and is_invoke(resource):
            return any(could_invoke(name, known) for known in self._bindings)
        if resource is None:
            return self._find(function_texts(name)) is not None
        return self._find(resource_texts(resource)) is not None

    def _plan(self, effect: StartTask) -> Plan | Ready:
        resource = find_resource(effect.resource) or _unknown(effect.resource)
        if resource.family == "activity":
            return self._plan_activity(effect, resource)
        if is_invoke(resource):
            return self._plan_invoke(effect, resource)
        binding = self._find(resource_texts(resource))
        if binding is None:
            raise self._unbound(effect, resource.function_name or resource.arn)
        kind: Kind = "lambda" if resource.family == "lambda" else "service"
        warning = None
        if kind == "lambda" and is_elided(resource.arn):
            warning = (
                f"{resource.arn} is no whole ARN; its task ran by its function's name, "
                f"{resource.action!r}"
            )
        plan = _make_plan(kind, resource, binding, resource.action, warning=warning)
        self._plans[effect.resource] = plan
        if plan.is_plain:
            self._plain[effect.resource] = plan
        return plan

    def _plan_activity(self, effect: StartTask, resource: Resource) -> Plan | Ready:
        arn = resource.arn
        binding = self._activities.get(arn) or self._activities.get(resource.action)
        if binding is None:
            return unregistered_activity(effect)
        worker = getattr(binding.function, "__name__", resource.action)
        plan = _make_plan("activity", resource, binding, worker)
        self._plans[effect.resource] = plan
        return plan

    def _plan_invoke(self, effect: StartTask, resource: Resource) -> Plan | Ready:
        request = effect.payload if isinstance(effect.payload, dict) else {}
        asked = request.get("FunctionName")
        if not isinstance(asked, str) or not asked:
            return _unusable(effect, 'The field "FunctionName" is required')
        qualifier = str(request.get("Qualifier", ""))
        key = f"{resource.arn}\n{asked}\n{qualifier}"
        if (known := self._plans.get(key)) is not None:
            return known
        texts = function_texts(asked, qualifier)
        is_whole = False
        binding = self._find(Texts(texts.exact, (), texts.by_name))
        if binding is None:
            binding = self._bindings.get(resource.arn)
            is_whole = True
        if binding is None:
            binding = self._find(Texts((), (*texts.matched, resource.arn)))
            if binding is None:
                raise self._unbound(effect, asked)
            pattern = binding.resource
            is_whole = not any(fnmatchcase(text, pattern) for text in texts.matched)
        name = texts.matched[-1]
        plan = _make_plan("invoke", resource, binding, name, is_whole=is_whole)
        self._plans[key] = plan
        return plan

    def _find(self, texts: Texts) -> Binding | None:
        """The most specific binding for a resource; ties are refused."""
        for text in texts.exact:
            if (binding := self._bindings.get(text)) is not None:
                return binding
        if texts.by_name:
            binding = self._find_function(texts.by_name)
            if binding is not None:
                return binding
        matching = [
            pattern
            for pattern in self._patterns
            if any(fnmatchcase(text, pattern.resource) for text in texts.matched)
        ]
        return most_specific(matching, texts.matched) if matching else None

    def _find_function(self, name: str) -> Binding | None:
        """The function of this name that is bound by its ARN, if there is only one."""
        same = [
            binding
            for known, binding in self._bindings.items()
            if (found := find_resource(known)) is not None
            and found.function_name == name
        ]
        if len(same) > 1:
            raise UsageError(
                f"the function name {name!r} fits {same[0].resource!r} as well as "
                f"{same[1].resource!r}; bind the name itself"
            )
        return same[0] if same else None

    def _unbound(self, effect: StartTask, name: str) -> UsageError:
        from difflib import get_close_matches

        near = get_close_matches(name, self._bindings, n=1)
        hint = f" (bound is {near[0]!r})" if near else ""
        return UsageError(
            f"no callable is bound for {effect.resource}"
            f"{'' if name in effect.resource else f', function {name}'}"
            f", which state {effect.call.state!r} calls{hint}; bind one with "
            f"tasks.bind({name!r})(callable)"
        )


def _rebound(
    missing: Literal["refuse", "when-reached"],
    bindings: list[Binding],
    activities: list[Binding],
) -> Tasks:
    """Tasks with the same bindings."""
    tasks = Tasks(missing=missing)
    tasks._bindings = {one.resource: one for one in bindings}
    tasks._patterns = [one for one in bindings if is_pattern(one.resource)]
    tasks._activities = {one.resource: one for one in activities}
    return tasks


def _unknown(arn: str) -> Resource:
    """A resource of no known form: its callable is called like a service."""
    return Resource(arn=arn, family="task", service="", action=arn, pattern="request")


def _make_plan(
    kind: Kind,
    resource: Resource,
    binding: Binding,
    name: str,
    *,
    is_whole: bool = False,
    warning: str | None = None,
) -> Plan:
    limit = binding.timeout_seconds
    if limit is None and kind in ("lambda", "invoke"):
        limit = LAMBDA_SECONDS
    return Plan(
        kind=kind,
        pattern=resource.pattern,
        function=binding.function,
        takes_context=binding.takes_context,
        is_async=binding.is_async,
        limit_us=None if limit is None else round(limit * 1_000_000),
        function_name=name,
        whole_request=is_whole,
        warning=warning,
    )


def unregistered_activity(effect: StartTask) -> Ready:
    """What AWS says of an activity that nobody created."""
    cause = f"The activity {effect.resource} does not exist."
    failed = TaskFailed(effect.id, 0, RUNTIME, cause, "runtime")
    return Ready(Answer([(0, failed)]))


def _unusable(effect: StartTask, reasons: str) -> Ready:
    cause = cannot_start(effect.payload, reasons)
    failed = TaskFailed(effect.id, 0, RUNTIME, cause, "runtime")
    return Ready(Answer([(0, failed)]))
