"""Admins of the staff publish the reseller's name and look; customers then see nothing else."""

import io
import re

import pytest
from PIL import Image

from portal.mail import samples, writing
from portal.models import AuditEntry, BrandRow, StaffRole
from tests.integration.messages.conftest import make_sender

SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>evil()</script><path d="M0 0h8v8z"/></svg>'
)
TYPED = {"name": "Kestrel Messaging", "accent": "#ffcc00", "support_email": "care@kestrel.example", "vendor": ""}


@pytest.fixture
def admin(portal):
    return portal.staff(StaffRole.ADMIN)


def publish(admin, logo: bytes = b"", **typed: str):
    data = {**TYPED, **typed, **({"logo": (io.BytesIO(logo), "logo.svg")} if logo else {})}
    page = admin.post("/staff/brand/", data)
    assert page.status == 303, page.text
    admin.submit(admin.get("/staff/brand/"), "Publish brand")


def test_only_admins_may_change_it(portal):
    for role in (StaffRole.SUPPORT, StaffRole.READ_ONLY):
        browser = portal.staff(role)
        assert browser.get("/staff/brand/").status == 403
        assert browser.post("/staff/brand/publish").status == 403
        assert "Brand" not in browser.get("/staff/").text
    assert portal.customer()[0].get("/staff/brand/").status == 404


def test_customers_see_it_once_it_is_published(portal, admin):
    admin.post("/staff/brand/", {**TYPED, "logo": (io.BytesIO(SVG), "logo.svg")})
    page = admin.get("/staff/brand/")
    assert "In light mode #ffcc00 is hard to read" in page.text
    assert "Kestrel" not in portal.browser().get("/").text
    admin.submit(page, "Publish brand")
    front = portal.browser().get("/")
    assert "Kestrel Messaging" in front.select_one("title").text_content()
    assert "care@kestrel.example" in front.select_one("footer").text_content()
    logo = front.select_one(".brand img").attrib["src"]
    picture = portal.browser().get(logo).response
    assert b"evil" not in picture.data
    assert picture.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    sheets = [link.attrib["href"] for link in front.select("link[rel=stylesheet]")]
    [sheet] = [address for address in sheets if "/brand/" in address]
    css = portal.browser().get(sheet).response
    assert "--accent: #ffcc00" not in css.text.partition("@media")[0]
    assert "immutable" in css.headers["Cache-Control"]
    assert [row.action for row in portal.rows(AuditEntry) if row.action.startswith("brand")] == ["brand.published"]
    card = portal.browser().get("/brand/card.png").response
    assert Image.open(io.BytesIO(card.data)).size == (1200, 630)


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(portal, admin):
    typed = {
        "name": "K",
        "accent": "yellow",
        "support_email": "care",
        "terms_url": "http://kestrel.example",
        "imprint": "x" * 1001,
        "vendor": "",
    }
    page = admin.post("/staff/brand/", typed)
    assert page.status == 422
    assert set(page.errors) == {"accent", "support_email", "terms_url", "imprint"}
    assert page.values("Preview changes")["accent"] == "yellow"
    refused = admin.post("/staff/brand/", {**TYPED, "logo": (io.BytesIO(b"GIF89a"), "logo.gif")})
    assert "logo" in refused.errors
    assert not portal.rows(BrandRow)


def test_a_draft_is_discarded_and_a_logo_removed(portal, admin):
    publish(admin, SVG)
    assert portal.browser().get("/").select_one(".brand img").attrib["src"].startswith("/brand/logo/")
    publish(admin, without_logo="y")
    assert portal.browser().get("/").select_one(".brand img").attrib["src"].startswith("/static/")
    admin.post("/staff/brand/", {**TYPED, "name": "Other"})
    admin.submit(admin.get("/staff/brand/"), "Discard changes")
    assert "Preview changes" in admin.get("/staff/brand/").text
    assert portal.one(BrandRow).name == "Kestrel Messaging"


