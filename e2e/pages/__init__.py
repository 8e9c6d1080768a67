"""Page objects. An action returns the page that it leads to; a page asserts its title when it is made."""

from e2e.pages.account import OverviewPage, SetupPage
from e2e.pages.accounts import AccountPage, AccountsPage, InvitedPage, NewAccountForm, WelcomePage
from e2e.pages.auth import (
    CodePage,
    ConfirmEmailPage,
    EmailPage,
    EnrolPage,
    ForgotPage,
    LinkSpentPage,
    LogInPage,
    PasswordPage,
    ProfilePage,
    RecoveryCodesPage,
    ResetPage,
    ResetSentPage,
)
from e2e.pages.channels import AttemptPage, ChannelsPage
from e2e.pages.dialog import Dialog
from e2e.pages.signup import CheckMailPage, ConfirmPage, DetailsPage, FrontPage, SignUpPage
from e2e.pages.staff import AuditPage, BoardPage, DashboardPage, SetUpPage
from e2e.pages.tokens import (
    GatewayKeyForm,
    HandedOverPage,
    LinkOverPage,
    LinkPage,
    NewKeyPage,
    RevealedPage,
    TokenForm,
    TokenPage,
    TokensPage,
)

__all__ = [
    "AccountPage",
    "AccountsPage",
    "AttemptPage",
    "AuditPage",
    "BoardPage",
    "ChannelsPage",
    "CheckMailPage",
    "CodePage",
    "ConfirmEmailPage",
    "ConfirmPage",
    "DashboardPage",
    "DetailsPage",
    "Dialog",
    "EmailPage",
    "EnrolPage",
    "ForgotPage",
    "FrontPage",
    "GatewayKeyForm",
    "HandedOverPage",
    "InvitedPage",
    "LinkOverPage",
    "LinkPage",
    "LinkSpentPage",
    "LogInPage",
    "NewAccountForm",
    "NewKeyPage",
    "OverviewPage",
    "PasswordPage",
    "ProfilePage",
    "RecoveryCodesPage",
    "ResetPage",
    "ResetSentPage",
    "RevealedPage",
    "SetUpPage",
    "SetupPage",
    "SignUpPage",
    "TokenForm",
    "TokenPage",
    "TokensPage",
    "WelcomePage",
]
