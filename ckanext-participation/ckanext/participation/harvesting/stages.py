"""The gather, fetch and import stages that both source types share, behind ckanext-harvest's own interface.

Promises: no stage raises; a record that cannot be read is one row of the report and costs no other; an unreadable page
removes nothing; an identical second run stores and writes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.harvest.harvesters.base import HarvesterBase

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.harvesting import rules, settings, writing
from ckanext.participation.harvesting.engine import state
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.feeds import NotACatalogue
from ckanext.participation.harvesting.record import Mapper, Organisation, Record, Unreadable
from ckanext.participation.licences.register import bundled_register

log = logging.getLogger(__name__)


class Stages(HarvesterBase):
    """A harvest source type: `read` reads the source, `record` maps one of its records."""

    def read(self, source: Any, gathering: Gathering) -> None:
        """Hand on what differs; raise SourceProblem, FetchError or NotACatalogue when the source cannot be read on."""
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
        """Read the source and return the ids of the harvest objects to import: what differs, and what is gone."""
        source = harvest_job.source
        whole = False
        gathering: Gathering | None = None
        try:
            with Asker() as asker:
                chosen = settings.read(source.config)
                gathering = Gathering(harvest_job, chosen, asker, self._digests(harvest_job, chosen))
                try:
                    self.read(source, gathering)
                    whole = True
                except (FetchError, NotACatalogue) as problem:
                    gathering.say(problem.sentence)
                except SourceProblem as problem:
                    gathering.say(str(problem))
                return gathering.finish(whole)
        except settings.BadSettings as problem:
            self._gather_row(harvest_job, str(problem))
        except Exception as error:
            # Whatever a source brings, the process that serves all sources must live on.
            log.exception("harvest source %s could not be read", source.id)
            model.Session.rollback()
            self._gather_row(
                harvest_job, f"The source could not be read to its end: an error of this site ({type(error).__name__})."
            )
        return gathering.cut_off() if gathering else []

    def _digests(self, job: Any, chosen: settings.Settings) -> Callable[[Any], str]:
        source, ours = job.source, mapper(chosen, job.id)

        def digest_of(content: Any) -> str:
            try:
                return self.record(content, ours, source).digest()
            except Exception as error:  # noqa: BLE001  mappings raise whatever an odd value makes them raise
                # The import meets it again and names it in the report.
                log.info("a record could not be mapped while gathering: %s", type(error).__name__)
                return ""

        return digest_of

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
        state.failed(harvest_object, reason)
        self._save_object_error(reason, harvest_object, "Import")
        model.Session.commit()
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
            state.written(harvest_object, previous.package_id, record.digest())
            model.Session.commit()
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
                  state.names(job_id) if job_id else {})
