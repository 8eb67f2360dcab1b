"""Which addresses may be asked."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.participation.common.addresses import Allowed, NotAnAllowance, is_public, may_ask, parse_allowed, plain

NOBODY = Allowed()


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
    "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::",
    "2002:a00:1::1", "2001:db8::1", "2001:0:7f00:1::",
])  # fmt: skip
def test_an_inner_address_is_refused_however_it_is_wrapped(address: str) -> None:
    assert not may_ask("any.example", address, 80, NOBODY)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1::1", "64:ff9b::101:101", "::ffff:1.1.1.1"])
def test_a_public_address_may_be_asked(address: str) -> None:
    assert may_ask("any.example", address, 443, NOBODY)


def test_what_is_no_address_is_refused() -> None:
    assert not may_ask("any.example", "not-an-address", 80, NOBODY)


def test_an_allowed_port_of_loopback_opens_no_other_port() -> None:
    allowed = parse_allowed(["127.0.0.1:8080"])
    assert may_ask("127.0.0.1", "127.0.0.1", 8080, allowed)
    assert may_ask("localhost", "127.0.0.1", 8080, allowed)
    assert not may_ask("127.0.0.1", "127.0.0.1", 8081, allowed)
    assert not may_ask("127.0.0.1", "127.0.0.2", 8080, allowed)


def test_an_allowed_name_opens_its_port_wherever_it_leads() -> None:
    allowed = parse_allowed(["Catalogue.internal:443"])
    assert may_ask("catalogue.internal", "10.0.0.7", 443, allowed)
    assert not may_ask("other.internal", "10.0.0.7", 443, allowed)


def test_an_allowed_network_opens_its_addresses_on_every_port() -> None:
    allowed = parse_allowed(["10.20.0.0/16", "[::1]:80", "192.168.7.7"])
    assert may_ask("a.example", "10.20.3.4", 9000, allowed)
    assert may_ask("a.example", "::1", 80, allowed)
    assert may_ask("a.example", "192.168.7.7", 22, allowed)
    assert not may_ask("a.example", "10.21.3.4", 9000, allowed)


@pytest.mark.parametrize("entry", ["nonsense", "10.0.0.0/64", "http://x/", "[::zz]:1"])
def test_an_entry_that_is_neither_host_and_port_nor_network_is_named(entry: str) -> None:
    with pytest.raises(NotAnAllowance, match="neither host:port nor a network"):
        parse_allowed([entry])


@given(st.ip_addresses(v=4))
def test_wrapping_an_ipv4_address_in_ipv6_changes_nothing(address: ipaddress.IPv4Address) -> None:
    assert plain(f"::ffff:{address}") == address
    assert is_public(plain(f"::ffff:{address}")) == is_public(address)
