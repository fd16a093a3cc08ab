"""model: Document → StateMachine; what a definition says."""
