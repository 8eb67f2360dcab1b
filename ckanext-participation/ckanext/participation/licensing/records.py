"""What organisations have decided about licences."""

from __future__ import annotations

from datetime import datetime

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ckanext.participation.common.model import WHEN, now


class LicencePolicy(tk.BaseModel):
    """Under which licences an organisation publishes, by register id, and which one its forms begin with."""

    __tablename__ = "participation_licence_policy"

    organization_id: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    allowed: Mapped[list[str]] = mapped_column(JSONB)
    default_id: Mapped[str | None] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(WHEN, default=now)
    actor_id: Mapped[int] = mapped_column(sa.BigInteger)
