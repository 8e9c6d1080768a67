"""The system page and `portal doctor`: each thing that is needed, well and broken, and what to do then."""

import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from portal.connexease.http.reachability import Probe
from portal.models import Heartbeat, StaffRole, now
from portal.operations import doctor, findings, heartbeats, local_checks, remote_checks
from portal.operations.findings import Finding, Health
from portal.settings import Settings
from tests.support.application.portal import Portal
from tests.support.suite.concurrent import beside, outcome
from tests.support.suite.patience import patient


def nowhere() -> str:
    """An address where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def only(portal: Portal, check: Callable[[], list[Finding]]) -> Finding:
    with portal.app.app_context():
        return check()[0]


def named(found: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


# --- inside


def test_everything_inside_is_well(portal: Portal) -> None:
    portal.customer()
    portal.sweep()
    with portal.app.app_context():
        found = doctor.quick_checks()
    assert [finding.health for finding in found] == [Health.GOOD] * 7, found
    assert (
        named(found)["Vault"].says
        == "All secrets in a sample of 2 can be opened. `portal vault check` checks all secrets."
    )


def test_tables_of_another_version(portal: Portal) -> None:
    for statement, says, todo in (
        (
            "SET version_num = '0001'",
            "The database is at revision 0001, but this",
            "then run `portal db upgrade`.",
        ),
        ("SET version_num = '9999'", "which this version doesn't know", "Start the newer version again"),
    ):
        portal.sql(f"UPDATE alembic_version {statement}")
        finding = only(portal, local_checks.database)
        assert finding.health == Health.BAD
        assert says in finding.says
        assert todo in finding.todo
    portal.sql("DELETE FROM alembic_version")
    assert only(portal, local_checks.database).says == "The database is empty."


def test_a_worker_that_never_ran_or_fell_silent(portal: Portal) -> None:
    assert only(portal, local_checks.worker).says == "The worker has never run."
    portal.run(heartbeats.beat)
    portal.sql("UPDATE heartbeat SET at = :old", old=now() - timedelta(minutes=10))
    finding = only(portal, local_checks.worker)
    assert (finding.health, finding.todo) == (Health.BAD, "Start `portal worker` and check its log.")
    assert "10 minutes ago" in finding.says
    portal.sweep()
    assert only(portal, local_checks.worker).health == Health.GOOD
    assert len(portal.rows(Heartbeat)) == 1


def test_a_backlog_is_named_by_kind(portal: Portal) -> None:
    portal.run(heartbeats.beat)
    portal.newcomer()
    with portal.app.app_context():
        assert "sign-ups 1" in local_checks.worker()[1].says
    portal.sql("UPDATE provisioning SET next_attempt_at = :old", old=now() - timedelta(hours=1))
    with portal.app.app_context():
        finding = local_checks.worker()[1]
    assert (finding.health, finding.says) == (Health.WARNING, "Overdue for more than 5 minutes: sign-ups 1.")


def test_mails_that_nobody_took_are_sent_again(make_portal) -> None:
    portal = make_portal(signup_policy="verified")
    portal.sign_up()
    portal.sql("UPDATE mail SET state = 'failed', attempts = 12, next_attempt_at = NULL")
    assert only(portal, local_checks.outbox).health == Health.BAD
    browser = portal.staff(StaffRole.SUPPORT)
    page = browser.follow(browser.submit(browser.get("/staff/system/"), "Send emails again"))
    assert "We're sending 1 email again." in page.text
    assert portal.mails("jane@acme.example.com")
    assert only(portal, local_checks.outbox).health == Health.GOOD
    assert "retried the mails that couldn't be delivered (1)" in browser.get("/staff/audit/").text


def test_secrets_without_their_key_and_damaged_ones(make_portal) -> None:
    import base64  # noqa: PLC0415

    make_portal().customer()
    other = make_portal(vault_keys=base64.b64encode(bytes([7]) * 32).decode())
    finding = only(other, local_checks.secrets)
    assert finding.health == Health.BAD
    assert "Secrets that can't be opened: 2 in a sample of 2." in finding.says
    usual = make_portal()
    usual.sql("UPDATE portal_webhook SET sealed_secret = substr(sealed_secret, 1, 60) || 'AAAA'")
    finding = only(usual, local_checks.secrets)
    assert "Secrets that can't be opened: 1 in a sample of 2." in finding.says
    assert "VAULT_KEYS" in finding.todo


def test_no_table_of_secrets_is_read_to_its_end(portal: Portal, monkeypatch) -> None:
    for number in range(3):
        portal.customer(contact_email=f"{number}@acme.example.com")
    monkeypatch.setattr(local_checks, "SAMPLE", 2)
    assert only(portal, local_checks.secrets).says.startswith("All secrets in a sample of 3 can be opened.")
    portal.sql("UPDATE portal_webhook SET sealed_secret = 'v1.x.y.z'")
    monkeypatch.setattr(local_checks, "LOOKED_AT", 1)
    assert "Secrets that can't be opened: 1 in a sample of 2." in only(portal, local_checks.secrets).says


def test_the_end_of_the_audit_log(portal: Portal) -> None:
    assert only(portal, local_checks.audit_log).health == Health.GOOD
    portal.newcomer()
    assert only(portal, local_checks.audit_log).health == Health.GOOD
    portal.sql("DROP TRIGGER audit_entry_no_delete")
    portal.sql("DELETE FROM audit_entry")
    finding = only(portal, local_checks.audit_log)
    assert (finding.health, "was cut off" in finding.says) == (Health.BAD, True)
    portal.sql("UPDATE audit_chain SET sealed_end = NULL")
    portal.customer(contact_email="o@other.example.com")
    portal.sql("UPDATE audit_chain SET sealed_end = NULL")
    portal.customer(contact_email="another@other.example.com")
    finding = only(portal, local_checks.audit_log)
    assert (finding.health, "was resealed" in finding.says) == (Health.BAD, True)


def test_a_disk_that_fills_up(portal: Portal, monkeypatch) -> None:
    for free, health in ((10 * 1024**3, Health.GOOD), (1024**3, Health.WARNING), (1024**2, Health.BAD)):
        usage = type("Usage", (), {"free": free, "total": 100 * 1024**3})
        monkeypatch.setattr(local_checks.shutil, "disk_usage", lambda _path, usage=usage: usage)
        assert only(portal, local_checks.disk).health == health


def test_a_table_that_is_missing_stops_no_other_check(portal: Portal) -> None:
    portal.sql("DROP TABLE heartbeat")
    with portal.app.app_context():
        found = named(doctor.quick_checks())
    assert (
        found["Worker"].says
        == "The check couldn't run, because the database lacks tables that this version needs."
    )
    assert found["Vault"].health == Health.GOOD


# --- outside


def test_everything_outside_is_well(make_portal) -> None:
    portal = make_portal()
    with portal.served() as url:
        portal = make_portal(public_url=url)
        portal.customer()
        with portal.app.app_context():
            found = named(doctor.slow_checks())
    bad = {finding.name for finding in found.values() if finding.health != Health.GOOD}
    assert bad == {"Public address", "Events"}, found
    assert found["Public address"].says == "The address works only on this machine, so Connexease can't reach it."
    assert found["Reseller token"].says == "Connexease accepts the token. Accounts: 1."
    assert found["Clock"].says == "The clock matches Connexease's."


@pytest.mark.parametrize(
    ("seconds", "health", "says"),
    [
        (5, Health.GOOD, "The clock matches Connexease's."),
        (50, Health.WARNING, "The clock differs from Connexease's by "),
        (-3600, Health.BAD, "The clock differs from Connexease's by 1 hour."),
    ],
)
def test_a_clock_that_is_wrong(portal: Portal, seconds: float, health: Health, says: str) -> None:
    portal.control.advance(seconds)
    with portal.app.app_context():
        clock = named(remote_checks.reseller_api())["Clock"]
    assert clock.health == health
    assert says in clock.says
    assert ("NTP" in clock.todo) == (health != Health.GOOD)


@pytest.mark.parametrize(
    ("setting", "check", "variable"),
    [
        ("connexease_api_url", remote_checks.reseller_api, "CONNEXEASE_API_URL"),
        ("connexease_account_api_url", remote_checks.account_api, "CONNEXEASE_ACCOUNT_API_URL"),
        ("connexease_gateway_url", remote_checks.gateway, "CONNEXEASE_GATEWAY_URL"),
    ],
)
def test_a_host_that_does_not_answer(make_portal, setting, check, variable) -> None:
    finding = only(make_portal(**{setting: nowhere()}), check)
    assert finding.health == Health.BAD
    assert finding.says == "No response (ConnectionError)."
    assert variable in finding.todo


def test_no_credential_is_shown_to_a_host_that_is_only_knocked_at(portal: Portal) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(patient(20))

        def listen() -> None:
            connection, _address = server.accept()
            with connection:
                connection.settimeout(patient(20))
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")

        listening = beside(listen)
        from portal.connexease import Connexease  # noqa: PLC0415

        settings: Settings = portal.app.config["SETTINGS"]
        token = settings.connexease_reseller_token
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        probe = Connexease(reseller_token=token, gateway_url=url, api_url=url).reseller.probe()
        outcome(listening)
    assert probe.status == 401
    assert b"Authorization" not in heard[0]
    assert token.get_secret_value().encode() not in heard[0]


def test_a_token_that_is_not_accepted(portal: Portal) -> None:
    for status, health, words in (
        (401, Health.BAD, "doesn't accept the reseller token"),
        (403, Health.BAD, "doesn't accept the reseller token"),
        (429, Health.WARNING, "limiting our requests"),
        (503, Health.WARNING, "check the token. We couldn't reach Connexease"),
    ):
        portal.control.fault("status", "^/accounts/$", "GET", times=None, status=status)
        finding = only(portal, remote_checks.reseller_token)
        assert (finding.health, words in finding.says) == (health, True), finding
        portal.control.clear_faults()


@pytest.mark.parametrize(
    ("skew", "health"),
    [(timedelta(), Health.GOOD), (timedelta(seconds=-40), Health.WARNING), (timedelta(minutes=5), Health.BAD)],
)
def test_clocks_that_disagree(portal: Portal, skew: timedelta, health: Health) -> None:
    with portal.app.app_context():
        [finding] = remote_checks._clock(Probe(200, 0.1, skew=skew))
        assert remote_checks._clock(Probe(200, 0.1)) == []
    assert finding.health == health


def test_a_slow_host_and_one_with_an_error_of_its_own(portal: Portal) -> None:
    with portal.app.app_context():
        assert remote_checks._reached("x", "X", Probe(200, 4)).health == Health.WARNING
        assert remote_checks._reached("x", "X", Probe(502, 0.1)).health == Health.WARNING
        assert remote_checks._reached("x", "X", Probe(404, 0.1)).health == Health.GOOD


def test_our_own_address(make_portal, sandbox) -> None:
    finding = only(make_portal(public_url=nowhere()), remote_checks.public_url)
    assert (finding.health, finding.says) == (Health.BAD, "The address doesn't respond.")
    finding = only(make_portal(public_url=sandbox.api_url), remote_checks.public_url)
    assert (finding.health, "Something other than the portal" in finding.says) == (Health.BAD, True)
    finding = only(make_portal(public_url="https://nothing.invalid"), remote_checks.public_url)
    assert finding.says == "The name has no address in DNS."
    finding = only(make_portal(public_url="https://10.0.0.1"), remote_checks.public_url)
    assert (finding.health, "private address" in finding.says) == (Health.WARNING, True)


def test_an_event_is_the_proof_from_outside(portal: Portal) -> None:
    with portal.app.app_context():
        assert "No event has ever arrived" in remote_checks._heard()[0].says
    portal.customer()
    uuid = portal.control.accounts()[0]["uuid"]
    hook = portal.control.webhooks(uuid)[0]
    path = hook["callback_url"].removeprefix("http://localhost")
    portal.browser().client.post(path, data="{}", headers=hook["headers"])
    with portal.app.app_context():
        assert "The last event arrived" in remote_checks._heard()[0].says


def test_the_mail_server(make_portal) -> None:
    assert only(make_portal(), remote_checks.mail_server).health == Health.GOOD
    finding = only(make_portal(mail_url=nowhere().replace("http", "smtp")), remote_checks.mail_server)
    assert (finding.health, finding.says) == (
        Health.BAD,
        "The mail server didn't accept our connection or login (ConnectionRefusedError).",
    )
    assert only(make_portal(mail_url=None), remote_checks.mail_server).todo.startswith("Set MAIL_URL")
    with_password = make_portal(mail_url=f"{make_portal().app.config['SETTINGS'].mail_url.get_secret_value()}"
                                .replace("smtp://", "smtp://user:planted-secret@"))  # fmt: skip
    finding = only(with_password, remote_checks.mail_server)
    assert finding.health == Health.BAD
    assert "planted-secret" not in str(finding)


def test_limits_are_counted_in_the_database_without_a_redis(portal: Portal) -> None:
    assert only(portal, remote_checks.counting).health == Health.GOOD


# --- the rounds


def test_a_check_that_hangs_or_fails_keeps_nobody(portal: Portal) -> None:
    let_go = threading.Event()

    def hang() -> list[Finding]:
        let_go.wait(20)
        return []

    def fail() -> list[Finding]:
        raise ZeroDivisionError("planted-secret")

    started = time.monotonic()
    with portal.app.app_context():
        found = findings.run(portal.app, [("slow", hang), ("odd", fail), ("disk", local_checks.disk)], 2)
    let_go.set()
    assert time.monotonic() - started < 15
    assert [finding.health for finding in found] == [Health.BAD, Health.BAD, Health.GOOD]
    assert found[1].says == "The check itself failed (ZeroDivisionError)."


def test_no_setting_shows_a_secret(make_portal, database_url) -> None:
    portal = make_portal(
        metrics_token="planted-metrics-token-0123456789", mail_url="smtp://u:planted-password@localhost"
    )
    browser = portal.staff(StaffRole.READ_ONLY)
    page = browser.get("/staff/system/")
    settings = portal.app.config["SETTINGS"]
    for secret in (settings.secret_key, settings.vault_keys[0], settings.connexease_reseller_token):
        assert secret.get_secret_value() not in page.response.text
    assert "planted" not in page.text
    assert "VAULT_KEYS set: 1" in page.text
    assert "METRICS_TOKEN set" in page.text
    with portal.app.app_context():
        for url in ("postgresql://u:planted@h/n?password=planted", "postgres://u:planted@h/n"):
            assert doctor._place(url) == f"{url.partition(':')[0]}: h/n"


def test_the_page_does_not_wait_for_others(make_portal) -> None:
    portal = make_portal(connexease_api_url=nowhere(), connexease_gateway_url=nowhere())
    browser = portal.staff(StaffRole.SUPPORT)
    page = browser.get("/staff/system/")
    assert "Checking Connexease" in page.text
    loading = page.select_one("#outside")
    part = browser.get(loading.attrib["hx-get"], htmx=True)
    assert "Check CONNEXEASE_GATEWAY_URL" in part.text
    assert part.is_fragment
    assert "hx-get" not in part.select_one("#outside").attrib
    plain = browser.get(loading.attrib["hx-get"])
    assert plain.goes_to == "/staff/system/?outside=1"
    assert "Check CONNEXEASE_GATEWAY_URL" in browser.get(plain.goes_to).text


# --- the command


@pytest.fixture
def surroundings(sandbox) -> dict[str, str]:
    return {
        "CONNEXEASE_API_URL": sandbox.api_url,
        "CONNEXEASE_ACCOUNT_API_URL": sandbox.api_url,
        "CONNEXEASE_GATEWAY_URL": sandbox.api_url,
        "MAIL_URL": sandbox.smtp_url,
    }


def test_the_command_says_what_is_broken_and_what_to_do(command, portal: Portal, surroundings) -> None:
    portal.sweep()
    with portal.served() as url:
        done = command("doctor", PUBLIC_URL=url, **surroundings)
        assert (done.returncode, done.stderr) == (0, "")
        assert "ok      Reseller token: Connexease accepts the token" in done.stdout
        assert "BROKEN" not in done.stdout
        broken = command("doctor", PUBLIC_URL=url, **(surroundings | {"MAIL_URL": "smtp://127.0.0.1:1"}))
    assert broken.returncode == 1
    assert "BROKEN  Mail server: The mail server didn't accept our connection or login" in broken.stdout
    assert "        Check MAIL_URL and the mail server." in broken.stdout


# --- for a monitoring system

TOKEN = "a-token-for-the-monitoring-0123456789"


def test_metrics_are_for_who_knows_the_token(make_portal) -> None:
    assert make_portal().browser().get("/metrics").status == 404
    portal = make_portal(metrics_token=TOKEN)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
        answer = portal.browser().client.get("/metrics", headers=headers)
        assert (answer.status_code, answer.get_data(as_text=True)) == (401, "wrong token\n")


def test_metrics(make_portal) -> None:
    portal = make_portal(metrics_token=TOKEN)
    portal.customer()
    portal.newcomer(contact_email="n@new.example.com")
    portal.sweep()
    portal.control.create_channel(portal.control.accounts()[0]["uuid"], name="Shop")
    portal.log_in("jane@acme.example.com").post(
        f"/accounts/{portal.account('jane@acme.example.com').id}/channels/refresh"
    )
    answer = portal.browser().client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.get_data(as_text=True).splitlines()
    written = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    samples = {name: float(value) for name, value in written.items()}
    assert samples["portal_accounts"] == 2
    assert samples['portal_setups{step="ready"}'] == 2
    assert samples['portal_backlog{kind="mails"}'] == 0
    assert samples['portal_channels{connected="yes"}'] == 1
    assert 0 <= samples["portal_worker_silent_seconds"] < 60
    names = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {name.partition("{")[0] for name in samples} < names  # nothing was counted yet
    assert "portal_happened_total" in names


def test_a_short_token_for_metrics_is_refused(settings_for) -> None:
    for token in ("x", "x" * 31):
        with pytest.raises(ValueError, match="METRICS_TOKEN must have at least 32 random characters"):
            settings_for(metrics_token=token)
    assert settings_for(metrics_token="x" * 32).metrics_token is not None


def test_a_date_that_is_none() -> None:
    from portal.connexease.http.reachability import answered  # noqa: PLC0415

    for date in (None, "", "yesterday", "Tue, 99 Nov 2026 10:00:00 GMT"):
        assert answered(200, time.monotonic(), date).skew is None
    skew = answered(200, time.monotonic(), "Tue, 24 Nov 2020 10:00:00 GMT").skew
    assert skew is not None
    assert skew < -timedelta(days=1)
    assert isinstance(now() + skew, datetime)
