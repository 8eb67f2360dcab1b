"""How often one may try: wrong passwords by account and by network address, sign-ups and asked mails by address.

Counted in Redis, because a guess is no event worth keeping, and forgotten by itself. Neither names nor addresses are stored, only
keyed digests of them. When Redis is away nobody is kept out.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis
from flask import has_request_context, request
from redis.exceptions import RedisError

from ckanext.participation import config
from ckanext.participation.common.errors import LimitExceeded

log = logging.getLogger(__name__)

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
    wait = _wait(_guesses(account))
    if wait:
        raise LimitExceeded(tk._("Too many wrong passwords. Wait {minutes} min, or choose a new password by e-mail."
                                 ).format(minutes=-(-wait // 60)), wait)


def guessed_wrong(account: str) -> None:
    """Count one wrong password."""
    for key, _most, seconds in _guesses(account):
        _count(key, seconds)


def guessed_right(account: str) -> None:
    """Forget the wrong passwords that this address gave for the account."""
    try:
        connect_to_redis().delete(_guesses(account)[0][0])
    except RedisError:
        log.warning("Redis does not answer: wrong passwords are not forgotten", exc_info=True)


def refuse_flood(kind: str) -> None:
    """Count a request that makes a mail; raise LimitExceeded when this address has sent too many in an hour."""
    address = network_address()
    if address is None:
        return
    key = _key(kind, address)
    wait = _wait([(key, config.signups_per_hour(), HOUR)])
    if wait:
        raise LimitExceeded(tk._("Too many requests came from your network. Try again in {minutes} min."
                                 ).format(minutes=-(-wait // 60)), wait)
    _count(key, HOUR)


def _guesses(account: str) -> list[tuple[str, int, int]]:
    """Return `(key, most, seconds)` of the counters of wrong passwords."""
    name, address, most = account.strip().casefold(), network_address() or "", config.sign_in_attempts()
    rows = [(_key("pair", f"{name}\n{address}"), most, QUARTER), (_key("account", name), most * 10, HOUR)]
    return [*rows, (_key("address", address), most * 10, QUARTER)] if address else rows


def _key(kind: str, what: str) -> str:
    secret = str(tk.config["SECRET_KEY"]).encode()
    digest = hmac.new(secret, what.encode(errors="replace"), hashlib.sha256).hexdigest()[:32]
    return f"participation:{tk.config['ckan.site_id']}:attempts:{kind}:{digest}"


def _wait(counters: list[tuple[str, int, int]]) -> int:
    """Return the seconds until the last of the full counters is empty; 0 when none is full."""
    try:
        redis = connect_to_redis()
        full = [max(1, redis.ttl(key)) for key, most, _seconds in counters if int(redis.get(key) or 0) >= most]
    except RedisError:
        log.warning("Redis does not answer: attempts are not limited", exc_info=True)
        return 0
    return max(full, default=0)


def _count(key: str, seconds: int) -> None:
    try:
        pipe = connect_to_redis().pipeline()
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key)
        pipe.execute()
    except RedisError:
        log.warning("Redis does not answer: attempts are not counted", exc_info=True)
