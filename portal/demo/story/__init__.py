"""What happened before the demo begins: a month of a reseller's life, each chapter a module.

A feature that wants to be seen in the demo brings a module of its own here and adds its chapters to the list.
"""

from portal.demo.stage import Chapter
from portal.demo.story import (
    campaigns,
    clinic,
    clinic_keys,
    destinations,
    elsewhere,
    newcomer,
    shop,
    signups,
    staff,
    upkeep,
)
from portal.demo.story.staff import first_admin

CHAPTERS: tuple[Chapter, ...] = (
    staff.people,
    shop.opening,
    shop.team,
    shop.messages,
    shop.main_number,
    shop.help_number,
    shop.latest,
    campaigns.points,
    destinations.made,
    clinic.opening,
    clinic.trouble,
    clinic.messages,
    clinic.refused_messages,
    clinic.conversations,
    clinic.webhooks,
    clinic_keys.tokens,
    newcomer.half_done,
    signups.ready,
    signups.opened,
    signups.decided,
    signups.stuck,
    elsewhere.accounts,
    upkeep.nights,
    upkeep.refused_mail,
    upkeep.last_look,
)

__all__ = ["CHAPTERS", "first_admin"]
