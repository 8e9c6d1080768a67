"""Typed settings, read from the environment: the one place that names a variable."""

import base64
import binascii
import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

HTMX_CDN_URL = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist/htmx.min.js"
HTMX_CDN_INTEGRITY = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"

POSTGRESQL = ("postgres", "postgresql", "postgresql+psycopg")
SQLITE = ("sqlite", "sqlite+pysqlite")
"""What a database's address begins with. Other drivers are not installed."""

MIN_SECRET_LENGTH = 32
VAULT_KEY_BYTES = 32


class SettingsError(Exception):
    """The portal cannot start with these settings; each line names a variable and says what to do."""


def _without_trailing_slash(url: str) -> str:
    return url.rstrip("/")


Url = Annotated[str, AfterValidator(_without_trailing_slash)]


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address means this machine."""
    if host in (None, ""):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class Settings(BaseSettings):
    """Everything an operator can set. In production an unsafe value stops the start.

    The sentence below a field is its description, for operators: `docs/settings.md` and `.env.example` are made of
    them (`portal settings`). `examples` is what `.env.example` shows for a setting that has to be filled in.
    """

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        hide_input_in_errors=True,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    portal_env: Literal["production", "development", "testing"] = Field("production", examples=["production"])
    """`production` refuses unsafe values. `development` also allows http on this machine's loopback."""

    secret_key: SecretStr = Field(SecretStr(""), examples=[""])
    """Signs cookies. At least 32 random characters: `openssl rand -base64 48`."""
    vault_keys: Annotated[list[SecretStr], NoDecode] = Field([], examples=[""])
    """The keys that encrypt stored secrets, each base64 of 32 bytes (`openssl rand -base64 32`). Separate several
    keys with commas, newest first. The first one encrypts, and the others only decrypt."""
    public_url: Url = Field("http://127.0.0.1:8000", examples=["https://portal.example.com"])
    """Where customers and Connexease reach the portal. Must be https in production."""
    connexease_reseller_token: SecretStr = Field(SecretStr(""), examples=[""])
    """The reseller token from Connexease's support team. It has full power over every account."""
    mail_url: SecretStr | None = Field(None, examples=["smtp://user:password@mail.example.com:587"])
    """The mail server: `smtp://` (uses STARTTLS if the server offers it) or `smtps://`. Required in production if
    `SIGNUP_POLICY` is `verified` or `approval`."""
    mail_from: str = Field(
        "Reseller portal <portal@localhost>", examples=["Example Messaging <portal@example.com>"]
    )
    """The sender of all email."""
    trusted_proxies: int = Field(0, ge=0, le=5, examples=[1])
    """How many proxies in front of the portal set the `X-Forwarded-` headers. If the number is too high, visitors
    can fake their network address."""

    reseller_name: str = Field("Reseller portal", examples=["Example Messaging"])
    """Your company's name, as customers see it on pages and in emails."""
    support_email: str = Field("", examples=["support@example.com"])
    """The email address where customers can reach you."""
    support_url: Url = Field("", examples=["https://help.example.com"])
    """Your help pages. An admin of your staff can also set the name, these addresses and the look below on
    the page "Brand"; what is set there counts."""
    terms_url: Url = ""
    """Your terms of service."""
    privacy_url: Url = ""
    """Your privacy notice."""
    status_url: Url = ""
    """The page where you tell of disruptions."""
    imprint: str = ""
    """Who you are, in one line, for the foot of pages and emails: company, address, registration."""
    brand_accent: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$", examples=["#0b6e4f"])
    """Your colour, as `#rrggbb`. Where it could not be read, the nearest shade that can is shown."""
    brand_logo: str = ""
    """Your logo: the path of a PNG or SVG file of at most 256 KB."""
    white_label: bool = False
    """Whether customers read your own word instead of "Connexease". Your staff always read "Connexease"."""
    white_label_name: str = Field("", examples=["our messaging platform"])
    """That word, as it stands within a sentence, in every language. Without it: "our messaging platform",
    translated."""
    signup_policy: Literal["open", "verified", "approval", "closed"] = "verified"
    """When customers get an account. `open`: at once. `verified`: after they open the emailed link. `approval`:
    after your staff approve it, too. `closed`: only your staff create accounts."""

    database_url: str = Field("sqlite:///var/portal.db", repr=False)
    """A SQLite file, relative to the folder where the portal starts, or `postgresql://user:password@host/name`."""
    redis_url: SecretStr | None = None
    """Redis for the queue and the rate limits, for example `redis://localhost:6379/0`. Without it, both are kept
    in the database (with SQLite, in files next to it)."""
    worker_threads: int = Field(4, ge=1, le=64)
    """How many tasks one `portal worker` runs at a time."""

    session_idle_hours: int = Field(24, ge=1, le=24 * 90)
    """A login session ends after this many hours without a visit."""
    session_max_days: int = Field(30, ge=1, le=365)
    """A login session ends after this many days in any case."""
    staff_session_hours: int = Field(12, ge=1, le=24 * 30)
    """A staff login session ends after this many hours in any case. The default is one working day."""
    throttle_factor: int = Field(1, ge=1)
    """Multiplies every rate limit. Raise it if many customers share one network address."""
    metrics_token: SecretStr | None = None
    """The token that your monitoring system sends to read `/metrics`. At least 32 random characters. Without it,
    there are no metrics."""

    event_retention_days: int = Field(90, ge=1, le=3650)
    """Events are deleted after this many days. The gateway's events name recipients, so they are never kept longer
    than `MESSAGE_RETENTION_DAYS`."""
    message_retention_days: int = Field(90, ge=1, le=3650)
    """The content and phone numbers of messages are erased after this many days. The log still shows that they
    were sent."""
    mirror_interval_minutes: int = Field(30, ge=0, le=10080)
    """How often, in minutes, all accounts are copied from Connexease. `0`: only when your staff refresh them."""
    mirror_concurrency: int = Field(4, ge=1, le=16)
    """How many accounts are copied at the same time."""

    connexease_api_url: Url = "https://api.reseller.connexease.com"
    """Connexease's Reseller API."""
    connexease_account_api_url: Url = "https://api.connexease.com"
    """Connexease's account API, which lists templates."""
    connexease_gateway_url: Url = "https://proxy.gateway.connexease.com"
    """Connexease's gateway, which sends messages."""
    connexease_dialog_origins: Annotated[list[str], NoDecode] = ["https://app.connexease.com"]
    """The origins where the dialog that connects a number may be, separated by commas. The portal opens no
    other."""
    connexease_timeout: float = Field(10.0, gt=0, le=120)
    """How many seconds to wait for an answer from Connexease."""
    connexease_recipient_plus: bool = True
    """Whether to send phone numbers to the gateway with `+`, as in its guide, or as digits only."""

    htmx_url: str = HTMX_CDN_URL
    """The address of the htmx script. To do without the CDN, enter your own copy, for example
    `/static/htmx.min.js`."""
    htmx_integrity: str = ""
    """The hash that browsers check the htmx script against. The portal knows it for the CDN's file. Your own copy
    isn't checked unless you set it."""

    @field_validator("vault_keys", "connexease_dialog_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip().rstrip("/") for part in value.split(",") if part.strip()]
        return value

    @model_validator(mode="after")
    def _know_the_cdns_file(self) -> Self:
        if self.htmx_url == HTMX_CDN_URL and not self.htmx_integrity:
            self.htmx_integrity = HTMX_CDN_INTEGRITY
        return self

    @model_validator(mode="after")
    def _refuse_unsafe(self) -> Self:
        problems = [*self._secret_problems(), *self._url_problems(), *self._store_problems()]
        if self.is_production:
            problems += self._production_problems()
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def is_production(self) -> bool:
        return self.portal_env == "production"

    @property
    def database_sqlalchemy_url(self) -> str:
        """`DATABASE_URL` with the driver that is installed here; a file lies where the portal was started.

        Left relative, it would be looked for below Flask's own `instance` folder, which nobody makes.
        """
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        url = make_url(self.database_url)
        if url.get_backend_name() == "sqlite" and url.database:
            return url.set(database=str(Path(url.database).absolute())).render_as_string(hide_password=False)
        return self.database_url

    @property
    def vault_key_bytes(self) -> list[bytes]:
        """The vault's keys, newest first."""
        return [base64.b64decode(key.get_secret_value()) for key in self.vault_keys]

    @property
    def public_host_is_loopback(self) -> bool:
        return is_loopback(urlsplit(self.public_url).hostname)

    def _secret_problems(self) -> list[str]:
        problems = []
        if len(self.secret_key.get_secret_value()) < MIN_SECRET_LENGTH:
            problems.append(f"SECRET_KEY must be set to at least {MIN_SECRET_LENGTH} random characters.")
        elif len(set(self.secret_key.get_secret_value())) < MIN_SECRET_LENGTH // 4:
            problems.append("SECRET_KEY isn't random. Create one with `openssl rand -base64 48`.")
        if not self.vault_keys:
            problems.append("VAULT_KEYS must have at least one key. Create one with `openssl rand -base64 32`.")
        if any(not _is_vault_key(key.get_secret_value()) for key in self.vault_keys):
            problems.append(f"VAULT_KEYS: every key must be base64 of exactly {VAULT_KEY_BYTES} bytes.")
        if not self.connexease_reseller_token.get_secret_value():
            problems.append("CONNEXEASE_RESELLER_TOKEN must be set. Get it from Connexease's support team.")
        return problems

    def _url_problems(self) -> list[str]:
        urls = {
            "PUBLIC_URL": self.public_url,
            "CONNEXEASE_API_URL": self.connexease_api_url,
            "CONNEXEASE_ACCOUNT_API_URL": self.connexease_account_api_url,
            "CONNEXEASE_GATEWAY_URL": self.connexease_gateway_url,
        }
        named = [*urls.items(), *(("CONNEXEASE_DIALOG_ORIGINS", o) for o in self.connexease_dialog_origins)]
        return [problem for name, url in named if (problem := self._url_problem(name, url))]

    def _url_problem(self, name: str, url: str) -> str | None:
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            return f"{name} must be a full https:// URL."
        if name == "CONNEXEASE_DIALOG_ORIGINS" and (parts.path or parts.query or "@" in parts.netloc):
            return f"{name} must have only origins without a path, for example https://app.connexease.com."
        if parts.query or parts.fragment or "@" in parts.netloc:
            return f"{name} must be a URL without a user name, a query or a fragment."
        if parts.scheme == "https":
            return None
        if self.is_production:
            return f"{name} must start with https:// in production."
        return None if is_loopback(parts.hostname) else f"{name} can use http only on this machine's loopback."

    def _store_problems(self) -> list[str]:
        problems = []
        if not _is_database(self.database_url):
            problems.append("DATABASE_URL must be sqlite:///a/file.db or postgresql://user:password@host/name.")
        if self.redis_url is not None and not _has_scheme(self.redis_url, "redis", "rediss", "unix"):
            problems.append("REDIS_URL must start with redis://, rediss:// or unix://.")
        if self.mail_url is not None and not _has_scheme(self.mail_url, "smtp", "smtps"):
            problems.append("MAIL_URL must be smtp://host:port or smtps://user:password@host:port.")
        if self.metrics_token is not None and len(self.metrics_token.get_secret_value()) < MIN_SECRET_LENGTH:
            problems.append(f"METRICS_TOKEN must have at least {MIN_SECRET_LENGTH} random characters.")
        return problems

    def _production_problems(self) -> list[str]:
        if self.mail_url is None and self.signup_policy in ("verified", "approval"):
            return [
                "MAIL_URL must be set, because SIGNUP_POLICY needs email. For example: smtp://user:password@host:587."
            ]
        return []


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # its text would quote the address
        return None


def _has_scheme(url: SecretStr, *schemes: str) -> bool:
    parts = _split(url.get_secret_value())
    return parts is not None and parts.scheme in schemes and bool(parts.netloc or parts.path)


def _is_database(url: str) -> bool:
    try:
        made = make_url(url)
    except ArgumentError:
        return False
    # An in-memory SQLite is gone with its process, and each of ours would have its own.
    return made.drivername in POSTGRESQL or (
        made.drivername in SQLITE and made.database not in (None, "", ":memory:")
    )


def _is_vault_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == VAULT_KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a value is missing or unsafe. The text names each variable and shows no value.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentences(error))) from None


def _sentences(error: ValidationError) -> list[str]:
    lines = []
    for item in error.errors(include_input=False, include_context=False, include_url=False):
        variable = ".".join(str(part) for part in item["loc"]).upper()
        message = item["msg"].removeprefix("Value error, ")
        lines.append(f"{variable}: {message}" if variable else message)
    return lines
