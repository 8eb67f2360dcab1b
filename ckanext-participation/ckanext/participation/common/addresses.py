"""Which network addresses may be asked: the public ones, and those a site allows by name. Pure; imports no CKAN.

What is judged is the number that a connection goes to, never its spelling: `2130706433`, `0x7f.1` and a name that
resolves to loopback all end as the same address here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IPv6 forms that carry an IPv4 address, which is what a gateway would connect to.
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")
_HOST_AND_PORT = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^\[\]:/\s]+)):(?P<port>\d{1,5})")


class NotAnAllowance(ValueError):
    """An entry of the allow list is neither `host:port` nor a network."""


@dataclass(frozen=True)
class Allowed:
    """What may be asked although it is not public."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[tuple[str | Address, int]] = field(default_factory=frozenset)

    def covers(self, host: str, address: Address, port: int) -> bool:
        """Whether `address` (to which `host` resolved) may be asked on this port."""
        if (host.rstrip(".").lower(), port) in self.hosts or (address, port) in self.hosts:
            return True
        return any(address.version == network.version and address in network for network in self.networks)


def parse_allowed(entries: Iterable[str]) -> Allowed:
    """The allow list from its entries: `host:port`, `[::1]:port`, an address or a network such as 10.0.0.0/8."""
    networks: list[Network] = []
    hosts: set[tuple[str | Address, int]] = set()
    for entry in entries:
        match = _HOST_AND_PORT.fullmatch(entry)
        if match:
            hosts.add((_host(match["six"] or match["host"], entry), int(match["port"])))
            continue
        try:
            networks.append(ipaddress.ip_network(entry, strict=False))
        except ValueError:
            raise NotAnAllowance(f"{entry!r} is neither host:port nor a network") from None
    return Allowed(tuple(networks), frozenset(hosts))


def _host(written: str, entry: str) -> str | Address:
    try:
        return ipaddress.ip_address(written)
    except ValueError:
        if ":" in written:
            raise NotAnAllowance(f"{entry!r} is neither host:port nor a network") from None
        return written.rstrip(".").lower()


def plain(text: str) -> Address:
    """The address in its simplest form: no zone, and the IPv4 address where an IPv6 one merely wraps it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _IPV4_COMPATIBLE and int(address) > 1:
        return ipaddress.IPv4Address(int(address))
    return address


def is_public(address: Address) -> bool:
    """Whether anybody on the Internet could be meant by this address."""
    inner = (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or (isinstance(address, ipaddress.IPv6Address) and address.is_site_local)
    )
    return address.is_global and not inner


def may_ask(host: str, resolved: str, port: int, allowed: Allowed) -> bool:
    """Whether a connection for `host` may go to the address it resolved to."""
    try:
        address = plain(resolved)
    except ValueError:
        return False
    return is_public(address) or allowed.covers(host, address, port)
