"""Settings: the only reader of the environment.

Environment variables (first) and the file `.env` (second) → strings → one frozen `Settings`, built
once at start and passed down. Every field documents itself: its description and example are what
the error line, `.env.example` and the README's table say, and a test holds the three together.
A wrong value becomes a `SettingsError` whose text is one line: setting, fault, example; values that
may hold a secret (the token, a proxy's password) are never repeated in it.
"""

import difflib
import logging
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot import __version__
from bot.logs import TOKEN, redact
from storage import Alerts, SlotPlan

log = logging.getLogger(__name__)

LOCALES = Path(__file__).parent / "locales"
PASSWORD = re.compile(r"//[^/@\s]*@")
CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
TELEGRAM = "api.telegram.org"
WEBHOOK_PORTS = (443, 80, 88, 8443)
FREE_RATE = 30
"""Messages a second that Telegram sends for nothing (Bot API FAQ, "My bot is hitting limits")."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SettingsError(Exception):
    """A setting that will not do; the text is one line for the operator."""


class PushPictures(StrEnum):
    """How pushes show pictures."""

    PREVIEW = "preview"
    PHOTO = "photo"


class Access(StrEnum):
    """Who may use the bot."""

    PRIVATE = "private"  # admins and those whom they invite
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where Telegram posts (without a slash at the end), where that arrives, and the certificate
    with its key, where the bot has its own.
    """

    url: str
    listen: tuple[str, int]
    files: tuple[Path, Path] | None


@dataclass(frozen=True, slots=True)
class Llm:
    """An OpenAI-compatible endpoint: base address without a slash, requests it gets a day."""

    url: str
    model: str
    key: str | None = field(repr=False)
    daily: int


def _off_is_none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "off" else value


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value.strip())
        _ = parts.port  # a port that is no number raises here
    except ValueError:
        raise ValueError("is not a web address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address that starts with http:// or https://")
    return value.strip()


def _api_url(value: str) -> str:
    return _web_address(value).rstrip("/")


def _contact(value: str) -> str:
    contact = value.strip()
    if not re.fullmatch(r"https?://[!-~]+|[!-~]+@[!-~]+", contact):
        raise ValueError("is neither a web address nor an e-mail address")
    return contact


def _proxy(value: str) -> str:
    if value.strip().lower().startswith("socks"):
        raise ValueError("is a SOCKS proxy; only HTTP proxies are supported")
    return _web_address(value)


def _token(value: SecretStr) -> SecretStr:
    if not TOKEN.fullmatch(value.get_secret_value().strip()):
        raise ValueError("does not look like a token of @BotFather (digits, a colon, 35 signs)")
    return SecretStr(value.get_secret_value().strip())


