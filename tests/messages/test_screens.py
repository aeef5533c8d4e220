"""The screens fit, lead back, and their buttons set what the forms can read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.messages import callbacks as cb
from bot.messages import follows, forms, menu, notices, screens, settings
from bot.messages.texts import Texts
from storage import Alerts, FollowKind, Level, Reading, Source, Subscription, Topic
from tests.messages.samples import EN, LANGUAGES, NOW, RU, parsed, slots, subscriber, viewer
from tests.messages.test_classic import checked, pressed

_SOURCES = tuple(
    Source(n, f"site{n}.ru", f"Источник {n}", "ru", Reading.FULL, newest=NOW - timedelta(minutes=n))
    for n in range(1, 46)
)


def follow(kind: FollowKind, key: str, label: str, level: Level) -> Subscription:
    return Subscription(1, kind, key, label, level)


@pytest.mark.parametrize("texts", [RU, EN])
@pytest.mark.parametrize("screen", list(cb.Screen))
def test_settings_screens_set_what_the_forms_read(screen: cb.Screen, texts: Texts) -> None:
    payload = settings.settings_screen(
        screen, subscriber(), slots(), viewer(texts), LANGUAGES, ("ru", "en")
    )
    checked(payload)
    buttons = pressed(payload)
    assert None not in buttons
    for button in buttons:
        if isinstance(button, cb.Change):
            value = button.value
            if screen is cb.Screen.DIGEST:
                value = value.lstrip("+-")  # whether an hour comes or goes
            intent = forms.parse_setting(button.setting, value, LANGUAGES, ("ru", "en"))
            assert not isinstance(intent, forms.Wrong), button
    if screen is not cb.Screen.HOME:
        assert cb.Settings(cb.Screen.HOME) in buttons


def test_settings_home_shows_the_values() -> None:
    text = checked(settings.settings_home(subscriber(), slots(), viewer(), ("ru",)))
    assert "Тихие часы: 23:00–08:00" in text
    assert "19:00 ежедневно, без звука" in text
    assert "Лимит в час: 3 уведомления" in text
    assert "Часовой пояс: Москва, 08:30" in text
    assert "Язык новостей" not in text, "only where sources differ"
    assert "Язык новостей" in checked(
        settings.settings_home(subscriber(), slots(), viewer(), ("en", "ru"))
    )


def test_present_value_is_ticked() -> None:
    payload = settings.settings_screen(
        cb.Screen.QUIET, subscriber(), slots(), viewer(), LANGUAGES, ("ru",)
    )
    ticked = [b.text for row in payload.keyboard for b in row if b.text.startswith("✓")]
    assert ticked == ["✓ 23:00–08:00"]


@pytest.mark.parametrize("screen", list(cb.FollowScreen))
@pytest.mark.parametrize("sources", [(), _SOURCES])
def test_follow_screens(screen: cb.FollowScreen, sources: tuple[Source, ...]) -> None:
    followed = follows.Followed(
        (
            follow(FollowKind.EVERYTHING, "", "", Level.DIGEST),
            follow(FollowKind.TOPIC, "sport", "", Level.NOW),
            follow(FollowKind.SOURCE, "site1.ru", "", Level.OFF),
            *(follow(FollowKind.WORDS, f"слово{n}", "слово " * 15, Level.NOW) for n in range(60)),
        ),
        sources,
    )
    for page in (0, 2, 99):
        payload = follows.follows_screen(screen, followed, viewer(), page)
        checked(payload)
        assert None not in pressed(payload)
        assert sum(map(len, payload.keyboard)) <= 100
        assert max(map(len, payload.keyboard)) <= 8


def test_a_tap_opens_a_screen_with_the_four_levels() -> None:
    followed = follows.Followed(
        (
            follow(FollowKind.EVERYTHING, "", "", Level.DIGEST),
            follow(FollowKind.TOPIC, "sport", "", Level.SOUND),
        ),
        _SOURCES[:1],
    )
    payload = follows.follows_screen(cb.FollowScreen.TOPICS, followed, viewer())
    assert cb.FollowItem(FollowKind.TOPIC, Topic.SPORT) in pressed(payload)
    labels = [button.text for row in payload.keyboard for button in row]
    assert "🔔 Спорт" in labels
    assert "📰 Мир" in labels, "everything's level holds"
    payload = follows.follows_screen(cb.FollowScreen.SOURCES, followed, viewer())
    assert cb.FollowItem(FollowKind.SOURCE, "1") in pressed(payload)
    assert "Источник 1: последняя новость 1 минуту назад" in payload.plain
    item = follows.Item(FollowKind.TOPIC, "sport", "sport", "", Level.SOUND)
    payload = follows.item_screen(item, followed, viewer())
    assert {cb.FollowLevel(FollowKind.TOPIC, "sport", level) for level in Level} <= set(
        pressed(payload)
    )
    labels = [button.text for row in payload.keyboard for button in row]
    assert labels[:4] == ["не присылать", "в дайджесте", "сразу", "✓ сразу со звуком"]


@pytest.mark.parametrize(
    ("alerts", "digests", "said"),
    [
        (Alerts.ON, True, "приходит сразу"),
        (Alerts.IMPORTANT, True, "Важное приходит сразу"),
        (Alerts.OFF, False, "/digest"),
    ],
)
def test_a_level_says_how_it_really_comes(alerts: Alerts, digests: bool, said: str) -> None:
    everything = follow(FollowKind.EVERYTHING, "", "", Level.DIGEST)
    followed = follows.Followed((everything,), _SOURCES[:1], alerts, digests=digests)
    item = follows.Item(FollowKind.TOPIC, "sport", "sport", "", Level.DIGEST)
    assert said in checked(follows.item_screen(item, followed, viewer()))
    quiet = replace(followed, alerts=Alerts.OFF, digests=True)
    assert said not in checked(follows.item_screen(item, quiet, viewer()))


@pytest.mark.parametrize("texts", [RU, EN])
def test_help_and_stop(texts: Texts) -> None:
    whole = checked(screens.help_screen(viewer(texts)))
    assert "/settings" in whole
    assert "/settings" not in checked(screens.help_screen(viewer(texts), group=True))
    told = checked(screens.help_screen(viewer(texts), own_sources=True))
    assert len(told.splitlines()) == len(whole.splitlines()) + 1
    assert "/broadcast" not in whole
    assert "/broadcast" in checked(screens.help_screen(viewer(texts), admin=True))
    of_group = screens.help_screen(viewer(texts), group=True, admin=True)
    assert "/broadcast" not in checked(of_group)
    assert pressed(screens.stop_question(viewer(texts))) == [cb.Stop(True), cb.Stop(False)]


def test_menu_is_within_telegrams_limits() -> None:
    for texts in (RU, EN):
        for name, description in menu.commands(texts):
            assert name.islower()
            assert 1 <= len(description) <= 256
    assert ("stop", "Остановить рассылку") in menu.commands(RU)


@pytest.mark.parametrize("texts", [RU, EN])
def test_every_notice_fits_a_toast_or_a_message(texts: Texts) -> None:
    said = [
        notices.failed(texts),
        notices.gone(texts),
        notices.stale_button(texts),
        notices.stranger(texts),
        notices.welcome(texts, admin=True),
        notices.welcome(texts, admin=False),
        notices.bad_invitation(texts),
        notices.admins_only(texts),
        notices.unknown_command(texts, "/latest"),
        notices.unknown_command(texts, ""),
        notices.needs_id(texts, "full"),
        notices.wrong_day(texts),
        notices.nothing_new(texts),
        notices.stopped(texts),
        notices.not_stopped(texts),
        notices.collapsed_old(texts),
        notices.rich_on(texts),
        notices.rich_off(texts),
        notices.unfollowed_all(texts),
        notices.not_followed("“x”", texts),
        notices.followed("Спорт", Level.NOW, texts),
        notices.name_of(FollowKind.EVERYTHING, "", "", texts),
    ]
    for one in said:
        assert "{" not in one
        assert len(notices.toast(one)) <= notices.TOAST_UNITS
        assert parsed(notices.note(one).text).text == one
    unknown = notices.unknown_filter(viewer(texts), "<b>", ["a.ru"])
    assert texts.topic(Topic.SPORT) in unknown


@pytest.mark.parametrize("texts", [RU, EN])
@pytest.mark.parametrize("fault", list(forms.Fault))
def test_wrong_forms_name_what_would_do(fault: forms.Fault, texts: Texts) -> None:
    error = forms.Wrong(fault, "x{}<b>" * 90, ("on", "off"), cb.Setting.ALERTS)
    said = notices.wrong(error, texts)
    assert len(said) < 900
    checked(notices.note(said))


def test_values_named_in_russian_can_be_typed() -> None:
    for setting in cb.Setting:
        error = forms.parse_setting(setting, "чепуха", LANGUAGES, ("ru", "en"))
        assert isinstance(error, forms.Wrong)
        for value in error.values:
            if value in ("on", "off", "important", "both", "classic", "rich"):
                said = notices.wrong(error, RU)
                typed = said.split(": ", 1)[1].rstrip(".").split(", ")
                for word in typed:
                    if word.isalpha():
                        again = forms.parse_setting(setting, word, LANGUAGES, ("ru", "en"))
                        assert not isinstance(again, forms.Wrong), (setting, word)
