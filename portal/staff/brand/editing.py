"""An admin tries a brand, looks at it, and publishes it. What customers see changes only then."""

from dataclasses import dataclass
from typing import Any

from portal import audit
from portal.brand import colours, pictures
from portal.brand.current import Brand, draft, forget, made_of, published
from portal.extensions import session
from portal.models import BrandRow, Edition, Person, now


@dataclass(frozen=True)
class Shade:
    """What becomes of the chosen accent in one scheme."""

    scheme: str
    chosen: str
    shown: str

    @property
    def is_other(self) -> bool:
        return self.chosen.lower() != self.shown


def edited() -> BrandRow:
    """What the form shows: what is being tried, else what is published."""
    return draft() or published() or BrandRow(id=Edition.PUBLISHED)


def save_draft(facts: dict[str, Any], logo: bytes | None, *, without_logo: bool) -> BrandRow:
    """Keep what an admin is trying.

    Args:
        facts: the columns of `BrandRow` that the form asks for.
        logo: a new picture, as it was uploaded.

    Raises:
        DomainError: the picture cannot be shown.
    """
    picture = pictures.safe(logo) if logo else None
    row = draft() or BrandRow(**edited().facts() | {"id": Edition.DRAFT})
    for name, value in facts.items():
        setattr(row, name, value)
    if picture is not None:
        row.logo, row.logo_type, row.logo_hash = picture.content, picture.type, picture.hash
    elif without_logo:
        row.logo, row.logo_type, row.logo_hash = None, "", ""
    row.changed_at = now()
    session().add(row)
    session().commit()
    return row


def publish(actor: Person) -> None:
    """Show customers what was tried."""
    tried = draft()
    if tried is None:
        return
    row = published() or BrandRow(id=Edition.PUBLISHED)
    before = row.facts()
    for name, value in tried.facts().items():
        setattr(row, name, value)
    row.changed_at = now()
    changed = sorted(name for name, value in row.facts().items() if before[name] != value and name != "logo")
    session().add(row)
    session().delete(tried)
    audit.record(actor, None, "brand.published", made_of(row).name, changed=changed)
    session().commit()
    forget()


def discard() -> None:
    """Drop what was tried."""
    if (row := draft()) is not None:
        session().delete(row)
    session().commit()


def shades(brand: Brand) -> list[Shade]:
    """The accent in light and dark, as it is shown."""
    if not brand.accent:
        return []
    schemes = {"light": colours.LIGHT, "dark": colours.DARK}
    return [
        Shade(name, brand.accent, colours.palette(brand.accent, scheme).accent) for name, scheme in schemes.items()
    ]
