"""Coverage: a StateMachine and its executions → what was never reached."""
