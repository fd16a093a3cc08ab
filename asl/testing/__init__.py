"""For people who test their own machines: fixtures, scenarios, asserting."""
