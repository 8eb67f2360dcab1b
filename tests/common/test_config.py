"""The site refuses to start on a secret that nobody chose."""

from __future__ import annotations

import pytest
from ckan.common import CKANConfig, config_declaration
from ckan.exceptions import CkanConfigurationException

from ckanext.participation.config import SECRETS, refuse_placeholders

GOOD = dict.fromkeys(SECRETS, "string:" + "kq3Zt7Vw9XbY2mNp" * 2) | {"participation.security.starttls": False}


def test_secrets_that_were_made_are_taken() -> None:
    refuse_placeholders(GOOD)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["changeme-changeme-changeme", "string:this-is-a-placeholder-000", "short", "my-secret-my-secret-my-secret"])
def test_a_placeholder_is_refused_and_named(name: str, value: str) -> None:
    with pytest.raises(CkanConfigurationException, match=name.replace(".", r"\.")):
        refuse_placeholders({**GOOD, name: value})


def test_the_contact_is_also_taken_under_its_older_name() -> None:
    older = CKANConfig({"participation.links.contact": "opendata@example.org"})
    config_declaration.make_safe(older)
    assert older["participation.fetch.contact"] == "opendata@example.org"
    both = CKANConfig({"participation.links.contact": "old@example.org", "participation.fetch.contact": "new@example.org"})
    config_declaration.make_safe(both)
    assert both["participation.fetch.contact"] == "new@example.org"


def test_mail_encryption_that_checks_nothing_is_refused() -> None:
    with pytest.raises(CkanConfigurationException, match="starttls"):
        refuse_placeholders({**GOOD, "smtp.starttls": "true"})
    refuse_placeholders({**GOOD, "smtp.starttls": "true", "participation.security.starttls": True})
