"""What the service keeps of a state machine: plain data, one dataclass a thing.

In: what requests gave. Out: the same as JSON for a store, and back. Never: behaviour.
A revision is what a machine says from one update to the next; a version is a revision
that was given a number; an alias is a name for one version or for two.
Developer guide: "State machine versions and aliases".
"""

from dataclasses import asdict, dataclass, field

from asl.server.store import Store
from asl.values import Json

INITIAL = "INITIAL"
"""What the revision of a machine is called that was never updated."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a machine says: all that an execution takes from it when it starts."""

    definition: str
    role_arn: str
    date: float
    id: str | None = None
    """None until the machine's first update."""
    logging: Json = None
    tracing: Json = None
    encryption: Json = None
    """Configurations as they were given, or None."""


@dataclass(frozen=True, slots=True)
class Version:
    """A revision with a number."""

    number: int
    created: float
    revision: Revision
    description: str | None = None


@dataclass(slots=True)
class Alias:
    """A name for a machine's versions, with the share of each in a hundred starts."""

    name: str
    created: float
    updated: float
    routes: list[tuple[str, int]]
    """Versions' ARNs with their weights."""
    description: str | None = None


@dataclass(slots=True)
class StoredMachine:
    """A state machine with its versions, its aliases and its present revision."""

    arn: str
    name: str
    type: str
    created: float
    revision: Revision
    updates: int = 0
    last_version: int = 0
    """The highest number ever given: numbers are not given again."""
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    is_deleting: bool = False
    """Asked to be deleted while executions are still running."""

    def to_json(self) -> Json:
        """The machine without its versions, which are kept one by one."""
        kept = asdict(self)
        del kept["versions"]
        return kept


@dataclass(frozen=True, slots=True)
class Target:
    """What StartExecution found under an ARN: a snapshot, not changed by updates."""

    machine_arn: str
    """The machine's own ARN, without version or alias."""
    name: str
    type: str
    revision: Revision
    version_arn: str | None = None
    """Given where the ARN named a version, or an alias that leads to it."""
    alias_arn: str | None = None
    test_case: str | None = None
    """What followed `#`: the case of a mock configuration file."""


def version_json(version: Version) -> Json:
    """A version as a store keeps it."""
    return asdict(version)


def version_from_json(kept: Json) -> Version:
    """A version as a store kept it."""
    return Version(**kept | {"revision": Revision(**kept["revision"])})


def machine_from_json(kept: Json) -> StoredMachine:
    """A machine as a store kept it, its versions still missing."""
    aliases = {
        name: Alias(**alias | {"routes": [(arn, n) for arn, n in alias["routes"]]})
        for name, alias in kept["aliases"].items()
    }
    revision = Revision(**kept["revision"])
    return StoredMachine(**kept | {"revision": revision, "aliases": aliases})


def load_machines(store: Store) -> dict[str, StoredMachine]:
    """The machines of a store by name, their versions with them."""
    machines = {name: machine_from_json(kept) for name, kept in store.load("machine")}
    for key, kept in store.load("version"):
        version = version_from_json(kept)
        machines[key.rpartition(":")[0]].versions[version.number] = version
    return machines