def _key(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", value.get_secret_value().strip()):
        raise ValueError("has spaces or letters that no API key has")
    return SecretStr(value.get_secret_value().strip())


def _database(value: Path) -> Path:
    path = value.expanduser()
    if path.name.startswith(":"):
        raise ValueError("is not the name of a file")
    if path.is_dir():
        raise ValueError("is a folder, not a file")
    if not path.absolute().parent.is_dir():
        raise ValueError(f"is in a folder that does not exist: {path.absolute().parent}")
    return path


def _feeds(value: object) -> object:
    """Addresses separated by white space, the path of an OPML file, or `off`."""
    if not isinstance(value, str):
        return value
    words = value.split()
    if words == ["off"]:
        return ()
    if any("://" in word for word in words):
        if any(word.endswith((",", ";")) or word.count("://") > 1 for word in words):
            raise ValueError("has commas between addresses, where white space belongs")
        addresses = tuple(dict.fromkeys(_web_address(word) for word in words))
        if any(urlsplit(address).username is not None for address in addresses):
            raise ValueError("has a name or password in it; such feeds are not read")
        return addresses
    path = Path(value.strip()).expanduser()
    if not path.is_file():
        raise ValueError("is neither web addresses nor the path of an OPML file that exists")
    return path


def _listen(value: object) -> object:
    """HOST:PORT; an IPv6 address stands in brackets."""
    if not isinstance(value, str):
        return value
    host, _, port = value.strip().rpartition(":")
    if not host or not port.isdecimal() or not port.isascii() or int(port) > 65_535:
        raise ValueError("is not a host and a port")
    return host.strip("[]"), int(port)


def _ids(value: object) -> object:
    """Numeric Telegram ids separated by white space or commas."""
    if not isinstance(value, str):
        return value
    words = value.replace(",", " ").split()
    for word in words:
        if not re.fullmatch(r"[1-9]\d{0,15}", word, re.ASCII):
            raise ValueError(f"{word[:40]!r} is not a numeric id (@userinfobot tells yours)")
    return frozenset(int(word) for word in words)


def _minute(clock: str) -> int:
    match = CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError(f"{clock[:40]!r} is not a time of day")
    return int(match[1]) * 60 + int(match[2])


def _quiet(value: object) -> object:
    """`23:00-08:00` → minutes of the day, or `off` → None."""
    value = _off_is_none(value)
    if not isinstance(value, str):
        return value
    start, dash, end = value.replace(" ", "").replace("–", "-").partition("-")
    if not dash:
        raise ValueError("is not two times with a dash between them")
    quiet = (_minute(start), _minute(end))
    if quiet[0] == quiet[1]:
        raise ValueError("starts and ends at the same time")
    return quiet


def _weekday_mask(word: str) -> int | None:
    """The mask (bit 0 Monday) of `daily`, `mon` or `fri-sun`; None where it is something else."""
    if word == "daily":
        return 0b1111111
    first, _, last = word.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
        return None
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
    return sum(1 << day % 7 for day in range(start, start + (end - start) % 7 + 1))


def _digest(value: object) -> object:
    """`08:00 mon-fri 19:00 daily silent` → slots; a time without days is daily; `off` → none."""
    if not isinstance(value, str):
        return value
    words = value.lower().replace("–", "-").replace(",", " ").split()
    if words == ["off"]:
        return ()
    if not words:
        raise ValueError("names no time of day")
    slots: list[SlotPlan] = []
    for word in words:
        if CLOCK.fullmatch(word):
            slots.append(SlotPlan(minute=_minute(word), weekdays=0, silent=False))
            continue
        if not slots:
            raise ValueError(f"starts with {word[:40]!r}, not with a time of day")
        slot, days = slots[-1], _weekday_mask(word)
        if days is not None:
            slots[-1] = SlotPlan(slot.minute, slot.weekdays | days, slot.silent)
        elif word == "silent":
            slots[-1] = SlotPlan(slot.minute, slot.weekdays, silent=True)
        else:
            raise ValueError(f"{word[:40]!r} is neither a time, nor days (mon-fri), nor silent")
    return tuple(SlotPlan(slot.minute, slot.weekdays or 0b1111111, slot.silent) for slot in slots)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value.strip())
    except (KeyError, OSError, ValueError):  # unknown, a folder's name, a path out of the database
        raise ValueError("is not a zone of the IANA time zone database") from None
    return value.strip()


def _language(value: str) -> str:
    known = sorted(path.parent.name for path in LOCALES.glob("*/LC_MESSAGES"))
    if value not in known:
        raise ValueError(f"is none of the languages that newsboy speaks: {', '.join(known)}")
    return value


def _rate(value: float, others: ValidationInfo) -> float:
    # Where PAID_BROADCASTS itself is wrong, it is not among the others, and its own fault is told.
    if value > FREE_RATE and others.data.get("paid_broadcasts") is False:
        raise ValueError(f"is more than Telegram's free {FREE_RATE}; see PAID_BROADCASTS")
    return value


ApiUrl = Annotated[str, AfterValidator(_api_url)]
Proxy = Annotated[str, AfterValidator(_proxy)]
Limit = Annotated[int | None, BeforeValidator(_off_is_none)]


