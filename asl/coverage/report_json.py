"""The report as JSON: the data of a Coverage, which merges with that of other runs.

In: a Coverage. Out: one JSON object as text; a diagram's overlay reads it too.
Never: leaves a place out.
"""

import json

from asl.coverage.measure import Coverage


def write_json(coverage: Coverage) -> str:
    """Every machine with its places, and how often each was reached."""
    return json.dumps(coverage.to_json(), indent=1) + "\n"
