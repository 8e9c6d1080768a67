"""Accounts that exist only at Connexease: made there before the portal came, or by hand since."""

from sqlmodel import select

from portal.customers.signup import takeovers
from portal.demo.logins import ADMIN
from portal.demo.stage import Scenes, Stage
from portal.extensions import session
from portal.models import MirroredAccount

COMPANIES = (
    *("Galata Bakery", "Yeni Nefes Yoga", "Marmara Lojistik", "Kaş Diving", "Doğa Veteriner", "Ada Emlak"),
    *("North Star Tutors", "Toros Mobilya", "Vefa Çiçekçilik", "Sahil Oto Kiralama", "Ihlara Tours", "Kent Optik"),
)


def accounts(stage: Stage) -> Scenes:
    """Some with a number, a webhook and a token; one that has gone since; one whose owner is invited."""
    yield stage.ago(31)
    made = []
    for place, name in enumerate(COMPANIES):
        email = f"hello@{name.lower().split()[0].encode('ascii', 'ignore').decode()}.example.org"
        made.append(stage.vendor.create_account(name, email))
        if place % 3:
            channel = stage.vendor.connect_elsewhere(made[-1], name, connected=place % 5 != 1)
            stage.vendor.create_webhook(
                made[-1], f"https://{email.split('@')[1]}/in", triggers=["message.created"], channels=[channel]
            )
        if place % 4 == 1:
            stage.vendor.create_token(made[-1], expires_in=(60 + place * 9) * 86_400)
    yield stage.ago(16, "12:00")
    stage.vendor.delete_account(made[3])
    yield stage.ago(4, "10:30")
    with stage.acting(ADMIN.email) as admin:
        query = select(MirroredAccount).where(MirroredAccount.name == "Galata Bakery")
        takeovers.invite(admin, session().exec(query).one(), "hello@galata.example.org")
