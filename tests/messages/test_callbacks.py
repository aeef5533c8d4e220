"""What buttons carry survives the way there and back, and nothing else gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages import callbacks as cb
from storage import FollowKind, Level, Topic

_IDS = st.integers(0, 10**12)
_KINDS, _KEYS = st.sampled_from(FollowKind), st.sampled_from(["", "12", cb.word_token("ж")])
_CALLBACKS = st.one_of(
    st.builds(cb.Read, _IDS),
    st.builds(cb.Card, _IDS),
    st.builds(
        cb.Collapse,
        _IDS,
        st.lists(st.integers(1, 10**9), max_size=4).map(lambda ids: tuple(sorted(ids))),
    ),
    st.builds(cb.HideMenu, _IDS),
    st.builds(cb.Hide, _IDS, st.sampled_from(FollowKind), st.integers(0, 400)),
    st.builds(
        cb.Latest, st.sampled_from(["", *Topic]).map(str), st.integers(0, 10**6), _IDS, st.just(0)
    ),
    st.just(cb.LatestTopics()),
    st.builds(cb.Day, st.dates(), _IDS),
    st.builds(cb.Search, _IDS, st.integers(0, 10**6)),
    st.builds(cb.SearchExactly, _IDS),
    st.builds(cb.DayPage, st.dates(), _IDS, st.just(0)),
    st.builds(cb.DayPage, st.dates(), st.just(0), _IDS),
    st.builds(cb.FollowQuery, _IDS),
    st.builds(cb.DigestMore, _IDS, st.integers(0, 10**6)),
    st.builds(cb.Settings, st.sampled_from(cb.Screen)),
    st.builds(cb.Change, st.sampled_from(cb.Setting), st.sampled_from(["on", "off", "Asia/Tokyo"])),
    st.builds(cb.DigestTime, st.integers(0, 1439), st.integers(1, 127)),
    st.builds(
        cb.SetDigestTime,
        st.integers(0, 1439),
        st.integers(1, 127),
        st.integers(0, 127),
        st.booleans(),
    ),
    st.builds(cb.AskSetting, st.sampled_from(cb.Setting)),
    st.builds(
        cb.SetZone,
        st.sampled_from(["America/Argentina/ComodRivadavia", "Etc/GMT-14"]),
        st.sampled_from(cb.Screen),
    ),
    st.builds(cb.Find, _IDS),
    st.builds(cb.Greet, st.sampled_from(["ru", "en"])),
    st.builds(cb.Follows, st.sampled_from(cb.FollowScreen), st.integers(0, 99)),
    st.builds(
        cb.Follow,
        st.sampled_from(FollowKind),
        st.sampled_from(["", "12", cb.word_token("ж")]),
        st.sampled_from(Level),
        st.integers(0, 99),
    ),
    st.builds(cb.FollowItem, _KINDS, _KEYS, st.integers(0, 99)),
    st.builds(cb.FollowLevel, _KINDS, _KEYS, st.sampled_from(Level), st.integers(0, 99)),
    st.builds(cb.FollowStory, _IDS),
    st.builds(cb.Unfollow, _KINDS, _KEYS, st.integers(0, 99)),
    st.builds(cb.UnfollowEverything, st.booleans()),
    st.builds(cb.AskFollow, st.sampled_from(cb.Asked), _IDS),
    st.just(cb.ExportSources()),
    st.builds(cb.HideWords, _IDS, _KEYS),
    st.builds(cb.HideReady, st.sampled_from(cb.Ready)),
    st.builds(cb.HideFor, _KINDS, _KEYS, st.integers(0, 400), _IDS),
    st.builds(cb.Unhide, _KINDS, _KEYS, _IDS),
    st.builds(cb.HideFollow, _KINDS, _KEYS, st.integers(0, 99)),
    st.builds(cb.LiftMute, _KINDS, _KEYS, _KINDS, _KEYS, st.integers(0, 99)),
    st.builds(cb.RichSeen, st.booleans(), _IDS),
    st.builds(cb.RichOffer, _IDS),
    st.builds(cb.Tellers, _IDS),
    st.builds(cb.Stop, st.booleans()),
    st.builds(cb.GroupDigest, st.booleans()),
    st.builds(cb.Place, _IDS, st.booleans()),
    st.builds(cb.Share, st.booleans()),
    st.builds(cb.Important, _IDS, st.integers(0, 99), st.booleans()),
    st.builds(cb.Top, st.sampled_from(["", *Topic]).map(str), st.integers(0, 10**6), _IDS),
    st.just(cb.TopTopics()),
    st.builds(cb.Save, _IDS),
    st.builds(cb.Unsave, _IDS),
    st.builds(cb.SavedPage, _IDS, _IDS, st.booleans(), st.booleans()),
    st.builds(cb.TakeOff, _IDS, _IDS, _IDS),
    st.just(cb.ExportSaved()),
    st.builds(cb.PrivacyStep, st.sampled_from(cb.Privacy)),
    st.builds(cb.Admin, st.sampled_from(cb.AdminScreen), _IDS),
    st.builds(cb.NewLink, st.integers(1, 999), st.integers(1, 365), st.booleans()),
    st.builds(cb.RevokeLink, st.just("Zm9vYmFyLWJhei_xyz9012"), st.booleans()),
    st.builds(cb.RemovePerson, _IDS, _IDS, st.booleans()),
    st.builds(cb.ReadmitPerson, _IDS),
    st.just(cb.Channels()),
    st.builds(cb.EditionOf, _IDS, st.sampled_from(cb.EditionScreen), st.integers(0, 99)),
    st.builds(
        cb.SetEdition,
        st.integers(0, 10**9),
        st.sampled_from(cb.EditionSetting),
        st.sampled_from(["on", "0123456789abcdef", "23.00-08.00", "approval"]),
        st.integers(0, 99),
    ),
    st.builds(cb.AskEditionWords, _IDS),
    st.builds(cb.ShowDraft, _IDS),
    st.builds(cb.PublishDraft, _IDS),
    st.builds(cb.RewordDraft, _IDS),
    st.builds(cb.SkipDraft, _IDS),
    st.builds(cb.UpdatePost, _IDS),
)


@given(_CALLBACKS)
def test_packed_and_parsed_again(callback: cb.Callback) -> None:
    data = cb.pack(callback)
    assert 1 <= len(data.encode()) <= cb.MAX_BYTES
    assert cb.parse(data) == callback


@given(st.one_of(st.text(max_size=80), st.text("1rckhmltdswgpeifovx:0.-", max_size=64)))
def test_foreign_data_never_raises(data: str) -> None:
    callback = cb.parse(data)
    assert callback is None or cb.pack(callback)


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "2r:1",
        "1r",
        "1r:",
        "1r:-1",
        "1r:1:2",
        "1r:٣",
        "1r:99999999999999999999999",
        "1zz:1",
        "1d:2026-13-01:0",
        "1l:horoscope:0:0:0",
        "1e:alerts:bad value",
        "1k:1:zz..z",
    ],
)
def test_stale_or_forged(data: str | None) -> None:
    assert cb.parse(data) is None


@pytest.mark.parametrize("many", [1, 2, 3, 90, 300])
def test_parts_that_were_sent_one_after_another_are_all_kept(many: int) -> None:
    parts = tuple(range(10**9, 10**9 + many))
    collapse = cb.Collapse(10**9, (*parts, parts[-1] + 5))
    assert cb.parse(cb.pack(collapse)) == collapse


def test_no_button_names_messages_without_end() -> None:
    forged = cb.parse("1k:1:1.1*zzzzz.1*zzzzz")
    assert isinstance(forged, cb.Collapse)
    assert len(forged.parts) <= 1000
    assert cb.parse(cb.pack(cb.Collapse(1, tuple(range(1, 5000)))))


def test_buttons_of_before_name_the_same_parts() -> None:
    assert cb.parse("1k:12:2s.1.1.1") == cb.Collapse(12, (100, 101, 102, 103))


def test_many_parts_are_kept_as_far_as_they_fit() -> None:
    parts = tuple(10**9 + n * (n + 1) for n in range(90))  # others wrote in between
    again = cb.parse(cb.pack(cb.Collapse(10**6, parts)))
    assert isinstance(again, cb.Collapse)
    assert len(again.parts) > 15
    assert again.parts == parts[: len(again.parts)]


def test_what_no_button_can_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="no button"):
        cb.pack(cb.Change(cb.Setting.ZONE, "x" * 70))
    with pytest.raises(ValueError, match="no button"):
        cb.pack(cb.Change(cb.Setting.QUIET, "23:00-08:00"))


def test_word_tokens_differ_and_fit() -> None:
    tokens = {cb.word_token(f"землетрясение камчатка {n}") for n in range(1000)}
    assert len(tokens) == 1000
    assert max(map(len, tokens)) <= 16
