"""The site refuses to start on a secret that nobody chose."""

from __future__ import annotations

import pytest
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


def test_mail_encryption_that_checks_nothing_is_refused() -> None:
    with pytest.raises(CkanConfigurationException, match="starttls"):
        refuse_placeholders({**GOOD, "smtp.starttls": "true"})
    refuse_placeholders({**GOOD, "smtp.starttls": "true", "participation.security.starttls": True})
