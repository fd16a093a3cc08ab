"""asl serve: the service behind a port, for boto3, the AWS CLI and other SDKs.

In: the arguments. Out: the server's URL on standard output; its log on standard error.
Never: listens beyond the loopback unless told to; knows an operation (asl.server does).
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from asl.cli.options import buckets_option, tasks_option
from asl.cli.say import say, warn

if TYPE_CHECKING:
    from asl.server.api import Api
    from asl.server.sql_store import SqlStore

_LOCAL = ("127.0.0.1", "::1", "localhost")


@click.command("serve", short_help="Serve the Step Functions API on a port.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen; beyond this machine anyone may use the server.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8083,
    show_default=True,
    help="0 takes any free port and says which.",
)
@tasks_option
@click.option(
    "--mocks",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    envvar="SFN_MOCK_CONFIG",
    show_envvar=True,
    help="A MockConfigFile.json; an execution of …:stateMachine:NAME#CASE uses CASE.",
)
@click.option(
    "--store",
    metavar="URL",
    help="Keep machines and executions across restarts: sqlite:///FILE.",
)
@buckets_option
@click.option(
    "--real-time/--virtual-time",
    default=False,
    help="Really wait; by default waits are skipped.",
)
@click.option("--region", metavar="NAME", help="The region in ARNs.")
@click.option("--account", metavar="NUMBER", help="The account in ARNs.")
@click.option("--log", metavar="FILE", help="Write the log there.")
@click.option(
    "--logs",
    metavar="FILE",
    help="Write execution logs there, of machines with a loggingConfiguration.",
)
def command(**options: Any) -> None:
    """Serve the Step Functions API until Ctrl-C or SIGTERM.

    Point clients at it with --endpoint-url or AWS_ENDPOINT_URL_SFN; whatever they sign
    with is accepted. A browser finds a page there that shows machines and executions.
    """
    from asl.errors import UsageError
    from asl.server.log import log_to
    from asl.server.serving import Server

    handler = log_to(options["log"])
    with ExitStack() as ends:
        ends.callback(handler.close)
        store = _open_store(options["store"])
        if store is not None:
            ends.callback(store.close)
        api = _make_api(options, store)
        server = Server(api, host=options["host"], port=options["port"])
        if store is not None:
            store.on_failure = server.stop
        if options["host"] not in _LOCAL:
            warn("whoever reaches this port may use the server: nothing is verified")
        time = "real" if options["real_time"] else "virtual"
        say(f"Step Functions in {time} time at {server.url}")
        # Without the second variable the CLI would ask for the host sync-127.0.0.1.
        say(
            f"  AWS_ENDPOINT_URL_SFN={server.url} "
            "AWS_DISABLE_HOST_PREFIX_INJECTION=true \\\n"
            "    aws stepfunctions list-state-machines"
        )
        server.run()
        if store is not None and store.failure is not None:
            raise UsageError(store.failure)


def _open_store(url: str | None) -> "SqlStore | None":
    if url is None:
        return None
    from asl.server.sql_store import SqlStore

    return SqlStore(url)


def _make_api(options: dict[str, Any], store: "SqlStore | None") -> "Api":
    from datetime import UTC, datetime

    from asl.cli.given import import_tasks
    from asl.runtime.clock import SystemClock, VirtualClock
    from asl.server.api import Api
    from asl.tasks.module import tasks_as_asked

    given = {
        name: options[name]
        for name in ("region", "account", "buckets", "logs")
        if options[name] is not None
    }
    if options["tasks"]:
        given["tasks"] = tasks_as_asked(import_tasks(options["tasks"]))
    if options["mocks"]:
        given["mock_config"] = options["mocks"]
    number = options["account"]
    if number is not None and not (len(number) == 12 and number.isdecimal()):
        raise click.BadParameter(
            f"{number!r} has not 12 digits", param_hint="--account"
        )
    now = datetime.now(UTC)
    clock = SystemClock() if options["real_time"] else VirtualClock(now)
    return Api(clock=clock, store=store, **given)
