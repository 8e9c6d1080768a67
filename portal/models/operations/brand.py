"""The reseller's own name and look, as its admins set it: what is published, and what is being tried."""

from datetime import datetime
from enum import IntEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from portal.models.base import instant, json_object


class Edition(IntEnum):
    """The two rows that there may be."""

    PUBLISHED = 1
    DRAFT = 2


class BrandRow(SQLModel, table=True):
    """One edition of the brand. What is empty comes from the settings."""

    __tablename__ = "brand"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str = Field(default="", max_length=80)
    accent: str = Field(default="", max_length=7)
    """The colour that was chosen, as `#rrggbb`; what is shown are shades of it that can be read."""
    support_email: str = Field(default="", max_length=254)
    support_url: str = Field(default="", max_length=500)
    terms_url: str = Field(default="", max_length=500)
    privacy_url: str = Field(default="", max_length=500)
    status_url: str = Field(default="", max_length=500)
    sender_name: str = Field(default="", max_length=80)
    """Whom mails come from, beside the address of `MAIL_FROM`."""
    imprint: str = Field(default="", max_length=1000)
    hides_vendor: bool | None = None
    """Whether customers read the reseller's word instead of the vendor's name; none: as the settings say."""
    vendor_words: dict[str, str] = json_object()
    """The reseller's word for the vendor by language; the portal's own where there is none."""
    logo: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    logo_type: str = Field(default="", max_length=20)
    """`image/png` or `image/svg+xml`."""
    logo_hash: str = Field(default="", max_length=12)
    changed_at: datetime = instant(default_now=True)

    def facts(self) -> dict[str, Any]:
        """Everything but which edition it is and when it was changed."""
        return self.model_dump(exclude={"id", "changed_at"})
