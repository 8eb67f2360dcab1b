"""The gather, fetch and import stages that both source types share, behind ckanext-harvest's own interface.

Promises: no stage raises; a record that cannot be read is one row of the report and costs no other; an unreadable page
removes nothing; an identical second run stores and writes nothing.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckanext.harvest.harvesters.base import HarvesterBase

from ckanext.participation.common.fetch import FetchError
from ckanext.participation.common.marking import N_
from ckanext.participation.harvesting import groups, hosts, sentences, settings, writing
from ckanext.participation.harvesting.engine import fence, reports, state
from ckanext.participation.harvesting.engine.asking import Asker
from ckanext.participation.harvesting.engine.fence import Superseded
from ckanext.participation.harvesting.engine.gathering import Gathering
from ckanext.participation.harvesting.engine.problems import SourceProblem
from ckanext.participation.harvesting.engine.storing import stored
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

    def readable(self, content: Any) -> str:
        """A record as people read it."""
        return json.dumps(content, ensure_ascii=False, indent=2)

    def validate_config(self, config: str) -> str:
        """Check the JSON of a source's form, and that the groups it names are here.

        :raises BadSettings: a ValueError with a sentence in the language of the person who typed it
        """
        try:
            groups.check(settings.read(config))
        except settings.BadSettings as problem:
            raise settings.BadSettings(sentences.told(str(problem), tk._) or str(problem)) from problem
        return config

    # -- gather ------------------------------------------------------------------------------------------------------

    def gather_stage(self, harvest_job: Any) -> list[str]:
        """Read the source and write what differs; return the ids of harvest objects that are left for the import stage."""
        try:
            return self.gather(harvest_job)
        except Superseded:
            return []
        except Exception as error:  # noqa: BLE001  whatever a source brings, the process that serves all sources must live on
            return self.cut_off(harvest_job, error)

    def cut_off(self, job: Any, error: Exception) -> list[str]:
        """Report an error of this site that ended the reading; the ids of harvest objects that are left for the import stage."""
        log.error("harvest source %s could not be read", job.source_id, exc_info=error)
        model.Session.rollback()
        self._gather_row(job, sentences.ERROR_HERE_READING(error=type(error).__name__))
        return list(stored(job.id, waiting=True).values())

    def gather(self, job: Any) -> list[str]:
        """As `gather_stage`; raises what is neither the source's fault nor a record's, such as a database that went away."""
        # Its settings may have been changed since this process last looked.
        model.Session.refresh(job.source)
        try:
            chosen = settings.read(job.source.config)
        except settings.BadSettings as problem:
            self._gather_row(job, str(problem))
            return []
        whole = False
        with Asker() as asker:
            gathering = Gathering(job, chosen, asker, self, mapper(chosen, job.id))
            try:
                try:
                    _heed_others(job.source)
                    self.read(gathering.source, gathering)
                    whole = True
                except (FetchError, NotACatalogue) as problem:
                    gathering.say(problem.sentence)
                except Superseded:
                    raise
                except SourceProblem as problem:
                    gathering.say(str(problem))
                return gathering.finish(whole)
            except Superseded as problem:
                model.Session.rollback()
                if fence.is_same_job(job.source_id, job.id):
                    # The job goes on in another process, and its report is that one's.
                    raise
                self._gather_row(job, str(problem))
                return []
            finally:
                gathering.close()

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
        except Exception as error:  # noqa: BLE001  mappings raise whatever an odd value makes them raise
            model.Session.rollback()
            reason = reports.reason_of(error, harvest_object.guid)
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
            raise Unreadable(N_("The record is empty."))
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
            self._save_object_error("\n".join(notes), harvest_object, "Import")
        return True


def _heed_others(source: Any) -> None:
    """Leave a server alone that asked for it when another of its sources was read, though this one had been queued before that.

    :raises SourceProblem: when it still wants that
    """
    until = hosts.left_alone_until(source.id, source.url)
    if until is not None:
        moment = f"{until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        raise SourceProblem(sentences.LEFT_ALONE(name=hosts.host_of(source.url), moment=moment))


def mapper(chosen: settings.Settings, job_id: str = "") -> Mapper:
    """The mapper of this site, for a source with these settings; without a run it knows no names that the site added."""
    default = str(tk.config.get("ckan.locale_default") or "en")[:2]
    formats = {spelling: row[1] for spelling, row in tk.h.resource_formats().items()}
    return Mapper(bundled_register(), formats, default if default in {"fr", "en"} else "en", chosen.language,
                  state.names(job_id) if job_id else {}, groups.here(chosen))
