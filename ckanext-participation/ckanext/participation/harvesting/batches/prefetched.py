"""CKAN's validators that ask the database for each dataset, answered from what was asked once for the batch.

They stand in CKAN's register of validators only while a batch is checked, and answer only for a context that carries `Known`: another
thread, or a schema that was kept, gets what CKAN's own validators say.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, logic
from ckan.model.package import PACKAGE_NAME_MAX_LENGTH, PACKAGE_NAME_MIN_LENGTH

from ckanext.participation.harvesting.batches import lists, quicker

KEY = "participation_batch"
# These sentences are CKAN's, and so is their French.
_CKANS = tk._
_lock = threading.RLock()
_originals: dict[str, Callable[..., Any]] = {}
# One entry for each block that is under way.
_inside: list[None] = []


@dataclass
class Known:
    """What the database said: organisations by what stands for them, datasets that have these ids, whose the files with these ids are.

    Names are not in it: those of new datasets are reserved, those of others do not change.
    """

    organisations: dict[str, str] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    owners_of_files: dict[str, str] = field(default_factory=dict)


@lists.leaves_lists_alone
def package_name_validator(key: Any, data: Any, errors: Any, context: Any) -> Any:
    if KEY not in context:
        return _originals["package_name_validator"](key, data, errors, context)
    value = data[key]
    if len(value) < PACKAGE_NAME_MIN_LENGTH:
        raise tk.Invalid(_CKANS('Name "%s" length is less than minimum %s') % (value, PACKAGE_NAME_MIN_LENGTH))
    if len(value) > PACKAGE_NAME_MAX_LENGTH:
        raise tk.Invalid(_CKANS('Name "%s" length is more than maximum %s') % (value, PACKAGE_NAME_MAX_LENGTH))
    return None


def owner_org_validator(key: Any, data: Any, errors: Any, context: Any) -> Any:
    known: Known | None = context.get(KEY)
    value = data.get(key)
    # Without `ignore_auth`, and where collaborators count, CKAN asks more than whether the organisation exists.
    plain = known is not None and context.get("ignore_auth") and not authz.check_config_permission("allow_dataset_collaborators")
    if known is None or not plain or not isinstance(value, str) or value not in known.organisations:
        return _originals["owner_org_validator"](key, data, errors, context)
    data[key] = known.organisations[value]
    return None


def package_id_does_not_exist(value: Any, context: Any) -> Any:
    known: Known | None = context.get(KEY)
    if known is None:
        return _originals["package_id_does_not_exist"](value, context)
    if value in known.packages:
        raise tk.Invalid(_CKANS("Dataset id already exists"))
    return value


def resource_id_does_not_exist(key: Any, data: Any, errors: Any, context: Any) -> Any:
    known: Known | None = context.get(KEY)
    if known is None:
        return _originals["resource_id_does_not_exist"](key, data, errors, context)
    if data[key] is tk.missing:
        return None
    owner = known.owners_of_files.get(data[key])
    if owner is not None and owner != data.get(("id",)):
        errors[key].append(_CKANS("Resource id already exists."))
    return None


_OURS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (package_name_validator, owner_org_validator, package_id_does_not_exist, resource_id_does_not_exist,
                quicker.duplicate_extras_key)
}


@contextmanager
def validators() -> Iterator[None]:
    """Let a context with `Known` be answered from it, until the block ends, however it ends."""
    # The register is filled at the first question.
    tk.get_validator("not_empty")
    register = logic._validators_cache
    with _lock:
        if not _inside:
            # Another extension may have put its own in the place of CKAN's; that one is asked then, always.
            for name, ours in _OURS.items():
                if _is_ckans(register.get(name)):
                    _originals[name] = register[name]
                    register[name] = ours
            quicker.begin()
        _inside.append(None)
    try:
        with quicker.inside():
            yield
    finally:
        with _lock:
            _inside.pop()
            if not _inside:
                for name, ours in _OURS.items():
                    if register.get(name) is ours:
                        register[name] = _originals[name]
                quicker.end()


def _is_ckans(validator: Any) -> bool:
    return getattr(validator, "__module__", "") == "ckan.logic.validators"