class Settings(BaseSettings):
    """All that an operator can set, checked. Build it with `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        env_file_encoding="utf-8-sig",  # editors on Windows leave a byte order mark
        hide_input_in_errors=True,
    )

    bot_token: Annotated[SecretStr, AfterValidator(_token)] | None = Field(
        None,
        description="The bot's token, from @BotFather. Only `newsboy run` needs it.",
        examples=["123456789:AAF…"],  # cut short: no output should look like a token
    )
    feeds: Annotated[tuple[str, ...] | Path, NoDecode, BeforeValidator(_feeds)] = Field(
        ("https://www.gazeta.ru/export/rss/first.xml",),
        description="Feeds that are added at start: addresses separated by white space, the path "
        "of an OPML file, or `off`. A feed removed by command stays removed.",
        examples=["https://example.org/rss.xml https://example.com/atom.xml"],
    )
    database: Annotated[Path, AfterValidator(_database)] = Field(
        Path("newsboy.db"),
        description="The SQLite file that holds everything; made where it does not exist.",
        examples=["newsboy.db"],
    )
    admins: Annotated[frozenset[int], NoDecode, BeforeValidator(_ids)] = Field(
        frozenset(),
        description="Numeric Telegram ids of the operators. With none, the first start prints a "
        "link that makes its opener the admin, once.",
        examples=["123456789 987654321"],
    )
    access: Annotated[Access, BeforeValidator(_lower)] = Field(
        Access.PRIVATE,
        description="Who may use the bot: `private` (admins and those they invite by link) or "
        "`public`.",
        examples=["public"],
    )
    readers_add_sources: int = Field(
        0,
        ge=0,
        le=1000,
        description="How many sources of one's own each reader may add, by sending an address; "
        "only that reader sees what they bring.",
        examples=["5"],
    )
    language: Annotated[str, BeforeValidator(_lower), AfterValidator(_language)] = Field(
        "ru",
        description="The interface's language (`ru`, `en`) where a reader's Telegram speaks "
        "neither.",
        examples=["en"],
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Europe/Moscow",
        description="The time zone of readers who have not set theirs.",
        examples=["Asia/Yekaterinburg"],
    )
    default_alerts: Annotated[Alerts, BeforeValidator(_lower)] = Field(
        Alerts.OFF,
        description="Which follows of a new reader come at once: `on` (all), `important`, `off`.",
        examples=["important"],
    )
    default_quiet: Annotated[tuple[int, int] | None, NoDecode, BeforeValidator(_quiet)] = Field(
        (23 * 60, 8 * 60),
        description="A new reader's quiet hours, or `off`.",
        examples=["23:00-08:00"],
    )
    default_hourly: Limit = Field(
        3,
        ge=1,
        le=1000,
        description="At most so many pushes an hour for a new reader, or `off`.",
        examples=["3"],
    )
    default_daily: Limit = Field(
        12,
        ge=1,
        le=10_000,
        description="At most so many pushes a day for a new reader, or `off`.",
        examples=["12"],
    )
    default_digest: Annotated[tuple[SlotPlan, ...], NoDecode, BeforeValidator(_digest)] = Field(
        (
            SlotPlan(minute=8 * 60, weekdays=0b0011111, silent=False),
            SlotPlan(minute=10 * 60, weekdays=0b1100000, silent=False),
            SlotPlan(minute=19 * 60, weekdays=0b1111111, silent=True),
        ),
        description="When a new reader's digests come, or `off`.",
        examples=["08:00 mon-fri 10:00 sat-sun 19:00 daily silent"],
    )
    poll_seconds: int = Field(
        300,
        ge=1,
        le=86_400,
        description="The shortest interval between two polls of one feed, in seconds; the feed's "
        "own hints only lengthen it.",
        examples=["300"],
    )
    paid_broadcasts: bool = Field(
        False,
        description="`on` lets MESSAGES_PER_SECOND go up to 1000. Telegram charges the bot's owner "
        "Stars for each message that is then sent to readers by itself; answers stay free.",
        examples=["on"],
    )
    messages_per_second: Annotated[float, AfterValidator(_rate)] = Field(
        28,
        gt=0,
        le=1000,
        description="How many messages go out in a second, to all chats. Telegram allows about 30.",
        examples=["28"],
    )
    push_pictures: Annotated[PushPictures, BeforeValidator(_lower)] = Field(
        PushPictures.PREVIEW,
        description="How a push shows its picture: `preview`, a link preview below the text, "
        "which Telegram fetches from the publisher, or `photo`, a photo above the text, which "
        "newsboy uploads once.",
        examples=["preview"],
    )
    after_crash: Annotated[Literal["resend", "skip"], BeforeValidator(_lower)] = Field(
        "resend",
        description="What happens to messages that were on their way when the process died: "
        "`resend` (none is lost, a few may come twice) or `skip` (none comes twice, a few may be "
        "lost).",
        examples=["skip"],
    )
    keep_deliveries_days: int = Field(
        14,
        ge=8,  # a weekly digest must know what was told since the last one
        le=3650,
        description="How long the ledger remembers what was sent to whom, in days.",
        examples=["14"],
    )
    keep_articles_days: Limit = Field(
        None,
        ge=7,
        le=36_500,
        description="How long articles' texts are kept, in days, or `off`: for ever. What was seen "
        "is remembered for ever.",
        examples=["365"],
    )
    keep_database_mb: Limit = Field(
        None,
        ge=50,
        le=1_000_000,
        description="How large the database may grow, in MB, or `off`: each night the oldest "
        "articles' texts make room. Saved ones and those of the last three days stay.",
        examples=["2000"],
    )
    telegram_api_url: ApiUrl = Field(
        "https://api.telegram.org",
        description="The Bot API server, for those who run their own.",
        examples=["http://127.0.0.1:8081"],
    )
    webhook_url: Annotated[str, AfterValidator(_api_url)] | None = Field(
        None,
        description="The bot's public address (https; behind a reverse proxy, or with a "
        "certificate of the bot's own). With it Telegram posts updates instead of being polled, "
        "and hubs announce news (WebSub).",
        examples=["https://bot.example.org"],
    )
    webhook_listen: Annotated[tuple[str, int], NoDecode, BeforeValidator(_listen)] = Field(
        ("127.0.0.1", 8080),
        description="Where newsboy listens for what comes to WEBHOOK_URL: from the reverse proxy, "
        "or with a certificate of its own from everywhere, for example 0.0.0.0:8443.",
        examples=["127.0.0.1:8080"],
    )
    webhook_certificate: Annotated[Path, AfterValidator(Path.expanduser)] | None = Field(
        None,
        description="The bot's own certificate for the host in WEBHOOK_URL, a PEM file with the "
        "chain, where no reverse proxy has one; one that signed itself is shown to Telegram. "
        "Renewed files are taken up within a minute.",
        examples=["/etc/newsboy/fullchain.pem"],
    )
    webhook_key: Annotated[Path, AfterValidator(Path.expanduser)] | None = Field(
        None,
        description="The private key of WEBHOOK_CERTIFICATE, a PEM file without a password.",
        examples=["/etc/newsboy/privkey.pem"],
    )
    telegram_proxy: Proxy | None = Field(
        None,
        repr=False,
        description="An HTTP proxy for Telegram (SOCKS is not supported).",
        examples=["http://user:password@proxy.example.org:3128"],
    )
    feed_proxy: Proxy | None = Field(
        None,
        repr=False,
        description="An HTTP proxy for feeds and pages (SOCKS is not supported).",
        examples=["http://proxy.example.org:3128"],
    )
    contact: Annotated[str, AfterValidator(_contact)] | None = Field(
        None,
        description="A web or e-mail address for publishers who want to complain; it goes into "
        "the user agent.",
        examples=["https://example.org/our-bot"],
    )
    llm_url: Annotated[str, AfterValidator(_api_url)] | None = Field(
        None,
        repr=False,
        description="The base address of an OpenAI-compatible endpoint. With it summaries that "
        "no publisher wrote are improved by a model, and checked; the endpoint may be local.",
        examples=["http://127.0.0.1:11434/v1"],
    )
    llm_model: str | None = Field(
        None,
        description="The model's name, as that endpoint knows it; LLM_URL needs it.",
        examples=["qwen3:8b"],
    )
    llm_key: Annotated[SecretStr, AfterValidator(_key)] | None = Field(
        None,
        description="The endpoint's API key, where it wants one.",
        examples=["sk-0123456789"],
    )
    llm_daily: int = Field(
        500,
        ge=1,
        le=1_000_000,
        description="How many requests a day the endpoint gets at most.",
        examples=["500"],
    )
    allow_private_networks: bool = Field(
        False,
        description="`on` lets feeds and pages be on loopback and in private networks. Readers' "
        "own sources reach only those private hosts whose feeds everybody had at the start.",
        examples=["on"],
    )
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        Field(
            "INFO",
            description="How much is logged to stderr: `DEBUG`, `INFO`, `WARNING` or `ERROR`.",
            examples=["INFO"],
        )
    )

    @property
    def token(self) -> str:
        """The token in clear, for the one place that speaks to Telegram.

        Raises `SettingsError` where none is set.
        """
        if self.bot_token is None:
            raise SettingsError(_line("bot_token", "is not set"))
        return self.bot_token.get_secret_value()

    @property
    def webhook(self) -> Webhook | None:
        """How Telegram's posts arrive, or None: the bot polls.

        Raises `SettingsError` where the settings do not fit together. Ports: Bot API, setWebhook,
        notes; a Bot API server of one's own takes any, and http.
        """
        certificate, key = self.webhook_certificate, self.webhook_key
        if self.webhook_url is None:
            if certificate or key:
                raise SettingsError(_line("webhook_url", "is not set, and a certificate for it is"))
            return None
        parts = urlsplit(self.webhook_url)
        if parts.query or parts.fragment or parts.username is not None:
            raise SettingsError(_line("webhook_url", "is more than a host and a path"))
        if urlsplit(self.telegram_api_url).hostname == TELEGRAM:
            if parts.scheme != "https":
                raise SettingsError(_line("webhook_url", "is not https, as Telegram wants it"))
            if (parts.port or 443) not in WEBHOOK_PORTS:
                ports = ", ".join(map(str, WEBHOOK_PORTS))
                fault = f"has port {parts.port}, and Telegram posts to {ports} only"
                raise SettingsError(_line("webhook_url", fault))
        if certificate is None and key is None:
            return Webhook(self.webhook_url, self.webhook_listen, None)
        if certificate is None or key is None:
            missing = "webhook_certificate" if certificate is None else "webhook_key"
            raise SettingsError(_line(missing, "is not set, and its counterpart is"))
        if parts.scheme != "https":
            raise SettingsError(_line("webhook_url", "is not https, and there is a certificate"))
        return Webhook(self.webhook_url, self.webhook_listen, (certificate, key))

    @property
    def llm(self) -> "Llm | None":
        """The endpoint that improves summaries, key in clear, or None where there is none.

        Raises `SettingsError` where it is named without a model.
        """
        if self.llm_url is None:
            return None
        if self.llm_model is None:
            raise SettingsError(_line("llm_model", "is not set, and LLM_URL is"))
        key = self.llm_key.get_secret_value() if self.llm_key else None
        return Llm(self.llm_url, self.llm_model, key, self.llm_daily)

    @property
    def user_agent(self) -> str:
        """How newsboy introduces itself to publishers (RFC 9110, 10.1.5)."""
        product = f"newsboy/{__version__}"
        return f"{product} (+{self.contact})" if self.contact else product

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then `.env`."""
        return (init_settings, _Environment(settings_cls), dotenv_settings)


