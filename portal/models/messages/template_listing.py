"""An account's message templates, as Connexease last listed them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field, SQLModel

from portal.models.base import instant, json_list, json_object


class TemplateListing(SQLModel, table=True):
    """The last list that could be read, when that was, and what stopped the last try."""

    __tablename__ = "template_listing"

    account_id: UUID = Field(foreign_key="account.id", primary_key=True)
    templates: list[dict[str, Any]] = json_list()
    languages: dict[str, str] = json_object()
    """The language that each template was last sent in, by its UUID, else its name: the list does not tell."""
    categories: dict[str, str] = json_object()
    """What Meta said that each template is, by name and language: the list does not tell."""
    last_language: str = Field(default="", max_length=16)
    read_at: datetime | None = instant()
    tried_at: datetime | None = instant()
    problem_text: str = Field(default="", max_length=500)
