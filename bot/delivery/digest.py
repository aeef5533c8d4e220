"""The front page: which stories a digest tells, in which order, and the shell that composes one.

    articles since the reader's watermark ─▶ of each story not told yet the first that is followed
        and not muted ─▶ weighed ─▶ the top one leads, then sections by topic, capped
        ─▶ the rest a button away

Composed at claim, not when it is owed, so that it is fresh; `/digest` composes the same and moves
the same watermark. What quiet hours, caps or lateness held back is always among the candidates.
A digest's line in the ledger keeps all its stories, the shown ones first.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from bot.delivery.matching import (
    Reading,
    headline_keys,
    level_of,
    phrase_keys,
    reading_of,
    specific,
)
from bot.messages import lists
from bot.messages.lists import Front
from bot.messages.payloads import Payload
from bot.messages.texts import Texts, Viewer
from storage import (
    DeliveryState,
    Headline,
    Layout,
    Level,
    Outcome,
    Storage,
    Subscriber,
    Topic,
    View,
)

PER_TOPIC = 2
NEWS = timedelta(days=8)  # a story whose last article is older is no news: a weekly digest's span
_FADE_HOURS = 12.0


def weight(headline: Headline, now: datetime, *, followed: bool) -> float:
    """How much a story matters: sources first, then articles, freshness, the reader's follows."""
    age = max(0.0, (now - headline.published).total_seconds() / 3600)
    return (
        2.0 * math.log2(1 + headline.sources_in_story)
        + 0.5 * math.log2(1 + headline.articles_in_story)
        + 2.0 * math.exp(-age / _FADE_HOURS)
        + (1.5 if followed else 0.0)
    )


def arrange(ranked: Sequence[Headline], limit: int, per_topic: int = PER_TOPIC) -> list[Headline]:
    """The headlines that a front page shows, of those ranked by weight.

    At most `limit` in all and `per_topic` of a topic; "other" is no topic and has no cap.
    """
    shown: list[Headline] = []
    counts: dict[Topic, int] = {}
    for headline in ranked:
        if len(shown) == limit:
            break
        count = counts.get(headline.topic, 0)
        if headline.topic is not Topic.OTHER and count >= per_topic:
            continue
        counts[headline.topic] = count + 1
        shown.append(headline)
    return shown


def front_page(shown: Sequence[Headline], more: int) -> Front:
    """The lead and the sections, topics in the order of their weightiest story."""
    lead, *rest = shown
    sections: dict[Topic, list[Headline]] = {}
    for headline in rest:
        sections.setdefault(headline.topic, []).append(headline)
    return Front(
        lead=lead,
        sections=tuple((topic, tuple(headlines)) for topic, headlines in sections.items()),
        more=more,
        offset=len(shown),
    )


def in_print_order(front: Front) -> list[Headline]:
    """The headlines as they stand on the page."""
    return [front.lead, *(one for _, headlines in front.sections for one in headlines)]


@dataclass(frozen=True, slots=True)
class Composed:
    """A digest ready to be rendered: its page, all its stories, the watermark that it reaches."""

    front: Front
    stories: tuple[int, ...]
    watermark: int


@dataclass(frozen=True, slots=True)
class Issue:
    """A digest asked for by command, to be sent and then acknowledged by `Digests.told`."""

    payload: Payload
    delivery_id: int
    composed: Composed


