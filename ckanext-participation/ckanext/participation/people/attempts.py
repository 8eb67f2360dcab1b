"""How often one may try: wrong passwords by account and by network address, sign-ups and asked mails by address.

Counted in Redis (`common.counters`), because a guess is no event worth keeping.
"""

from __future__ import annotations

import ipaddress

import ckan.plugins.toolkit as tk
from flask import has_request_context, request

from ckanext.participation import config
from ckanext.participation.common import counters
from ckanext.participation.common.errors import LimitExceeded

QUARTER, HOUR = 900, 3600


def network_address() -> str | None:
    """Return where the request comes from; None where a proxy of ours does not say."""
    if not has_request_context():
        return None
    near = request.remote_addr or ""
    try:
        peer = ipaddress.ip_address(near)
    except ValueError:
        peer = None
    if peer is not None and not any(peer in ipaddress.ip_network(network, strict=False) for network in config.proxies()):
        return near
    # nginx replaces this header (config/nginx): its last address is the one that our own proxy saw.
    return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:45] or None


def refuse_guessing(account: str) -> None:
    """Raise LimitExceeded when too many wrong passwords came for the account, or from this address."""
    wait = counters.wait(_guesses(account))
    if wait:
        raise LimitExceeded(tk._("Too many wrong passwords. Wait {minutes} min, or choose a new password by e-mail."
                                 ).format(minutes=-(-wait // 60)), wait)


def guessed_wrong(account: str) -> None:
    """Count one wrong password."""
    for key, _most, seconds in _guesses(account):
        counters.count(key, seconds)


def guessed_right(account: str) -> None:
    """Forget the wrong passwords that this address gave for the account."""
    counters.forget(_guesses(account)[0][0])


def refuse_flood(kind: str) -> None:
    """Count a request that makes a mail; raise LimitExceeded when this address has sent too many in an hour."""
    address = network_address()
    if address is None:
        return
    key = counters.key_of(kind, address)
    wait = counters.wait([(key, config.signups_per_hour(), HOUR)])
    if wait:
        raise LimitExceeded(tk._("Too many requests came from your network. Try again in {minutes} min."
                                 ).format(minutes=-(-wait // 60)), wait)
    counters.count(key, HOUR)


def _guesses(account: str) -> list[tuple[str, int, int]]:
    """Return `(key, most, seconds)` of the counters of wrong passwords."""
    name, address, most = account.strip().casefold(), network_address() or "", config.sign_in_attempts()
    rows = [(counters.key_of("pair", f"{name}\n{address}"), most, QUARTER), (counters.key_of("account", name), most * 10, HOUR)]
    return [*rows, (counters.key_of("address", address), most * 10, QUARTER)] if address else rows
