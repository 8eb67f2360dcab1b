"""Plays recorded data portals back over HTTP, as their origins served them.

Promises: the CKAN action API, DCAT-US ``data.json`` and paged DCAT in RDF, with the parameters, errors, ETags
and dates that harvesters rely on; only the standard library; ready in under a second. ``Replay`` can be used
inside a test, which may change what is served and make any path fail.

Leaves out: signing in, writing, and everything a harvester does not read. The recordings and where they come
from are described in ``config/demo/NOTICES.md``.
"""

from __future__ import annotations

from replay.server import Replay

__all__ = ["Replay"]
