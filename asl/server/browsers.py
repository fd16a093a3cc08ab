"""Browsers: which of their requests the server takes.

In: a request's headers. Out: nothing, or ApiError where a page of somebody else asks.
Never: who somebody is; nothing is verified, but a web page that is open beside must not
use a server that only this machine can reach.

Two things are held off. A page of another origin that sends a request here: browsers
name its origin. And a page whose own name was made to point here (DNS rebinding), which
is of the same origin: it has a name, while this server is reached by an address or as
localhost, unless it was told a name of its own.
"""

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from asl.errors import ApiError

_JSON = "application/json"


def check_operation(headers: Mapping[str, str], names: Collection[str]) -> None:
    """Refuse an operation of another page; SDKs, which send no Origin, may have all."""
    if (origin := headers.get("origin")) is not None:
        _check_origin(origin, headers.get("host", ""))
        check_host(headers, names)


def check_question(headers: Mapping[str, str], names: Collection[str]) -> None:
    """Refuse a question that the server's own page would not have sent."""
    check_host(headers, names)
    if (origin := headers.get("origin")) is not None:
        _check_origin(origin, headers.get("host", ""))
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:  # what a form can send is none
        raise ApiError(
            "UnsupportedMediaType",
            f"The page's questions are {_JSON}, not {kind[:100]!r}.",
            status=415,
        )


def check_host(headers: Mapping[str, str], names: Collection[str]) -> None:
    """Refuse to be called by a name that is not the server's."""
    host = _name_of(headers.get("host", ""))
    if not (_is_address(host) or _is_localhost(host) or host in names):
        raise ApiError(
            "AccessDeniedException",
            f"This server has no page at the name {host[:100]!r}: open it as localhost "
            "or by its address, or give the server the name with --host.",
            status=403,
        )


def _check_origin(origin: str, host: str) -> None:
    try:
        is_own = urlsplit(origin).netloc.lower() == host.lower() != ""
    except ValueError:
        is_own = False
    if not is_own:
        raise ApiError(
            "AccessDeniedException",
            f"The page of {origin[:100]!r} may not use this server.",
            status=403,
        )


def _name_of(host: str) -> str:
    """A Host header without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").removesuffix(".")
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_localhost(host: str) -> bool:
    """Whether no name server is ever asked for it (RFC 6761)."""
    return host == "localhost" or host.endswith(".localhost")
