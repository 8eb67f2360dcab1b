"""More names of licences than the register has: a site's own, from whoever keeps them (plugin `participation` does); else none."""

from __future__ import annotations

from collections.abc import Mapping

from ckanext.participation.common.registry import registry


def names(*, fresh: bool = False) -> Mapping[str, str]:
    """Return `{key: register id}`, as `recognition.recognise` takes it.

    :param fresh: as it is now, for what writes or is asked once; without it, of at most a minute ago and nearly always at no cost, for
        pages
    """
    return registry.licence_names(fresh)
