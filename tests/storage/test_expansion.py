"""Who gets a push: the SQL against the rules told in plain Python, for any chunk."""

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from storage import Alerts, FollowKind, Level, Mute, Storage
from tests.storage.newsroom import (
    DEFAULTS,
    HOUR,
    NOW,
    claim,
    expand_all,
    feed,
    follow,
    publish,
    reader,
)

EVERYTHING = (FollowKind.EVERYTHING, "")
FOLLOWS = [
    EVERYTHING,
    (FollowKind.TOPIC, "sport"),
    (FollowKind.SOURCE, "one.example"),
    (FollowKind.WORDS, "кот"),
    (FollowKind.STORY, "1"),
]
ELSEWHERE = (FollowKind.TOPIC, "world")  # the push does not meet it


@dataclass(frozen=True)
class Model:
    """A reader as the rules see it."""

    alerts: Alerts
    language: str
    watermark: int
    follows: Mapping[tuple[FollowKind, str], Level]
    mute: tuple[FollowKind, str] | None
    mute_hours: int | None


def verdict(model: Model, keys: list[tuple[FollowKind, str]], *, important: bool) -> bool | None:
    """Whether the push comes with sound; None where it does not come at once."""
    met = {key: level for key, level in model.follows.items() if key in keys}
    silenced = any(
        level is Level.OFF and kind in (FollowKind.TOPIC, FollowKind.SOURCE)
        for (kind, _), level in met.items()
    )
    particular = any(kind in (FollowKind.TOPIC, FollowKind.SOURCE) for kind, _ in met)
    by_digest = model.alerts is Alerts.ON or (model.alerts is Alerts.IMPORTANT and important)
    speaking = []
    for (kind, _), level in met.items():
        at_once = level in (Level.NOW, Level.SOUND) or (level is Level.DIGEST and by_digest)
        if kind in (FollowKind.TOPIC, FollowKind.SOURCE):
            at_once = at_once and not silenced
        elif kind is FollowKind.EVERYTHING:
            at_once = at_once and not particular
        if at_once:
            speaking.append(level)
    muted = model.mute in keys and (model.mute_hours is None or model.mute_hours > 0)
    wrong = model.language not in ("all", "ru") or model.watermark >= 1
    if not speaking or muted or wrong:
        return None
    return Level.SOUND in speaking


_MODEL = st.builds(
    Model,
    alerts=st.sampled_from(Alerts),
    language=st.sampled_from(["all", "ru", "ru", "en"]),
    watermark=st.sampled_from([0, 0, 0, 1]),
    follows=st.dictionaries(st.sampled_from([*FOLLOWS, ELSEWHERE]), st.sampled_from(Level)),
    mute=st.none() | st.none() | st.sampled_from([*FOLLOWS[1:], ELSEWHERE]),
    mute_hours=st.sampled_from([None, 0, 1]),
)


async def _fill(storage: Storage, models: list[Model], *, important: bool) -> None:
    writer = storage.feeds._database._writer
    assert writer is not None
    await writer.execute("PRAGMA synchronous = OFF")  # this file need not survive anything
    for chat, model in enumerate(models, 1):
        made = await reader(
            storage,
            chat,
            defaults=replace(DEFAULTS, alerts=model.alerts, news_language=model.language),
        )
        await storage.subscribers.unfollow_all(made.id)
        for (kind, key), level in model.follows.items():
            await follow(storage, made.id, kind, key, level)
        if model.mute is not None:
            hours = model.mute_hours
            expires = None if hours is None else NOW + hours * HOUR
            await storage.subscribers.mute(Mute(made.id, *model.mute, "Muted", expires))
    await publish(storage, await feed(storage), "a", push=True)
    async with storage.feeds._database.transaction() as transaction:
        for chat, model in enumerate(models, 1):
            await transaction.run(
                "UPDATE subscriber SET watermark = :mark WHERE chat_id = :chat",
                {"mark": model.watermark, "chat": chat},
            )
        if important:
            await transaction.run("UPDATE push SET kind = 'important'")


@settings(max_examples=60, deadline=None)
@given(
    models=st.lists(_MODEL, max_size=12),
    keys=st.lists(st.sampled_from(FOLLOWS), unique=True),
    important=st.booleans(),
    chunk=st.integers(1, 5),
)
def test_nobody_is_passed_over_and_nobody_told_twice(
    models: list[Model], keys: list[tuple[FollowKind, str]], important: bool, chunk: int
) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with Storage.open(Path(folder) / "news.db") as storage:
                await _fill(storage, models, important=important)
                expected = {}
                for chat, model in enumerate(models, 1):
                    sound = verdict(model, keys, important=important)
                    if sound is not None:
                        expected[chat] = sound
                assert await expand_all(storage, keys, chunk=chunk) == len(expected)
                claims = await claim(storage)
                assert [(one.subscriber.chat_id, one.delivery.sound) for one in claims] == sorted(
                    expected.items()
                )
                assert all(one.followed and not one.muted for one in claims)

    asyncio.run(run())
