"""How often something was done lately, where that leaves no event: counted in Redis, and forgotten by itself.

Neither names nor addresses are stored, only keyed digests of them. When Redis is away nobody is kept out.
"""

from __future__ import annotations

import hashlib
import hmac
import logging

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


def key_of(kind: str, what: str) -> str:
    """Return the name of the counter of `what` (a person, an address, an account), which does not tell what it is."""
    secret = str(tk.config["SECRET_KEY"]).encode()
    digest = hmac.new(secret, what.encode(errors="replace"), hashlib.sha256).hexdigest()[:32]
    return f"participation:{tk.config['ckan.site_id']}:attempts:{kind}:{digest}"


def wait(counters: list[tuple[str, int, int]]) -> int:
    """Return the seconds until the last of the full `(key, most, seconds)` is empty; 0 when none is full."""
    try:
        redis = connect_to_redis()
        full = [max(1, redis.ttl(key)) for key, most, _seconds in counters if int(redis.get(key) or 0) >= most]
    except RedisError:
        log.warning("Redis does not answer: attempts are not limited", exc_info=True)
        return 0
    return max(full, default=0)


def count(key: str, seconds: int) -> int:
    """Count one more, for `seconds` from the first; return how many there are, 0 when Redis is away."""
    try:
        pipe = connect_to_redis().pipeline()
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key)
        return int(pipe.execute()[1])
    except RedisError:
        log.warning("Redis does not answer: attempts are not counted", exc_info=True)
        return 0


def forget(key: str) -> None:
    """Begin again at nothing."""
    try:
        connect_to_redis().delete(key)
    except RedisError:
        log.warning("Redis does not answer: attempts are not forgotten", exc_info=True)
