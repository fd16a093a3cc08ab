"""Diagrams: a StateMachine, and what its executions did → pictures."""
