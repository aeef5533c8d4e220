"""Settings: what is read, what is refused, and that a refusal is one line without secrets."""

import logging
import re
from pathlib import Path

import pytest

from bot.config import Access, Settings, SettingsError, load_settings
from storage import Alerts, SlotPlan

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    line = str(caught.value)
    assert "\n" not in line
    assert caught.value.__cause__ is None
    return line


def test_defaults_need_neither_environment_nor_file(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "absent")
    assert settings.feeds == ("https://www.gazeta.ru/export/rss/first.xml",)
    assert settings.database == Path("newsboy.db")
    assert settings.access is Access.PRIVATE
    assert settings.admins == frozenset()
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.default_quiet == (23 * 60, 8 * 60)
    assert settings.default_hourly == 3
    assert settings.default_daily == 12
    assert settings.messages_per_second == 28
    assert [slot.minute for slot in settings.default_digest] == [480, 600, 1140]
    assert settings.poll_seconds == 300
    assert not settings.allow_private_networks


def test_file_is_read_in_every_form(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        f"""\ufeffBOT_TOKEN=" {TOKEN} "
FEEDS="https://example.org/rss.xml
  https://example.com/atom.xml https://example.org/rss.xml"
ADMINS=12, 34 56  # three of us
ACCESS=Public
TELEGRAM_API_URL=http://127.0.0.1:8081/
DEFAULT_ALERTS=Important
DEFAULT_QUIET=22:30 – 7:05
DEFAULT_HOURLY=off
DEFAULT_DAILY=
DEFAULT_DIGEST=8:00 fri-mon, wed 19:00 silent
ALLOW_PRIVATE_NETWORKS=on
LOG_LEVEL=debug
LANGUAGE=EN
TIME_ZONE=Asia/Tokyo
""",
    )
    assert settings.token == TOKEN
    assert settings.feeds == ("https://example.org/rss.xml", "https://example.com/atom.xml")
    assert settings.admins == {12, 34, 56}
    assert settings.access is Access.PUBLIC
    assert settings.telegram_api_url == "http://127.0.0.1:8081"
    assert settings.default_alerts is Alerts.IMPORTANT
    assert settings.default_quiet == (22 * 60 + 30, 7 * 60 + 5)
    assert settings.default_hourly is None
    assert settings.default_daily == 12
    assert settings.default_digest == (
        SlotPlan(480, 0b1110101, silent=False),
        SlotPlan(1140, 0b1111111, silent=True),
    )
    assert settings.allow_private_networks
    assert settings.log_level == "DEBUG"
    assert settings.language == "en"
    assert settings.time_zone == "Asia/Tokyo"


def test_environment_wins_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLL_SECONDS", "600")
    assert load(tmp_path, "POLL_SECONDS=900").poll_seconds == 600


def test_the_desktops_own_language_variable_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "de_DE:de")
    assert load(tmp_path, "").language == "ru"
    assert load(tmp_path, "LANGUAGE=en").language == "en"
    monkeypatch.setenv("LANGUAGE", "en")
    assert load(tmp_path, "LANGUAGE=ru").language == "en"


def test_feeds_may_be_an_opml_file_or_off(tmp_path: Path) -> None:
    opml = tmp_path / "my feeds.opml"
    opml.write_text("<opml/>")
    assert load(tmp_path, f"FEEDS='{opml}'").feeds == opml
    assert load(tmp_path, "FEEDS=off").feeds == ()


