"""Health checks that ask others: Connexease, the mail server, Redis, our own public address."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import format_number, format_timedelta
from sqlmodel import col

from portal import outbound
from portal.connexease import errors as cx
from portal.connexease.http.reachability import Probe
from portal.extensions import connexease, limiter, session, settings
from portal.i18n import _, _l, translated
from portal.mail import outbox
from portal.models import Delivery, now
from portal.operations.findings import Check, Finding, bad, good, warning

SLOW = 3.0
"""Seconds after which an answer is worth a warning."""
WRONG, FAR_WRONG = timedelta(seconds=20), timedelta(seconds=90)
"""How far clocks may lie apart."""


def reseller_token() -> list[Finding]:
    """Connexease accepts it."""
    name = _("Reseller token")
    try:
        page = connexease().reseller.accounts_page()
    except cx.Unauthorized:
        says = _("Connexease doesn't accept the reseller token.")
        return [
            bad(name, says, _("Ask Connexease's support team for a new token and set CONNEXEASE_RESELLER_TOKEN."))
        ]
    except cx.RateLimited:
        return [warning(name, _("We couldn't check the token, because Connexease is limiting our requests."))]
    except cx.ConnexeaseError as error:
        return [warning(name, _("We couldn't check the token. %(problem)s", problem=translated(error.message)))]
    return [good(name, _("Connexease accepts the token. Accounts: %(count)s.", count=format_number(page.count)))]


def reseller_api() -> list[Finding]:
    """The Reseller API answers, and its clock and ours agree."""
    probe = connexease().reseller.probe()
    return [_reached(_("Reseller API"), "CONNEXEASE_API_URL", probe), *_clock(probe)]


def account_api() -> list[Finding]:
    """The account API answers; without a customer's token nothing more can be told."""
    return [_reached(_("Account API"), "CONNEXEASE_ACCOUNT_API_URL", connexease().account.probe())]


def gateway() -> list[Finding]:
    """The gateway answers; without a customer's key nothing more can be told."""
    return [_reached(_("Gateway"), "CONNEXEASE_GATEWAY_URL", connexease().gateway.probe())]


def _reached(name: str, variable: str, probe: Probe) -> Finding:
    if probe.status is None:
        says = _("No response (%(cause)s).", cause=probe.cause)
        return bad(
            name,
            says,
            _(
                "Check %(variable)s, DNS and the firewall. If they're right, Connexease may be down.",
                variable=variable,
            ),
        )
    says = _("Responded in %(ms)d ms.", ms=round(probe.seconds * 1000))
    if probe.status >= 500:
        return warning(name, _("Responded with a server error (%(status)d).", status=probe.status))
    return warning(name, says, _("Connexease is slow right now.")) if probe.seconds > SLOW else good(name, says)


def _clock(probe: Probe) -> list[Finding]:
    if probe.skew is None:
        return []
    name, apart = _("Clock"), format_timedelta(abs(probe.skew))
    if abs(probe.skew) < WRONG:
        return [good(name, _("The clock matches Connexease's."))]
    says = _("The clock differs from Connexease's by %(apart)s.", apart=apart)
    todo = _("Synchronize the server's clock (NTP). Authenticator codes and links depend on it.")
    return [bad(name, says, todo) if abs(probe.skew) > FAR_WRONG else warning(name, says, todo)]


def public_url() -> list[Finding]:
    """Our own address answers from here, and Connexease has found it lately."""
    name, url = _("Public address"), settings().public_url
    todo = _(
        "Connexease and your customers must be able to reach it. Check PUBLIC_URL, the proxy, DNS and the "
        "certificate."
    )
    try:
        answer = outbound.send("GET", f"{url}/healthz", headers={}, allow_loopback=not settings().is_production)
    except outbound.RefusedAddressError:
        says = _("From here, the name leads to a private address. From outside it may lead to another.")
        return [warning(name, says, todo), *_heard()]
    except outbound.UnknownHostError:
        return [bad(name, _("The name has no address in DNS."), todo), *_heard()]
    except outbound.NoAnswerError as error:
        kinds = {
            "late": _("The address doesn't respond in time."),
            "tls": _("The address has no valid TLS certificate."),
            "not_http": _("The address doesn't respond in HTTP."),
        }
        says = kinds.get(error.kind, _("The address doesn't respond."))
        return [bad(name, says, todo), *_heard()]
    if answer.status != 200 or b'"ok"' not in answer.body:
        return [
            bad(
                name,
                _("Something other than the portal responds (status %(status)d).", status=answer.status),
                todo,
            )
        ]
    if settings().public_host_is_loopback:
        return [
            warning(name, _("The address works only on this machine, so Connexease can't reach it.")),
            *_heard(),
        ]
    return [good(name, _("The address responds from this machine.")), *_heard()]


def _heard() -> list[Finding]:
    """The proof from outside: events that came."""
    newest = sa.select(col(Delivery.received_at)).order_by(col(Delivery.id).desc()).limit(1)
    at = session().execute(newest).scalar()
    if at is None:
        return [
            warning(
                _("Events"),
                _("No event has ever arrived, so we don't know whether Connexease can reach the portal."),
            )
        ]
    return [good(_("Events"), _("The last event arrived %(ago)s ago.", ago=format_timedelta(now() - at)))]


def mail_server() -> list[Finding]:
    """It greets us, and takes our log-in."""
    name = _("Mail server")
    if settings().mail_url is None:
        todo = _("Set MAIL_URL. Without email, people can't reset their passwords.")
        return [bad(name, _("No mail server is set."), todo)]
    problem = outbox.greet()
    if problem:
        return [
            bad(
                name,
                _("The mail server didn't accept our connection or login (%(kind)s).", kind=problem),
                _("Check MAIL_URL and the mail server."),
            )
        ]
    return [good(name, _("The mail server responds and accepts our login."))]


def counting() -> list[Finding]:
    """Where requests are counted for the limits."""
    name = _("Rate limits")
    if settings().redis_url is None:
        return [good(name, _("Requests are counted in the database, for all processes together."))]
    if not limiter.storage.check():
        return [
            bad(
                name,
                _("Redis isn't responding."),
                _("Check REDIS_URL and Redis. The rate limits and the queue need it."),
            )
        ]
    return [good(name, _("Redis responds."))]


CHECKS: list[tuple[str, Check]] = [
    (_l("Reseller API"), reseller_api),
    (_l("Reseller token"), reseller_token),
    (_l("Account API"), account_api),
    (_l("Gateway"), gateway),
    (_l("Public address"), public_url),
    (_l("Mail server"), mail_server),
    (_l("Rate limits"), counting),
]
