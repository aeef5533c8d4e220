"""Typed forms in Russian and English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import follow_forms, forms, notices
from bot.messages.follow_forms import FollowIntent, UnfollowAll
from bot.messages.forms import Fault, SettingIntent, Wrong
from bot.messages.texts import DAILY, WEEKDAYS, WEEKEND, Texts
from storage import Alerts, FollowKind, Layout, Level, Reading, SlotPlan, Source
from tests.messages.samples import EN, LANGUAGES, RU

_SOURCES = (
    Source(1, "gazeta.ru", "Газета.Ru", "ru", Reading.FULL),
    Source(2, "example.org", "The Example", "en", Reading.FULL),
)


def settings(text: str) -> SettingIntent | Wrong:
    return forms.parse_settings(text, LANGUAGES, ("ru", "en"))


def plans(*given_plans: tuple[int, int, bool]) -> forms.SetDigest:
    return forms.SetDigest(tuple(SlotPlan(m, d, silent=s) for m, d, s in given_plans))


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("alerts on", forms.SetAlerts(Alerts.ON)),
        ("Уведомления Важные", forms.SetAlerts(Alerts.IMPORTANT)),
        ("уведомления выкл", forms.SetAlerts(Alerts.OFF)),
        ("дайджест 7:30 пн ср пт 21 вс", plans((450, 0b0010101, False), (1260, 1 << 6, False))),
        (
            "digest 08:00 mon-fri 10:00 sat-sun 19:00 daily",
            plans((480, WEEKDAYS, False), (600, WEEKEND, False), (1140, DAILY, False)),
        ),
        ("дайджест 8 пн-пт, 10.30 сб,вс", plans((480, WEEKDAYS, False), (630, WEEKEND, False))),
        (
            "дайджест в 9:00 по будням и 19 ежедневно тихо",
            plans((540, WEEKDAYS, False), (1140, DAILY, True)),
        ),
        ("digest 8:00,19:00", plans((480, DAILY, False), (1140, DAILY, False))),
        ("digest 8:00 fri-mon", plans((480, 0b1110001, False))),
        ("digest off", forms.SetDigest(())),
        ("дайджест нет", forms.SetDigest(())),
        ("quiet 23:00-08:00", forms.SetQuiet((1380, 480))),
        ("тихо с 22 до 7", forms.SetQuiet((1320, 420))),
        ("quiet 23.00 – 8.30", forms.SetQuiet((1380, 510))),
        ("quiet off", forms.SetQuiet(None)),
        ("hourly 3", forms.SetHourly(3)),
        ("в час 5", forms.SetHourly(5)),
        ("hourly off", forms.SetHourly(None)),
        ("zone Asia/Tokyo", forms.SetZone("Asia/Tokyo")),
        ("зона токио", forms.SetZone("Asia/Tokyo")),
        ("zone new york", forms.SetZone("America/New_York")),
        ("zone +3", forms.SetZone("Etc/GMT-3")),
        ("zone utc", forms.SetZone("UTC")),
        ("language en", forms.SetLanguage("en")),
        ("язык английский", forms.SetLanguage("en")),
        ("language русский", forms.SetLanguage("ru")),
        ("news both", forms.SetNews("all")),
        ("новости русский", forms.SetNews("ru")),
        ("layout rich", forms.SetLayout(Layout.RICH)),
        ("вид обычный", forms.SetLayout(Layout.CLASSIC)),
        ("headlines 7", forms.SetHeadlines(7)),
        ("silent on", forms.SetSilent(True)),
        ("без звука нет", forms.SetSilent(False)),
        ("pictures off", forms.SetPictures(False)),
        ("картинки вкл", forms.SetPictures(True)),
    ],
)
def test_settings(text: str, intent: SettingIntent) -> None:
    assert settings(text) == intent
    for texts in (RU, EN):
        assert "{" not in notices.done(intent, texts)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", Fault.SETTING),
        ("colour blue", Fault.SETTING),
        ("alerts maybe", Fault.VALUE),
        ("alerts", Fault.VALUE),
        ("digest", Fault.TIMES),
        ("digest mon-fri", Fault.TIMES),
        ("digest 25:00", Fault.TIMES),
        ("digest 8:00 someday", Fault.TIMES),
        ("digest 1 2 3 4 5 6 7", Fault.TOO_MANY_TIMES),
        ("quiet 8", Fault.VALUE),
        ("quiet 8-8", Fault.VALUE),
        ("quiet a-b", Fault.VALUE),
        ("hourly 0.5", Fault.VALUE),
        ("hourly 99", Fault.VALUE),
        ("zone Atlantis", Fault.ZONE),
        ("zone", Fault.ZONE),
        ("zone +77", Fault.ZONE),
        ("language klingon", Fault.VALUE),
        ("news de", Fault.VALUE),
        ("layout cubist", Fault.VALUE),
        ("headlines 0", Fault.VALUE),
        ("headlines ٣", Fault.VALUE),
        pytest.param("headlines " + "9" * 5000, Fault.VALUE, id="thousands of digits"),
        pytest.param("hourly " + "9" * 5000, Fault.VALUE, id="thousands of digits an hour"),
        ("silent perhaps", Fault.VALUE),
    ],
)
def test_wrong_settings(text: str, fault: Fault) -> None:
    error = settings(text)
    assert isinstance(error, Wrong)
    assert error.fault is fault


@given(st.text(max_size=60))
def test_nothing_typed_breaks_the_parsers(text: str) -> None:
    for start in ("", "digest ", "quiet ", "zone ", "hourly ", "headlines "):
        intent = settings(start + text)
        if isinstance(intent, Wrong):
            notices.wrong(intent, RU)
        else:
            notices.done(intent, RU)
    for parse in (follow_forms.parse_subscribe, follow_forms.parse_unsubscribe):
        follow = parse(text, LANGUAGES, _SOURCES)
        if isinstance(follow, Wrong):
            notices.wrong(follow, EN)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("all", FollowIntent(FollowKind.EVERYTHING, "", "", None)),
        ("всё сразу", FollowIntent(FollowKind.EVERYTHING, "", "", Level.NOW)),
        ("topic politics now", FollowIntent(FollowKind.TOPIC, "politics", "politics", Level.NOW)),
        ("тема Политика", FollowIntent(FollowKind.TOPIC, "politics", "Политика", None)),
        ("спорт в дайджесте", FollowIntent(FollowKind.TOPIC, "sport", "спорт", Level.DIGEST)),
        (
            "source gazeta.ru digest",
            FollowIntent(FollowKind.SOURCE, "gazeta.ru", "Газета.Ru", Level.DIGEST),
        ),
        (
            "https://www.gazeta.ru/x",
            FollowIntent(FollowKind.SOURCE, "gazeta.ru", "Газета.Ru", None),
        ),
        ("the example", FollowIntent(FollowKind.SOURCE, "example.org", "The Example", None)),
        (
            "words Землетрясение на Камчатке",
            FollowIntent(FollowKind.WORDS, "", "Землетрясение на Камчатке", None),
        ),
        ("криптовалюта со звуком", FollowIntent(FollowKind.WORDS, "", "криптовалюта", Level.SOUND)),
        ("now", FollowIntent(FollowKind.WORDS, "", "now", None)),
        ("слово спорт", FollowIntent(FollowKind.WORDS, "", "спорт", None)),
    ],
)
def test_subscribe(text: str, intent: FollowIntent) -> None:
    assert follow_forms.parse_subscribe(text, LANGUAGES, _SOURCES) == intent


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("topic horoscopes", Fault.TOPIC),
        ("source lenta.ru", Fault.SOURCE),
        ("https://unknown.example/feed", Fault.ADDRESS),
        ("words " + "длинно " * 40, Fault.WORDS),
        ("!!!", Fault.WORDS),
    ],
)
def test_wrong_subscribe(text: str, fault: Fault) -> None:
    error = follow_forms.parse_subscribe(text, LANGUAGES, _SOURCES)
    assert isinstance(error, Wrong)
    assert error.fault is fault


def test_unsubscribe() -> None:
    assert follow_forms.parse_unsubscribe("all", LANGUAGES, _SOURCES) == UnfollowAll()
    assert follow_forms.parse_unsubscribe("Всё", LANGUAGES, _SOURCES) == UnfollowAll()
    assert follow_forms.parse_unsubscribe("спорт", LANGUAGES, _SOURCES) == FollowIntent(
        FollowKind.TOPIC, "sport", "спорт", Level.OFF
    )


@pytest.mark.parametrize("texts", [RU, EN])
def test_the_examples_that_readers_are_shown_can_be_typed(texts: Texts) -> None:
    _ = texts.gettext
    digest = settings(_("digest 08:00 mon-fri 10:00 sat-sun 19:00 daily"))
    assert digest == plans((480, WEEKDAYS, False), (600, WEEKEND, False), (1140, DAILY, False))
    assert settings(_("zone Tokyo")) == forms.SetZone("Asia/Tokyo")
    follow = follow_forms.parse_subscribe(_("words earthquake in kamchatka"), LANGUAGES, _SOURCES)
    assert isinstance(follow, FollowIntent)
    assert follow.kind is FollowKind.WORDS


def test_a_source_is_found_by_a_part_of_its_title_where_only_one_has_it() -> None:
    other = Source(3, "other.example", "The Other", "en", Reading.FULL)
    assert follow_forms.find_source("example", _SOURCES, part=True) == _SOURCES[1]
    assert follow_forms.find_source("example", _SOURCES, part=False) is None
    assert follow_forms.find_source("the", [*_SOURCES, other], part=True) is None
    assert follow_forms.find_source("exam", _SOURCES, part=True) is None
    assert follow_forms.find_source("", _SOURCES, part=True) is None
