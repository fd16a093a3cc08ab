"""In process: boto3's own clients, answered by an Api instead of AWS.

In: an Api. Out: nothing; while the context lasts, every Step Functions client of this
process asks the Api, whenever it was made and for whatever region.
Never: opens a socket, sets an environment variable, or touches clients of other
services, so that moto's mocks and real endpoints work beside it.

A call goes botocore's usual way up to the event `before-call`: parameters are checked
and written as AWS gets them, and the answer's bytes are read by botocore's own parser.
There the call ends, before it is signed; moto, which listens to `before-send`, does not
hear of it. A client made inside needs neither credentials nor a region.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asl.errors import UsageError
from asl.server.api import Api
from asl.server.wire import Reply, respond

_SERVICE = "stepfunctions"
_EVENT = "before-call.sfn"

_lock = threading.Lock()
_active: list[Api] = []
"""The Apis of the contexts that have been entered; the innermost answers."""
_undo: list[Callable[[], None]] = []


@contextmanager
def mock_stepfunctions(api: Api | None = None) -> Iterator[Api]:
    """Let boto3's Step Functions clients ask an Api, a new one unless given.

    `with mock_stepfunctions(api):` or as a decorator: `@mock_stepfunctions()`.
    """
    if api is not None and not callable(getattr(api, "call", None)):
        raise UsageError(
            f"mock_stepfunctions takes an asl.Api, not {api!r}; as a decorator it is "
            "written with brackets: @asl.mock_stepfunctions()"
        )
    try:
        import botocore.client
        import botocore.session
    except ImportError:
        raise UsageError(
            'mock_stepfunctions needs the extra "aws": pip install "aslkit[aws]"'
        ) from None
    api = Api() if api is None else api
    with _lock:
        if not _active:
            _patch(botocore.session.Session, "create_client", _create_client)
            _patch(botocore.client.BaseClient, "_make_api_call", _make_api_call)
        _active.append(api)
    try:
        yield api
    finally:
        with _lock:
            # The last one that is this very Api: contexts need not end in order.
            place = max(i for i, one in enumerate(_active) if one is api)
            del _active[place]
            if not _active:
                while _undo:
                    _undo.pop()()


def _patch(owner: type, name: str, wrap: Callable[..., Any]) -> None:
    """Put a wrapper around a method; undone only as long as nobody wrapped ours."""
    original = getattr(owner, name)

    def wrapped(self: Any, *args: Any, **options: Any) -> Any:
        return wrap(original, self, *args, **options)

    def undo() -> None:
        if getattr(owner, name) is wrapped:
            setattr(owner, name, original)

    setattr(owner, name, wrapped)
    _undo.append(undo)


def _create_client(
    original: Callable[..., Any], session: Any, *args: Any, **options: Any
) -> Any:
    """Make a client; one for Step Functions looks for no credentials."""
    service = args[0] if args else options.get("service_name")
    if service != _SERVICE or not _active:
        return original(session, *args, **options)
    if len(args) < 2 and not options.get("region_name"):
        region = session.get_config_variable("region")
        options["region_name"] = region or _region(_active[-1])
    # Nothing is signed, and looking for credentials may mean to ask the network.
    if len(args) < 7 and not options.get("aws_access_key_id"):
        options["aws_access_key_id"] = "asl"
        options["aws_secret_access_key"] = "asl"
        options["aws_session_token"] = None
    return original(session, *args, **options)


def _make_api_call(
    original: Callable[..., Any], client: Any, *args: Any, **options: Any
) -> Any:
    """Make sure that a client listens; it may be older than the context."""
    if client.meta.service_model.service_name == _SERVICE and _active:
        client.meta.events.register_first(_EVENT, _answer, unique_id="asl-in-process")
    return original(client, *args, **options)


def _answer(model: Any, params: Any, **_: Any) -> tuple[Any, Any] | None:
    """What botocore takes for the service's response, or None where nobody mocks it."""
    active = _active.copy()
    if not active:
        return None
    from botocore.awsrequest import AWSResponse

    body = params["body"]
    body = body.encode() if isinstance(body, str) else body
    target = params["headers"].get("X-Amz-Target")
    reply = respond(active[-1], target, body, str(uuid.uuid4()))
    http = AWSResponse(params["url"], reply.status, reply.headers, None)
    return http, _parse(model, reply)


def _parse(model: Any, reply: Reply) -> Any:
    """The reply as botocore's own parser reads it."""
    from botocore.model import NoShapeFoundError
    from botocore.parsers import create_parser

    headers = {name.lower(): value for name, value in reply.headers.items()}
    response = {"status_code": reply.status, "headers": headers, "body": reply.body}
    parser = create_parser(model.service_model.resolved_protocol)
    parsed = parser.parse(response, model.output_shape)
    if reply.status >= 300:
        code = parsed.get("Error", {}).get("Code")
        try:
            shape = model.service_model.shape_for_error_code(code)
        except NoShapeFoundError:  # pragma: no cover - older botocores raise
            shape = None
        if shape is not None:
            parsed.update(parser.parse(response, shape))
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    return parsed


def _region(api: Api) -> str:
    from asl.engine.arns import REGION

    account = getattr(api, "account", None)
    return str(getattr(account, "region", None) or REGION)
