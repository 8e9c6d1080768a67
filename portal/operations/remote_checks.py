"""Health checks that ask others: Connexease, the mail server, Redis, our own public address."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import format_number, format_timedelta
from sqlmodel import col

from portal import outbound
from portal.connexease import errors as cx
from portal.connexease.http.reachability import Probe
from portal.extensions import connexease, limiter, session, settings
from portal.i18n import _, _l
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
        says = _("Connexease does not accept it.")
        return [bad(name, says, _("Ask Connexease's support for a new one and set CONNEXEASE_RESELLER_TOKEN."))]
    except cx.RateLimited:
        return [warning(name, _("Connexease is receiving too many requests to say."))]
    except cx.ConnexeaseError as error:
        return [warning(name, _("It could not be tried: %(problem)s", problem=_(error.template) % error.values))]
    return [good(name, _("Connexease accepts it. Accounts there: %(count)s.", count=format_number(page.count)))]


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
        says = _("It does not answer (%(cause)s).", cause=probe.cause)
        return bad(
            name, says, _("Check %(variable)s, DNS and the firewall; or Connexease is down.", variable=variable)
        )
    says = _("It answers in %(ms)d ms.", ms=round(probe.seconds * 1000))
    if probe.status >= 500:
        return warning(name, _("It answers, with an error of its own (%(status)d).", status=probe.status))
    return warning(name, says, _("That is slow.")) if probe.seconds > SLOW else good(name, says)


def _clock(probe: Probe) -> list[Finding]:
    if probe.skew is None:
        return []
    name, apart = _("Clock"), format_timedelta(abs(probe.skew))
    if abs(probe.skew) < WRONG:
        return [good(name, _("It agrees with Connexease's."))]
    says = _("It is %(apart)s away from Connexease's.", apart=apart)
    todo = _("Let the machine keep its time (NTP): codes from phones and links depend on it.")
    return [bad(name, says, todo) if abs(probe.skew) > FAR_WRONG else warning(name, says, todo)]


def public_url() -> list[Finding]:
    """Our own address answers from here, and Connexease has found it lately."""
    name, url = _("Public address"), settings().public_url
    todo = _("Connexease and customers must reach it: check PUBLIC_URL, the proxy, DNS and the certificate.")
    try:
        answer = outbound.send("GET", f"{url}/healthz", headers={}, allow_loopback=not settings().is_production)
    except outbound.RefusedAddressError:
        says = _("Its name stands for an address of a private network here; from outside it may be another.")
        return [warning(name, says, todo), *_heard()]
    except outbound.UnknownHostError:
        return [bad(name, _("Its name has no address."), todo), *_heard()]
    except outbound.NoAnswerError as error:
        kinds = {"late": _("in time"), "tls": _("with a certificate that holds"), "not_http": _("in HTTP")}
        says = _("It does not answer %(how)s.", how=kinds.get(error.kind, _("at all")))
        return [bad(name, says, todo), *_heard()]
    if answer.status != 200 or b'"ok"' not in answer.body:
        return [bad(name, _("Something else than the portal answers (%(status)d).", status=answer.status), todo)]
    if settings().public_host_is_loopback:
        return [warning(name, _("It answers, but on this machine alone: Connexease cannot reach it.")), *_heard()]
    return [good(name, _("It answers from here.")), *_heard()]


def _heard() -> list[Finding]:
    """The proof from outside: events that came."""
    newest = sa.select(col(Delivery.received_at)).order_by(col(Delivery.id).desc()).limit(1)
    at = session().execute(newest).scalar()
    if at is None:
        return [warning(_("Events"), _("None has ever come, so nobody knows whether Connexease reaches us."))]
    return [good(_("Events"), _("The last one came %(ago)s ago.", ago=format_timedelta(now() - at)))]


def mail_server() -> list[Finding]:
    """It greets us, and takes our log-in."""
    name = _("Mail server")
    if settings().mail_url is None:
        todo = _("Set MAIL_URL: nobody can reset a password without mail.")
        return [bad(name, _("There is none."), todo)]
    problem = outbox.greet()
    if problem:
        return [
            bad(name, _("It does not serve us (%(kind)s).", kind=problem), _("Check MAIL_URL and the server."))
        ]
    return [good(name, _("It greets us and takes our log-in."))]


def counting() -> list[Finding]:
    """Where requests are counted for the limits."""
    name = _("Rate limits")
    if settings().redis_url is None:
        return [good(name, _("They are counted in the database, for all processes together."))]
    if not limiter.storage.check():
        return [bad(name, _("Redis does not answer."), _("Check REDIS_URL and Redis: limits and queue need it."))]
    return [good(name, _("Redis answers."))]


CHECKS: list[tuple[str, Check]] = [
    (_l("Reseller API"), reseller_api),
    (_l("Reseller token"), reseller_token),
    (_l("Account API"), account_api),
    (_l("Gateway"), gateway),
    (_l("Public address"), public_url),
    (_l("Mail server"), mail_server),
    (_l("Rate limits"), counting),
]
