"""The gather, fetch and import stages that both source types share, behind ckanext-harvest's own interface.

Promises: no stage raises; a record that cannot be read is one row of the report and costs no other; an unreadable page
removes nothing; an identical second run writes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckanext.harvest.harvesters.base import HarvesterBase
from ckanext.harvest.model import HarvestObject, HarvestObjectExtra

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.harvesting import rules, settings, writing
from ckanext.participation.harvesting.feeds import NotACatalogue
from ckanext.participation.harvesting.record import Mapper, Organisation, Record, Unreadable
from ckanext.participation.licences import further
from ckanext.participation.licences.register import bundled_register

log = logging.getLogger(__name__)

MAX_RECORDS = 500_000
MAX_PAGES = 10_000
_BATCH = 100

# A record as gathered: what identifies it at the source, and what there is of it.
Entry = tuple[str, Any]


class SourceProblem(Exception):
    """The source stopped being readable; `str()` is the sentence for the report. What was read before it is imported."""


class Stages(HarvesterBase):
    """A harvest source type: `entries` reads the source, `record` maps one of its records."""

    def entries(self, source: Any, chosen: settings.Settings) -> Iterator[Entry]:
        """Yield the source's records; raise SourceProblem, FetchError or NotACatalogue when it cannot be read on."""
        raise NotImplementedError

    def record(self, content: Any, mapper: Mapper, source: Any) -> Record:
        """Map one record; raise Unreadable when it cannot be a dataset."""
        raise NotImplementedError

    def details(self, organisation: Organisation, source: Any, chosen: settings.Settings) -> Organisation:
        """What else the source tells of an organisation that is about to be made here."""
        return organisation

    def validate_config(self, config: str) -> str:
        """Check the JSON of a source's form; raises ValueError with a sentence for the person who typed it."""
        settings.read(config)
        return config

    # -- gather ------------------------------------------------------------------------------------------------------

    def gather_stage(self, harvest_job: Any) -> list[str]:
        """Read the source and return the ids of the harvest objects to import."""
        source = harvest_job.source
        found: dict[str, str] = {}
        complete = False
        repeated = 0
        try:
            chosen = settings.read(source.config)
            known = _current(source.id)
            for guid, content in self.entries(source, chosen):
                if guid in found:
                    repeated += 1
                    continue
                if len(found) >= MAX_RECORDS:
                    raise SourceProblem(f"The source has more than {MAX_RECORDS} records; the rest was not read.")
                found[guid] = _store(harvest_job, guid, content, known.get(guid))
                if len(found) % _BATCH == 0:
                    model.Session.commit()
            complete = True
        except (FetchError, NotACatalogue) as problem:
            self._gather_row(harvest_job, problem.sentence)
        except (SourceProblem, settings.BadSettings) as problem:
            self._gather_row(harvest_job, str(problem))
        except Exception as error:
            # Whatever a source brings, the process that serves all sources must live on.
            log.exception("harvest source %s could not be read", source.id)
            model.Session.rollback()
            found = _stored(harvest_job)
            self._gather_row(
                harvest_job, f"The source could not be read to its end: an error of this site ({type(error).__name__})."
            )
        else:
            found |= self._removals(harvest_job, chosen, known, found)
        model.Session.commit()
        if repeated:
            self._gather_row(
                harvest_job, f"{repeated} records have the identifier of another one; only the first of each was read."
            )
        if complete and not found:
            self._gather_row(harvest_job, "The source answered, but there is no dataset in it. Nothing was changed here.")
        return list(found.values())

    def _removals(self, job: Any, chosen: settings.Settings, known: dict[str, str], found: dict[str, str]) -> dict[str, str]:
        gone = [guid for guid in known if guid not in found]
        if not gone or not found:
            return {}
        if not rules.may_remove(len(gone), len(known), chosen.remove_up_to):
            self._gather_row(
                job,
                f"{len(gone)} of {len(known)} datasets are no longer at the source. That is more than may be removed without "
                "a person, so none was. If it is right, set “remove_up_to” in the source's configuration and run it again.",
            )
            return {}
        return {guid: _store(job, guid, None, known[guid], status="delete") for guid in gone}

    def _gather_row(self, job: Any, sentence: str) -> None:
        self._save_gather_error(sentence, job)

    # -- fetch and import --------------------------------------------------------------------------------------------

    def fetch_stage(self, harvest_object: Any) -> bool:
        """Nothing: the record came with the gathering."""
        return True

    def import_stage(self, harvest_object: Any) -> bool | str:
        """Write one record; True, "unchanged", or False with the reason as a row of the report."""
        try:
            return self._import(harvest_object)
        except Unreadable as problem:
            reason = str(problem)
        except (FetchError, NotACatalogue) as problem:
            reason = problem.sentence
        except tk.ValidationError as error:
            reason = f"The catalogue refused the record: {rules.sentence(error.error_dict)}"
        except Exception as error:
            log.exception("harvest object %s could not be imported", harvest_object.id)
            reason = f"The record could not be imported: an error of this site ({type(error).__name__})."
        model.Session.rollback()
        self._save_object_error(reason, harvest_object, "Import")
        return False

    def _import(self, harvest_object: Any) -> bool | str:
        user = self._get_user_name()
        if writing.mark(harvest_object, "status") == "delete":
            return writing.remove(harvest_object, user)
        if writing.is_done(harvest_object):
            return True
        if not harvest_object.content:
            raise Unreadable("The record is empty.")
        chosen = settings.read(harvest_object.source.config)
        source = harvest_object.source
        record = self.record(json.loads(harvest_object.content), mapper(chosen, harvest_object.harvest_job_id), source)
        previous = writing.previous(harvest_object)
        if not chosen.force_all and previous is not None and writing.mark(previous, "digest") == record.digest():
            return "unchanged"
        notes = writing.write(harvest_object, previous, record, chosen, user, lambda one: self.details(one, source, chosen))
        if notes:
            self._save_object_error(" ".join(notes), harvest_object, "Import")
        return True


