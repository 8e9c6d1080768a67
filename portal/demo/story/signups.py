"""Everybody else who signed up: most are ready, and one stands at each step where a sign-up can stand."""

from datetime import timedelta

from portal.customers.signup.opened_by_staff import open_account
from portal.customers.signup.registration import AccountDetails
from portal.demo.logins import ADMIN, SUPPORT, Login
from portal.demo.stage import Scenes, Stage
from portal.demo.story.customer import confirm_address, connect, look_at_channels, sign_up
from portal.staff.signups import decisions


def ready(stage: Stage) -> Scenes:
    """Customers who came during the month and have what they need."""
    came = (
        (27, "Kuzey Kitap", "Nazlı Kuzey", "nazli@kuzey.example.com"),
        (22, "Anadolu Kahve", "Emre Tan", "emre@anadolukahve.example.com"),
        (18, "Harbour Bikes", "Emily Ross", "emily@harbour.example.com"),
        (11, "Çınar Eczanesi", "Hakan Çınar", "hakan@cinar.example.com"),
        (7, "Ege Zeytin", "Pelin Ege", "pelin@ege.example.com"),
        (3, "Pera Guesthouse", "Lukas Brandt", "lukas@pera.example.com"),
    )
    for days, company, name, email in came:
        yield stage.ago(days, "11:15")
        owner = Login(name, email, "")
        if name == "Hakan Çınar":
            _have_account(stage, company, email)
        customer = sign_up(stage, owner, company, "", policy="verified")
        yield stage.ago(days, "11:40")
        confirm_address(stage, owner)
        yield stage.ago(days, "12:05")
        connect(customer, owner, company)
        yield stage.ago(days, "12:06")
        look_at_channels(customer, owner)


def _have_account(stage: Stage, company: str, email: str) -> None:
    """Somebody had an account at Connexease before they came here, and a webhook that tells of new channels."""
    account = stage.vendor.create_account(company, email)
    stage.vendor.create_webhook(account, "https://eczane.example.org/new-channel", triggers=["channel.created"])


def opened(stage: Stage) -> Scenes:
    """An account that the staff opened for somebody, who has yet to choose a password."""
    yield stage.ago(1, "13:20")
    with stage.acting(SUPPORT.email) as person:
        details = ("Mavi Optik", "Sevgi", "Mavi", "sevgi@mavioptik.example.com", "sevgi@mavioptik.example.com")
        open_account(person, AccountDetails(*details, contact_phone_number="", time_zone="Europe/Istanbul"))


def decided(stage: Stage) -> Scenes:
    """Two that wait for approval: one was declined, one waits still; and one that was given up."""
    declined = Login("Tarık Bulut", "tarik@bulkblast.example.com", "")
    yield stage.ago(10, "21:00")
    account = sign_up(stage, declined, "Bulk Blast", "", policy="approval")
    yield stage.ago(10, "21:04")
    confirm_address(stage, declined, policy="approval")
    yield stage.ago(9, "09:40")
    with stage.acting(ADMIN.email) as person:
        decisions.decline(person, account.id, "We do not send advertising to bought lists.")
    yield stage.ago(6, "12:00")
    given_up = sign_up(
        stage, Login("Ali Veli", "ali@kapali.example.com", ""), "Kapalı Çarşı Halı", "", policy="verified"
    )
    yield stage.ago(2, "16:00")
    with stage.acting(SUPPORT.email) as person:
        decisions.give_up(person, given_up.id, "The shop closed before it opened its account.")
    waits = Login("Melis Uçar", "melis@ucarturizm.example.com", "")
    yield stage.ago(1.1)
    sign_up(stage, waits, "Uçar Turizm", "+902425550163", policy="approval")
    yield stage.ago(1.09)
    confirm_address(stage, waits, policy="approval")


def stuck(stage: Stage) -> Scenes:
    """One waits for a click, one for other details, one for a proof; two fail on the other side."""
    yield stage.ago(4, "15:20")
    refusal = {"contact_phone_number": ["Enter a valid phone number."]}
    stage.vendor.fault("status", "POST", "^/accounts/$", status=400, body=refusal)
    sign_up(stage, Login("Barış Koç", "baris@kocyapi.example.com", ""), "Koç Yapı Market", "+902125550100")
    yield stage.ago(3, "20:10")
    taken = Login("Sofia Marino", "sofia@trattoria.example.com", "")
    stage.vendor.create_account("Trattoria Marino", taken.email)
    sign_up(stage, taken, "Trattoria Marino", "")
    yield stage.ago(1.2)
    sign_up(stage, Login("Gizem Er", "gizem@ernakliyat.example.com", ""), "Er Nakliyat", "", policy="verified")
    yield stage.end - timedelta(minutes=70)
    moved = Login("Defne Ak", "defne@aktekstil.example.com", "")
    stage.vendor.fault("status", "POST", "/webhooks/$", status=503)
    account = sign_up(stage, moved, "Ak Tekstil", "+902245550171")
    yield stage.end - timedelta(minutes=69, seconds=59)
    stage.vendor.change_account(account.uuid(), foreign=True)  # no call about it is allowed any more
    yield stage.end - timedelta(minutes=45)
    studio = Login("Lena Fischer", "lena@lumenstudio.example.com", "")
    stage.goes_on_failing("status", "POST", "^/accounts/$", status=503, text=studio.email)
    sign_up(stage, studio, "Lumen Studio", "+902325550109")