class _Environment(EnvSettingsSource):
    """The environment, without the desktop's own LANGUAGE.

    GNU gettext reads a variable of the same name («en_US:en»), and many systems set it for every
    process: taken for ours, it would overrule `.env` or stop the start.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        if field_name == "language" and isinstance(value, str) and re.search("[:_]", value):
            return None, key, is_complex
        return value, key, is_complex


_SECRET = frozenset({"bot_token", "telegram_proxy", "feed_proxy", "llm_url", "llm_key"})


def _line(name: str, fault: str) -> str:
    example = (Settings.model_fields[name].examples or [""])[0]
    return f"{name.upper()} {fault}. Example: {name.upper()}={example}"


def _fault(error: ValidationError) -> str:
    """The first error as one line; pydantic's own messages keep their wording, lower-cased."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    fault = first["msg"].removeprefix("Value error, ")
    if first["type"] != "value_error":
        fault = "is wrong: " + fault[:1].lower() + fault[1:]
    value = first["input"]
    # The token, keys and the proxies' passwords are never repeated.
    if isinstance(value, str) and name not in _SECRET:
        fault += f" (it is {PASSWORD.sub('//…@', value)[:60]!r})"
    return _line(name, redact(fault))


def _warn_of_typos(names: set[str]) -> None:
    ours = [name.upper() for name in Settings.model_fields]
    for name in sorted(names - set(ours)):
        near = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=0.8)
        if near and name.upper() not in ours:  # pydantic reads names in any case
            log.warning("%s in .env is no setting; did you mean %s?", name[:60], near[0])


def load_settings(env_file: str | Path | None = ".env") -> Settings:
    """Read the environment and `env_file` (which need not exist); the environment wins.

    Names in the file that look like a setting mistyped are logged as warnings. Raises
    `SettingsError` with one line at the first wrong value.
    """
    try:
        in_file = dotenv_values(env_file, encoding="utf-8-sig") if env_file else {}
        settings = Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' own
    except ValidationError as error:
        raise SettingsError(_fault(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{env_file} cannot be read: {redact(str(error))}") from None
    _warn_of_typos(set(in_file))
    return settings