def test_every_example_would_do(tmp_path: Path) -> None:
    for name, field in Settings.model_fields.items():
        for example in field.examples or []:
            if name == "bot_token":
                continue  # cut short on purpose
            load(tmp_path, f'{name.upper()}="{example}"')


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("BOT_TOKEN=12:short", "does not look like a token"),
        ("FEEDS=no/such/file.opml", "neither web addresses nor the path"),
        ("FEEDS=ftp://example.org/x", "not a web address"),
        ("FEEDS=https://example.org/x,https://example.com/y", "white space belongs"),
        ('FEEDS="https://example.org/x, https://example.com/y"', "white space belongs"),
        ("FEEDS=https://me:x@example.org/rss", "name or password"),
        ("DATABASE=no/such/folder/x.db", "folder that does not exist"),
        ("DATABASE=/", "is a folder"),
        ("DATABASE=:memory:", "not the name of a file"),
        ("ADMINS=@someone", "'@someone' is not a numeric id"),
        ("ACCESS=open", "'private' or 'public'"),
        ("READERS_ADD_SOURCES=-1", "greater than or equal to 0"),
        ("TELEGRAM_PROXY=socks5://127.0.0.1:1080", "SOCKS"),
        ("FEED_PROXY=proxy:3128", "not a web address"),
        ("POLL_SECONDS=5m", "valid integer"),
        ("POLL_SECONDS=0", "greater than or equal to 1"),
        ("DEFAULT_ALERTS=maybe", "'important'"),
        ("DEFAULT_QUIET=23:00", "two times"),
        ("DEFAULT_QUIET=23:00-24:00", "'24:00' is not a time"),
        ("DEFAULT_QUIET=08:00-8:00", "the same time"),
        ("DEFAULT_HOURLY=none", "valid integer"),
        ("DEFAULT_DIGEST=,", "names no time"),
        ("DEFAULT_DIGEST=mon 08:00", "starts with 'mon'"),
        ("DEFAULT_DIGEST=08:00 sometimes", "'sometimes' is neither"),
        ("KEEP_DELIVERIES_DAYS=7", "greater than or equal to 8"),
        ("TIME_ZONE=Moscow", "IANA"),
        ("TIME_ZONE=../etc/passwd", "IANA"),
        ("TIME_ZONE=Europe", "IANA"),
        ("LANGUAGE=de", "en, ru"),
        ("ALLOW_PRIVATE_NETWORKS=perhaps", "valid boolean"),
        ("MESSAGES_PER_SECOND=0", "greater than 0"),
        ("MESSAGES_PER_SECOND=30.5", "more than Telegram's free 30; see PAID_BROADCASTS"),
        ("MESSAGES_PER_SECOND=1001\nPAID_BROADCASTS=on", "less than or equal to 1000"),
        ("PAID_BROADCASTS=stars\nMESSAGES_PER_SECOND=500", "valid boolean"),
        ("TELEGRAM_API_URL=localhost", "not a web address"),
        ("TELEGRAM_API_URL=http://host:port", "not a web address"),
        ("CONTACT=call me", "neither a web address nor"),
        ("LLM_URL=127.0.0.1:11434", "not a web address"),
        ("LLM_KEY=two words", "no API key"),
        ("LLM_DAILY=0", "greater than or equal to 1"),
        ("LOG_LEVEL=loud", "'DEBUG'"),
    ],
)
def test_wrong_value_is_one_line_with_setting_fault_example(
    tmp_path: Path, line: str, fault: str
) -> None:
    name = line.partition("=")[0]
    text = refusal(tmp_path, line)
    assert text.startswith(f"{name} ")
    assert fault in text
    assert f"Example: {name}=" in text


