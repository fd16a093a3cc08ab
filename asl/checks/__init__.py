"""checks: Document → every Problem at once."""
