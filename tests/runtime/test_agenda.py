"""The agenda: what is due first, and the service's limits, which hardly ever are."""

from asl.engine.messages import TaskSucceeded, TimerFired
from asl.runtime.agenda import Agenda


def drained(agenda: Agenda, running: set[int]) -> list[tuple[int, int, int]]:
    found = []
    while agenda.find_next(running) is not None:
        due, index, reply = agenda.pop()
        assert isinstance(reply, (TimerFired, TaskSucceeded))
        found.append((due, index, reply.id))
    return found


def test_a_limit_comes_up_in_its_order() -> None:
    agenda = Agenda()
    agenda.set_limit(500, 0)
    agenda.set_limit(300, 1)
    agenda.set_timer(400, 0, 2)
    agenda.push(300, 0, TaskSucceeded(3, 0, None))
    agenda.push(100, 0, TaskSucceeded(4, 0, None))
    assert drained(agenda, {0, 1}) == [
        (100, 0, 4),
        (300, 0, 3),
        (300, 1, 1),
        (400, 0, 2),
        (500, 0, 1),
    ]


def test_the_limit_of_an_execution_that_has_ended_never_comes_up() -> None:
    agenda = Agenda()
    agenda.set_limit(300, 0)
    agenda.set_limit(200, 1)
    agenda.forget(1)
    assert drained(agenda, {0}) == [(300, 0, 1)]
    assert agenda.find_next({0}) is None


def test_a_limit_keeps_nothing_alive() -> None:
    agenda = Agenda()
    agenda.set_limit(300, 0)
    assert not agenda.has_purpose()
    assert agenda.is_clear(299)
    assert agenda.find_next({0}) == 300
    assert not agenda.has_purpose()


def test_a_limit_that_was_told_is_dropped() -> None:
    agenda = Agenda()
    agenda.set_limit(300, 0)
    agenda.set_limit(300, 1)
    agenda.drop_told([(0, 1, TimerFired)])
    assert drained(agenda, {0, 1}) == [(300, 1, 1)]
