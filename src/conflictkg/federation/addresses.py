"""Where a name leads, and whether a connection may be made to there."""

import ipaddress
import queue
import socket
import threading
from collections.abc import Collection

from conflictkg.federation.policy import Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Addresses that look public and answer machines in the cloud about themselves: Azure's, Oracle's.
_METADATA = frozenset(map(ipaddress.ip_address, ("168.63.129.16", "192.0.0.192")))


class AddressError(Exception):
    """A name leads nowhere, not in time, or to where no connection is made."""

    def __init__(self, problem: str, *, is_refused: bool = False, is_late: bool = False) -> None:
        self.is_refused, self.is_late = is_refused, is_late
        super().__init__(problem)


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, and so is what it stands for.

    >>> [is_public(ipaddress.ip_address(each)) for each in ("8.8.8.8", "::ffff:127.0.0.1", "64:ff9b::a00:1")]
    [True, False, False]
    >>> [is_public(ipaddress.ip_address(each)) for each in ("169.254.169.254", "224.0.0.1", "100.64.0.1")]
    [False, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = _inner(address)
        if inner is not None:
            return is_public(inner)
        if address.scope_id or address.is_site_local:
            return False
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and address not in _METADATA
    )


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which an IPv6 address leads on."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def find_address(host: str, port: int, listed: Collection[Address], timeout_s: float) -> Address:
    """The address to connect to: resolved once, and checked.

    Args:
        host: A name or an address.
        port: The port.
        listed: Addresses that are right though they are not public.
        timeout_s: How long resolving may take.

    Raises:
        AddressError: There is none in time, or one of them is neither public nor listed. All must be: else
            who answers for the name could have one of them tried after the other.
    """
    try:
        found = [ipaddress.ip_address(host)]
    except ValueError:
        found = _resolve(host, port, timeout_s)
    for each in found:
        if each not in listed and not is_public(each):
            raise AddressError(
                f"its name leads to {each}, which is no public address and is not listed for it",
                is_refused=True,
            )
    return found[0]


def _resolve(host: str, port: int, timeout_s: float) -> list[Address]:
    """All addresses of a name. The system's resolver cannot be stopped, so it is left alone when time is over."""
    results: queue.SimpleQueue[list[Address] | OSError | UnicodeError | ValueError] = (
        queue.SimpleQueue()
    )

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.put([ipaddress.ip_address(info[4][0]) for info in infos])
        except (OSError, UnicodeError, ValueError) as error:
            results.put(error)

    threading.Thread(target=look_up, name="conflictkg-resolver", daemon=True).start()
    try:
        found = results.get(timeout=max(timeout_s, 0.001))
    except queue.Empty:
        raise AddressError("its name could not be resolved in time", is_late=True) from None
    if isinstance(found, Exception):
        raise AddressError(f"its name cannot be resolved: {found}") from found
    if not found:
        raise AddressError("its name has no address")
    return found