def test_no_secret_is_repeated(tmp_path: Path) -> None:
    secret = "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"
    assert secret not in refusal(tmp_path, f"BOT_TOKEN=bot{secret}")
    assert secret not in refusal(tmp_path, f"ADMINS=99:{secret}")
    assert "hunter2" not in refusal(tmp_path, "LLM_KEY=hunter2 and more")
    assert "hunter2" not in refusal(tmp_path, "LLM_URL=ftp://me:hunter2@model:1")
    assert "hunter2" not in refusal(tmp_path, "FEED_PROXY=ftp://me:hunter2@proxy:1")
    assert "hunter2" not in refusal(tmp_path, "FEEDS=ftp://me:hunter2@example.org/x")
    settings = load(tmp_path, f"BOT_TOKEN={TOKEN}\nFEED_PROXY=http://me:hunter2@proxy:1")
    assert TOKEN not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_missing_token_is_named_only_where_it_is_needed(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    with pytest.raises(SettingsError, match=r"^BOT_TOKEN is not set. Example: BOT_TOKEN="):
        _ = settings.token


def test_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"FEEDS=\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(file)


def test_user_agent_names_whom_to_write_to(tmp_path: Path) -> None:
    assert load(tmp_path, "").user_agent.startswith("newsboy/")
    agent = load(tmp_path, "CONTACT=https://example.org/our-bot").user_agent
    assert agent.endswith(" (+https://example.org/our-bot)")


def test_typo_in_file_is_a_warning_and_foreign_names_are_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        load(tmp_path, "BOT_TOKN=x\nadmins=7\nPOSTGRES_PASSWORD=y\n")
    assert caplog.messages == ["BOT_TOKN in .env is no setting; did you mean BOT_TOKEN?"]


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    with pytest.raises(ValueError, match="frozen"):
        settings.poll_seconds = 1


def test_a_model_is_asked_only_where_it_is_named(tmp_path: Path) -> None:
    def settings(text: str) -> Settings:
        file = tmp_path / ".env"
        file.write_text(text, encoding="utf-8")
        return load_settings(file)

    assert settings("LLM_MODEL=tiny").llm is None
    with pytest.raises(SettingsError, match=r"LLM_MODEL is not set.*Example: LLM_MODEL="):
        _ = settings("LLM_URL=http://127.0.0.1:11434/v1").llm
    found = settings("LLM_URL=http://127.0.0.1:11434/v1/\nLLM_MODEL=tiny\nLLM_KEY=hunter2")
    assert found.llm is not None
    assert (found.llm.url, found.llm.key) == ("http://127.0.0.1:11434/v1", "hunter2")
    assert "hunter2" not in f"{found!r} {found.llm!r}"


PAIR = "WEBHOOK_CERTIFICATE=a.pem\nWEBHOOK_KEY=b.pem\n"


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("WEBHOOK_URL=http://bot.example.org", "is not https, as Telegram wants it"),
        ("WEBHOOK_URL=https://bot.example.org:8080", "port 8080, and Telegram posts to 443, 80"),
        ("WEBHOOK_URL=https://bot.example.org/?a=b", "more than a host and a path"),
        ("WEBHOOK_URL=https://name:word@bot.example.org", "more than a host and a path"),
        (
            "WEBHOOK_URL=https://bot.example.org\nWEBHOOK_KEY=b.pem",
            "WEBHOOK_CERTIFICATE is not set, and its counterpart is",
        ),
        (
            "WEBHOOK_URL=https://bot.example.org\nWEBHOOK_CERTIFICATE=a.pem",
            "WEBHOOK_KEY is not set, and its counterpart is",
        ),
        (PAIR, "WEBHOOK_URL is not set, and a certificate for it is"),
        (
            f"{PAIR}WEBHOOK_URL=http://127.0.0.1\nTELEGRAM_API_URL=http://127.0.0.1:8081",
            "is not https, and there is a certificate",
        ),
    ],
)
def test_webhook_settings_that_do_not_fit(tmp_path: Path, lines: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(fault)) as raised:
        _ = load(tmp_path, lines).webhook
    assert "word" not in str(raised.value)


@pytest.mark.parametrize("port", ["", ":443", ":80", ":88", ":8443"])
def test_webhook_ports_of_telegram(tmp_path: Path, port: str) -> None:
    found = load(tmp_path, f"WEBHOOK_URL=https://bot.example.org{port}/news/\n{PAIR}").webhook
    assert found is not None
    assert found.url == f"https://bot.example.org{port}/news"
    assert found.files == (Path("a.pem"), Path("b.pem"))


def test_a_bot_api_server_of_ones_own_posts_anywhere(tmp_path: Path) -> None:
    server = "TELEGRAM_API_URL=http://telegram-bot-api:8081"
    found = load(tmp_path, f"WEBHOOK_URL=http://newsboy:9000\n{server}").webhook
    assert found is not None
    assert (found.url, found.listen, found.files) == (
        "http://newsboy:9000",
        ("127.0.0.1", 8080),
        None,
    )
    assert load(tmp_path, "").webhook is None
