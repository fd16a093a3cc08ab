"""cli: the command `asl`, one file a verb."""
