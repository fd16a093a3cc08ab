"""expressions: text and data → value; the query languages, pure."""
