"""Every AWS number as data: limits of the service, and its prices.

In: nothing. Out: constants and two tables. Never: behaviour.
Developer guide: "Service quotas"; pricing page of AWS Step Functions.
"""

from dataclasses import dataclass

PAYLOAD_BYTES = 262_144
"""Input or output of a state, a task or an execution: UTF-8 bytes of its JSON text."""

DEFINITION_CHARS = 1_048_576
STATE_NAME_CHARS = 80
VARIABLE_NAME_CHARS = 80
VARIABLE_BYTES = 262_144
VARIABLES_TOTAL_BYTES = 10 * 1024 * 1024
MAX_SECONDS = 99_999_999
WAIT_SECONDS = 2_147_483_647
"""The longest Wait that AWS accepts at run time (2**31 - 1 seconds)."""
INLINE_CONCURRENCY = 40
DISTRIBUTED_CONCURRENCY = 10_000
MAP_ITEMS = 100_000_000
INTRINSIC_CHARS = 10_000
"""The longest text that an intrinsic function encodes, decodes or hashes."""
LAMBDA_SECONDS = 900
"""The longest that a Lambda function may run."""

# The service's own limits, beside those of a workflow.
PAGE_DEFAULT = 100
"""How many entries a list's page has unless asked otherwise."""
PAGE_TOKEN_SECONDS = 24 * 3600
"""How long a token for the next page is good."""
VERSIONS = 1_000
"""Versions of a state machine; each may be in one alias or more."""
ALIASES = 100
"""Aliases of a state machine."""
TAGS = 50
"""Tags of a state machine or an activity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowLimits:
    """One column of the table: what a workflow type allows."""

    seconds: int
    history_events: int | None
    """None: unlimited (Express keeps no history at AWS)."""


LIMITS = {
    "STANDARD": WorkflowLimits(seconds=365 * 24 * 3600, history_events=25_000),
    "EXPRESS": WorkflowLimits(seconds=300, history_events=None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """List prices in US dollars for us-east-1, on the day they were read."""

    as_of: str
    standard_transition: float
    express_request: float
    express_gb_second: float
    """The first tier: up to 1,000 GB-hours a month."""


PRICES = Prices(
    as_of="2026-11",
    standard_transition=0.000025,
    express_request=0.000001,
    express_gb_second=0.00001667,
)

EXPRESS_MEMORY_MB = 64
"""Express memory is billed in chunks of this size; a plain run takes one."""
EXPRESS_DURATION_MS = 100
"""Express duration is billed in steps of this length."""
