"""Served tasks: a run's own table, and behind it what the service itself answers.

In: StartTask effects. Out: the table's answer; a hold where a worker is to take the
task up by GetActivityTask; the failure that the service reports of machines that it
does not have. Never: keeps a task; the activities do.
"""

from collections.abc import Callable, Collection

from asl.engine.messages import Instant, StartTask, TaskFailed
from asl.engine.nested import STARTS
from asl.errors import UsageError
from asl.model.resource import Resource, find_resource
from asl.runtime.desk import Desk
from asl.tasks.answer import Answer, Job, Ready
from asl.tasks.integrations import request_id
from asl.tasks.mocks import Mocks
from asl.tasks.registry import Tasks


class Served(Tasks):
    """One run's tasks, whose tokens anybody may answer through the service."""

    def __init__(
        self,
        inner: Tasks | Mocks,
        desk: Desk,
        *,
        knows: Callable[[str], bool],
        hold: Callable[[StartTask], None],
    ) -> None:
        super().__init__(missing="when-reached")
        self._inner = inner
        self.find_plain = inner.find_plain
        self._desk = desk
        self._knows = knows
        self._hold = hold
        self._goes_on = False
        self.tokens = desk.tokens_over(inner.tokens)
        self.last_run = inner.last_run

    def kept(self) -> "Served":
        """The same for a run that goes on: what is used up stays so."""
        self._goes_on = True
        return self

    def fresh(self) -> "Served":
        """The same over answers of which none is used."""
        if self._goes_on:
            return self
        inner = self._inner.fresh()
        return Served(inner, self._desk, knows=self._knows, hold=self._hold)

    def binds(self, resource: str) -> bool:
        """Whether a callable is bound to exactly this resource."""
        return self._inner.binds(resource)

    def knows_activity(self, state: str, arn: str) -> bool:
        """Whether a worker is bound to an activity, or it was created."""
        return self._inner.knows_activity(state, arn) or self._knows(arn)

    def missing_for(self, resources: Collection[str]) -> list[str]:
        """None: what is missing shows when it is reached."""
        return []

    def prepare(self, effect: StartTask, now: Instant) -> Job | Ready:
        """The call that the effect asks for, ready to run."""
        resource = find_resource(effect.resource)
        if resource is not None and resource.family == "activity":
            state, arn = effect.call.state, effect.resource
            if not self._inner.knows_activity(state, arn) and self._knows(arn):
                self._hold(effect)
                return Ready(Answer([], waits="token"))
        try:
            return self._inner.prepare(effect, now)
        except UsageError:
            if resource is None or (resource.service, resource.action) not in STARTS:
                raise
            return _no_machine(effect, resource)

    def note(self, effect: StartTask) -> None:
        """Use up the answer to a call that was answered in an earlier run."""
        self._inner.note(effect)


def _no_machine(effect: StartTask, resource: Resource) -> Ready:
    """What the service says of a machine that nobody created."""
    request = effect.payload if isinstance(effect.payload, dict) else {}
    arn, id = request.get("StateMachineArn"), request_id(effect)
    cause = f"State Machine Does Not Exist: '{arn}' "
    if resource.service == "states":
        error = "StepFunctions.StateMachineDoesNotExistException"
        cause += (
            "(Service: AWSStepFunctions; Status Code: 400; Error Code: "
            f"StateMachineDoesNotExist; Request ID: {id}; Proxy: null)"
        )
    else:
        error = "Sfn.StateMachineDoesNotExistException"
        cause += f"(Service: Sfn, Status Code: 400, Request ID: {id})"
    phase = "run" if resource.pattern == "request" else "submit"
    return Ready(Answer([(0, TaskFailed(effect.id, 0, error, cause, phase))]))
