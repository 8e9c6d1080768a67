"""The front page, the list of a person's accounts, and an account's history."""

from flask import url_for
from flask.typing import ResponseReturnValue

from portal.audit import log
from portal.customers.accounts.blueprint import blueprint
from portal.identity import memberships
from portal.models import Account
from portal.web import access, htmx, listing


@blueprint.get("/")
@access.public
def front() -> ResponseReturnValue:
    """What this is, for somebody who is not logged in."""
    if access.current_person() is not None:
        return htmx.redirect(url_for("accounts.home"))
    return htmx.page("customers/accounts/front.html")


@blueprint.get("/accounts/")
@access.signed_in
def home() -> ResponseReturnValue:
    """The person's accounts; with a single one, that one."""
    person = access.person_or_401()
    accounts = memberships.accounts_of(person)
    if person.is_staff and not accounts:
        return htmx.redirect(url_for("staff.dashboard"))
    if len(accounts) == 1:
        return htmx.redirect(url_for("accounts.overview", account_id=accounts[0].id))
    return htmx.page("customers/accounts/list.html", accounts=accounts)


@blueprint.get("/accounts/<uuid:account_id>/history/")
@access.account_page(staff=True)
def history(account: Account) -> ResponseReturnValue:
    """Everything that was done to the account, by day."""
    page = log.page(log.Filter(accounts=(account.id,)), listing.number("before"), listing.number("after"))
    return htmx.page("customers/accounts/history.html", account=account, page=page)
