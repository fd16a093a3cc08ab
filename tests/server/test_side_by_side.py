"""Many threads at the same executions: nothing acknowledged is lost, nothing hangs."""

import random
import sys
import threading
from typing import Any

import pytest
from service import START, WAIT, Service, asks, task

import asl

pytestmark = pytest.mark.soak

THREADS = 16
ROUNDS = 150
LIMIT = 300


class Crowd:
    """Threads that start, answer, stop and look, and note what they were promised."""

    def __init__(self, clock: asl.VirtualClock | asl.SystemClock) -> None:
        self.tokens: list[str] = []
        self.answered: set[str] = set()
        self.arns: list[str] = []
        self.stopped: list[str] = []
        self.faults: list[BaseException] = []
        tasks = asl.Tasks()

        @tasks.bind("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
        def send(event: dict[str, Any]) -> None:
            self.tokens.append(event["MessageBody"]["token"])

        tasks.bind("arn:aws:states:::sns:publish")(lambda event: event)
        self.service = Service(asl.Api(tasks=tasks, clock=clock, poll_seconds=0))
        create = self.service.create
        inner = create("inner", {"W": {**WAIT["W"], "Seconds": 0}})
        nested = task(f"{START}.sync", Parameters={"StateMachineArn": inner})
        self.machines = [
            create("token", asks()),
            create("token-last", {"W": {**WAIT["W"], "Seconds": 0}}),
            create("task", task()),
            create("nested", nested),
        ]

    def work(self, seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(ROUNDS):
                self.do_one(chance)
        except BaseException as error:
            self.faults.append(error)

    def do_one(self, chance: random.Random) -> None:
        service, deed = self.service, chance.random()
        if deed < 0.4 or not self.arns:
            self.arns.append(service.start(chance.choice(self.machines)))
        elif deed < 0.6 and self.tokens:
            self.answer(chance.choice(self.tokens))
        elif deed < 0.7:
            arn = chance.choice(self.arns)
            service.call("StopExecution", executionArn=arn)
        elif deed < 0.9:
            arn = chance.choice(self.arns)
            ended = service.status(arn) != "RUNNING"
            assert not ended or service.types(arn)[-1].startswith("Execution")
        else:
            machine = chance.choice(self.machines)
            service.call("ListExecutions", stateMachineArn=machine, maxResults=10)

    def answer(self, token: str) -> None:
        try:
            self.service.call("SendTaskSuccess", taskToken=token, output='"yes"')
        except asl.ApiError as error:
            if error.code != "TaskTimedOut":
                raise
        else:
            assert token not in self.answered, "a token was answered twice"
            self.answered.add(token)


@pytest.mark.parametrize("clock", [asl.VirtualClock, asl.SystemClock])
def test_a_crowd_at_the_same_executions(clock: Any) -> None:
    seed = random.randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    crowd = Crowd(clock())
    threads = [
        threading.Thread(target=crowd.work, args=(seed + number,))
        for number in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
        assert not thread.is_alive()
    assert crowd.faults == []
    for token in list(crowd.tokens):
        crowd.answer(token)
    host = crowd.service.api.executions.host
    assert host.wait_for(lambda: not host.live(), LIMIT)
    statuses = {crowd.service.status(arn) for arn in crowd.arns}
    assert statuses == {"SUCCEEDED", "ABORTED"}
    assert host.exceptions == []
    crowd.service.api.close()
