"""The brand at hand: what an admin published, else what the settings say, else a default that is good without."""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from flask import current_app, g
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from portal.brand import pictures
from portal.brand.pictures import Picture
from portal.errors import DomainError
from portal.extensions import session, settings
from portal.models import BrandRow, Edition

SECONDS = 2.0
"""How long a process remembers what is published. Its readers see a change within that time."""
_CACHE = "brand"


@dataclass(frozen=True)
class Brand:
    """Everything that carries the reseller's name. An address is empty where there is none."""

    name: str
    accent: str = ""
    support_email: str = ""
    support_url: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    status_url: str = ""
    sender_name: str = ""
    imprint: str = ""
    hides_vendor: bool = False
    vendor_words: dict[str, str] = field(default_factory=dict)
    logo_hash: str = ""

    @property
    def initial(self) -> str:
        """The letter that stands for the name where there is no room for it."""
        return next((character for character in self.name if character.isalnum()), "").upper()


def brand() -> Brand:
    """The brand that this page or mail carries."""
    if "brand" not in g:
        g.brand = _remembered()
    found: Brand = g.brand
    return found


def draft() -> BrandRow | None:
    """What an admin is trying; none where nothing is."""
    return session().get(BrandRow, Edition.DRAFT)


def published() -> BrandRow | None:
    """What an admin published; none where only the settings count."""
    return session().get(BrandRow, Edition.PUBLISHED)


def made_of(row: BrandRow | None) -> Brand:
    """An edition over the settings."""
    chosen, given = row or BrandRow(id=Edition.DRAFT), settings()
    hides = given.white_label if chosen.hides_vendor is None else chosen.hides_vendor
    word = given.white_label_name
    return Brand(
        name=chosen.name or given.reseller_name,
        accent=chosen.accent or given.brand_accent,
        support_email=chosen.support_email or given.support_email,
        support_url=chosen.support_url or given.support_url,
        terms_url=chosen.terms_url or given.terms_url,
        privacy_url=chosen.privacy_url or given.privacy_url,
        status_url=chosen.status_url or given.status_url,
        sender_name=chosen.sender_name,
        imprint=chosen.imprint or given.imprint,
        hides_vendor=hides,
        vendor_words=({"": word} if word else {}) | chosen.vendor_words,
        logo_hash=chosen.logo_hash or _logo_of_settings().hash,
    )


def logo(wanted: str) -> Picture | None:
    """The logo of this hash: of what is published, of what is tried, or of the settings."""
    rows = sa.select(col(BrandRow.logo), col(BrandRow.logo_type)).where(col(BrandRow.logo_hash) == wanted)
    if wanted and (found := session().execute(rows).first()) and found[0] is not None:
        return Picture(found[0], found[1])
    of_settings = _logo_of_settings()
    return of_settings if wanted and of_settings.hash == wanted else None


def forget() -> None:
    """Let this process look again: the brand was changed."""
    current_app.extensions.pop(_CACHE, None)
    g.pop("brand", None)


def is_colour(text: str) -> bool:
    """Whether a text is a colour as `#rrggbb`."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def _remembered() -> Brand:
    kept: tuple[float, Brand] | None = current_app.extensions.get(_CACHE)
    if kept is not None and time.monotonic() < kept[0]:
        return kept[1]
    try:
        found = session().execute(_PUBLISHED).mappings().first()
    except SQLAlchemyError:  # a page that says so must come all the same
        session().rollback()
        return kept[1] if kept else made_of(None)
    made = made_of(BrandRow(**found) if found else None)
    current_app.extensions[_CACHE] = (time.monotonic() + SECONDS, made)
    return made


_PUBLISHED = sa.select(
    *(column for column in BrandRow.__table__.columns if column.name != "logo")  # type: ignore[attr-defined]
).where(col(BrandRow.id) == Edition.PUBLISHED)


def _logo_of_settings() -> Picture:
    """The file that `BRAND_LOGO` names; read once, and left out where it is no picture that may be shown."""
    path = settings().brand_logo
    if "brand_logo" not in current_app.extensions:
        try:
            current_app.extensions["brand_logo"] = (
                pictures.safe(Path(path).read_bytes()) if path else Picture(b"", "")
            )
        except (OSError, DomainError):
            current_app.logger.warning("BRAND_LOGO is not a PNG or SVG file that can be read")
            current_app.extensions["brand_logo"] = Picture(b"", "")
    found: Picture = current_app.extensions["brand_logo"]
    return found