class Digests:
    """Composes front pages from the store."""

    def __init__(self, storage: Storage, texts: Mapping[str, Texts]) -> None:
        self._storage = storage
        self._texts = texts
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def turn(self, subscriber_id: int) -> asyncio.Lock:
        """Held from composing a digest by command to `told`: two commands at once tell once."""
        return self._turns.setdefault(subscriber_id, asyncio.Lock())

    async def compose(self, subscriber: Subscriber, now: datetime) -> Composed | None:
        """What is new to the reader since the last digest; None where nothing is."""
        reading = await self._reading(subscriber, now)
        newest = await self._storage.articles.newest()
        found = [
            one
            for one in await self._storage.articles.stored_since(
                subscriber.watermark,
                language=subscriber.news_language,
                since=now - NEWS,
                reader=subscriber.id,
            )
            if one.article_id <= newest  # what is stored meanwhile is for the next one
        ]
        held_back = [one for one in await self.held_back(subscriber) if now - one.published < NEWS]
        told = await self._storage.outbox.told_or_owed(
            subscriber.id, [one.story_id for one in found]
        )
        # What was held back was followed at once when it came: it needs no second check.
        chosen = {one.story_id: (one, True) for one in held_back}
        for headline in found:
            if headline.story_id in told or headline.story_id in chosen:
                continue
            level, followed = await self._judge(headline, reading)
            if level is not Level.OFF:
                chosen[headline.story_id] = (headline, followed)
        if not chosen:
            return None
        ranked = sorted(
            chosen.values(),
            key=lambda item: (weight(item[0], now, followed=item[1]), item[0].search_key),
            reverse=True,
        )
        headlines = [headline for headline, _ in ranked]
        shown = arrange(headlines, subscriber.headlines)
        front = front_page(shown, more=len(headlines) - len(shown))
        printed = in_print_order(front)
        rest = [one for one in headlines if one not in printed]
        return Composed(
            front=front,
            stories=tuple(one.story_id for one in (*printed, *rest)),
            watermark=newest,
        )

    async def issue(self, subscriber: Subscriber, now: datetime) -> Issue | None:
        """A digest asked for by command, with its open line in the ledger; None: nothing new."""
        composed = await self.compose(subscriber, now)
        if composed is None:
            return None
        delivery_id = await self._storage.outbox.begin_digest(subscriber.id, composed.stories, now)
        payload = self.render(composed, subscriber, delivery_id, now)
        return Issue(payload, delivery_id, composed)

    async def told(
        self, issue: Issue, subscriber: Subscriber, message_id: int, at: datetime
    ) -> None:
        """The digest asked for was sent: move the watermark, end its line."""
        await self._storage.outbox.acknowledge(
            [sent_digest(issue.delivery_id, issue.composed, subscriber, message_id, at)]
        )

    async def held_back(self, subscriber: Subscriber) -> list[Headline]:
        """What quiet hours, caps or a block held back from the reader, in its order."""
        stories = await self._storage.outbox.deferred(subscriber.id)
        return await self._storage.articles.of_stories(stories) if stories else []

    def render(
        self, composed: Composed, subscriber: Subscriber, delivery_id: int, now: datetime
    ) -> Payload:
        """The digest's message; its button names the ledger's line."""
        return lists.digest(
            replace(composed.front, delivery=delivery_id), self.viewer(subscriber, now)
        )

    def viewer(self, subscriber: Subscriber, now: datetime) -> Viewer:
        """For whom a message of a subscriber is rendered."""
        return Viewer(
            texts=self._texts[subscriber.language],
            zone=ZoneInfo(subscriber.zone),
            now=now,
            pictures=subscriber.pictures,
        )

    async def _reading(self, subscriber: Subscriber, now: datetime) -> Reading:
        return reading_of(
            await self._storage.subscribers.subscriptions(subscriber.id),
            await self._storage.subscribers.mutes(subscriber.id, now),
        )

    async def _judge(self, headline: Headline, reading: Reading) -> tuple[Level, bool]:
        keys = headline_keys(headline)
        if reading.phrases:
            title, body = await self._storage.articles.words(headline.article_id)
            keys += phrase_keys(reading.phrases, title, body)
        return level_of(keys, reading), specific(keys, reading)


def sent_digest(
    delivery_id: int, composed: Composed, subscriber: Subscriber, message_id: int, at: datetime
) -> Outcome:
    """The acknowledgement of a digest that was sent."""
    return Outcome(
        delivery_id=delivery_id,
        state=DeliveryState.SENT,
        at=at,
        message_id=message_id,
        layout=Layout.CLASSIC,
        language=subscriber.language,
        view=View.DIGEST,
        stories=composed.stories,
        watermark=composed.watermark,
    )
