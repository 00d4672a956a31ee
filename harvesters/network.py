"""Which addresses may be connected to: the outside world, not the operator's own network."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from harvesters.errors import RefusedError

ALLOW_HOSTS = "MYK_HARVEST_ALLOW_HOSTS"


def allowed_hosts() -> frozenset[str]:
    """Hosts on the inside that the operator allows (``MYK_HARVEST_ALLOW_HOSTS``)."""
    words = os.environ.get(ALLOW_HOSTS, "").split(",")
    return frozenset(word.strip().casefold() for word in words if word.strip())


def checked_addresses(host: str, port: int, allow: frozenset[str]) -> list[str]:
    """The IP addresses of ``host``, all of them checked.

    One forbidden address among several is enough to refuse: which of them a second look-up would
    give is the other side's choice. Raises RefusedError, or OSError if the name does not resolve.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if host.casefold() not in allow:
        for address in addresses:
            if not _is_public(address):
                raise RefusedError(
                    f"{host} is inside the network ({address}); requests to it are refused. "
                    f"If that is meant, add {host} to {ALLOW_HOSTS}."
                )
    return addresses


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # An IPv4 address in IPv6 clothes is judged as what it is.
        ip = ip.ipv4_mapped or ip.sixtofour or _from_nat64(ip) or ip
    if isinstance(ip, ipaddress.IPv6Address) and (ip.is_reserved or ip.is_site_local):
        # Other clothes of IPv4 (::127.0.0.1, ::ffff:0:127.0.0.1), and an older kind of inside.
        return False
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")  # among them some clouds' metadata


def _from_nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


class GuardedBackend(httpcore.NetworkBackend):
    """Connects to the very address that was checked, so that DNS cannot change in between.

    The connection's TLS and ``Host`` header still use the name, as they come from the URL.
    """

    def __init__(self, allow: frozenset[str]) -> None:
        self._allow = allow
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Open a connection to one of the checked addresses of ``host``."""
        try:
            addresses = checked_addresses(host, port, self._allow)
        except OSError as error:
            raise httpcore.ConnectError(f"the name {host} is not known") from error
        last: Exception | None = None
        for address in addresses:
            try:
                return self._plain.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"the name {host} has no address")

    def connect_unix_socket(self, *_args: Any, **_kwargs: Any) -> httpcore.NetworkStream:
        """Never: sources are on the web."""
        raise RefusedError("Unix sockets are no source.")


def guarded_transport(allow: frozenset[str]) -> httpx.HTTPTransport:
    """An httpx transport whose every connection goes through the guard."""
    transport = httpx.HTTPTransport()
    transport._pool = httpcore.ConnectionPool(  # httpx has no public door for a backend
        ssl_context=ssl.create_default_context(),
        max_connections=4,
        max_keepalive_connections=2,
        network_backend=GuardedBackend(allow),
    )
    return transport
