"""source: bytes → Document, with the place of every value."""