def mapper(chosen: settings.Settings, job_id: str = "") -> Mapper:
    """The mapper of this site, for a source with these settings; without a run it knows no names that the site added."""
    default = str(tk.config.get("ckan.locale_default") or "en")[:2]
    formats = {spelling: row[1] for spelling, row in tk.h.resource_formats().items()}
    return Mapper(bundled_register(), formats, default if default in {"fr", "en"} else "en", chosen.language,
                  _names(job_id) if job_id else {})


@lru_cache(maxsize=8)
def _names(_job_id: str) -> Mapping[str, str]:
    """The names of licences that the site added: in one run the same for every record, as this process read them at its first one."""
    return further.names(fresh=True)


def _current(source_id: str) -> dict[str, str]:
    rows = model.Session.execute(
        sa.select(HarvestObject.guid, HarvestObject.package_id).where(
            HarvestObject.harvest_source_id == source_id, HarvestObject.current.is_(True), HarvestObject.package_id.isnot(None)
        )
    )
    return dict(tuple(row) for row in rows)


def _stored(job: Any) -> dict[str, str]:
    rows = model.Session.execute(sa.select(HarvestObject.guid, HarvestObject.id).where(HarvestObject.harvest_job_id == job.id))
    return dict(tuple(row) for row in rows)


def _store(job: Any, guid: str, content: Any, package_id: str | None, status: str = "") -> str:
    row: Any = HarvestObject(
        guid=guid,
        job=job,
        source=job.source,
        package_id=package_id if status == "delete" else None,
        content=None if content is None else json.dumps(content, ensure_ascii=True, sort_keys=True),
        extras=[HarvestObjectExtra(key="status", value=status)] if status else [],
    )
    model.Session.add(row)
    model.Session.flush()
    return row.id
