"""Resource -> Python callable: the table of tasks, mocks, and local stand-ins.

In: StartTask effects. Out: Answers, which the runner delivers as replies.
Never: schedules, sleeps, reads a clock or takes a chance; asl.runtime does.
"""

from asl.tasks.integrations import Submitted

__all__ = ["Submitted"]
