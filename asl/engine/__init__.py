"""engine: StateMachine and replies → effects and events; decides, never acts."""