def test_the_settings_say_it_where_no_admin_did(make_portal, tmp_path):
    (tmp_path / "logo.svg").write_bytes(SVG)
    portal = make_portal(
        reseller_name="Heron",
        brand_accent="#1a56db",
        brand_logo=str(tmp_path / "logo.svg"),
        imprint="Heron Ltd, Izmir",
    )
    front = portal.browser().get("/")
    assert "Heron Ltd, Izmir" in front.select_one("footer").text_content()
    logo = portal.browser().get(front.select_one(".brand img").attrib["src"]).response
    assert b"evil" not in logo.data


def test_mails_come_from_the_brand(portal, admin):
    publish(admin, sender_name="Kestrel, Ltd")
    portal.customer()
    portal.browser().post("/password/forgot", {"email": "jane@acme.example.com"})
    [mail] = portal.mails("jane@acme.example.com")
    assert "Kestrel Messaging" in mail["text"]
    assert mail["sender"].startswith('"Kestrel, Ltd" <')


def seen_by(browser, app, **known: str) -> dict[str, str]:
    """The text of every page that can be opened with what is known, technical names left out."""
    found = {}
    for rule in app.url_map.iter_rules():
        if (
            "GET" not in (rule.methods or ())
            or rule.endpoint.endswith("static")
            or set(rule.arguments) - set(known)
        ):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: known[name[1]], rule.rule)
        page = browser.open(path)
        if page.response.mimetype == "text/html" and page.response.data:
            for tag in page.select("code, pre, kbd"):
                tag.drop_tree()
            found[path] = page.html
        elif page.response.mimetype in ("text/csv", "application/json", "text/plain"):
            found[path] = page.response.get_data(as_text=True)
    return found


def test_white_label_names_the_vendor_to_staff_only(portal, control, admin):
    sender = make_sender(portal, control)
    channel = control.create_channel(sender.uuid, name="Shop")["uuid"]
    control.create_webhook(
        sender.uuid, "https://crm.example.com/in", triggers=["message.created"], channels=[channel]
    )
    row = sender.send()
    publish(admin, vendor="hidden", vendor_word_en="Kestrel Cloud")
    known = {"account_id": str(sender.account_id), "message_id": str(row.id)}
    control.fault("status", "onboarding/$", status=400, body={"detail": "CONNEXEASE has no window for you."})
    begun = sender.browser.post(f"/accounts/{sender.account_id}/channels/connect")
    assert "refused this: Kestrel Cloud has no window for you." in sender.browser.follow(begun).text
    pages = {**seen_by(sender.browser, portal.app, **known), **seen_by(portal.browser(), portal.app)}
    assert any(path.endswith((".csv", "/export")) for path in pages)
    assert len(pages) > 40
    named = {path: re.findall(".{0,60}connexease.{0,40}", text, re.IGNORECASE) for path, text in pages.items()}
    assert {path: found for path, found in named.items() if found} == {}
    assert any("Kestrel Cloud" in text for text in pages.values())
    with portal.app.test_request_context(base_url="https://portal.example.com"):
        letters = [writing.write(kind, samples.context(kind, variant)) for kind, variant in samples.variants()]
    assert not [letter.subject for letter in letters if "connexease" in f"{letter.text}{letter.html}".casefold()]
    assert "Connexease" in admin.get("/staff/accounts/").text


def test_the_portal_has_a_word_of_its_own_for_the_vendor(portal, admin):
    publish(admin, vendor="hidden")
    browser, account = portal.customer()
    assert "our messaging platform" in browser.get(f"/accounts/{account}/webhooks/").text
    prepared = "The window shows the name of our technology partner."
    assert prepared in browser.get(f"/accounts/{account}/channels/").text
    browser.send("POST", "/language", data={"language": "tr", "next": "/"})
    assert "mesajlaşma platformumuz" in browser.get(f"/accounts/{account}/webhooks/").text
