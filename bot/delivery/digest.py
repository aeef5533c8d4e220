"""The front page: which stories a digest tells, in which order, and the shell that composes one.

    articles since the reader's watermark ─▶ of each story not told yet the first that is followed
        and not muted ─▶ weighed ─▶ the top one leads, then sections by topic, followed topics
        first, capped, without what only echoes another headline ─▶ the rest a button away

Composed at claim, not when it is owed, so that it is fresh; `/digest` composes the same and moves
the same watermark. What quiet hours, caps or lateness held back is always among the candidates.
A digest's line in the ledger keeps all its stories, the shown ones first.

What readers have in common is done once, in an *edition*: the candidates of a news language since
about the same watermark; of these what a set of follows and mutes wants; and the page that comes of
it where nothing was told or held back. An edition is read anew when an article was stored,
corrected or withdrawn, and after a minute. It holds public articles only: a reader's own are read
for that reader alone.
"""

import asyncio
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from bot.delivery.matching import (
    Key,
    Reading,
    headline_keys,
    level_of,
    phrase_keys,
    reading_of,
    specific,
)
from bot.delivery.schedule import in_quiet
from bot.messages import fronts
from bot.messages.fronts import Front, Press
from bot.messages.payloads import Payload
from bot.messages.texts import Texts, Viewer
from storage import (
    Alerts,
    ChatKind,
    Delivery,
    DeliveryState,
    FollowKind,
    FrontNeeds,
    Headline,
    Layout,
    Level,
    Outcome,
    Storage,
    Subscriber,
    Tastes,
    Topic,
    View,
)

PER_TOPIC = 2
NEWS = timedelta(days=8)  # a story whose last article is older is no news: a weekly digest's span
_FADE_HOURS = 12.0

_WORD = re.compile(r"\w+")
_STEM = 5
_TELLING = 4  # words
_DENIALS = frozenset({"не", "нет", "без", "not", "no", "never"})

_NIGHT_ENDS, _NIGHT_BEGINS = 8, 23  # hours, for readers without quiet hours of their own
_OFFERED_WITH = 3
"""Alerts on important stories are offered under this digest of a reader's, or the next by day."""

_FRESH = timedelta(minutes=1)  # of an edition: growing stories show after it
_EDITIONS = 32
_TASTES = 512
_PHRASES = 2048
_RANKINGS = 128
_REMEMBERED = 200_000  # headlines in all that an edition remembers of a kind: some 30 MB
_WORDS_AT_ONCE = 50  # articles: unpacking them must not hold others up
_NO_LANGUAGE = "-"  # in which nothing is written: a reader's own articles alone are found

_K = TypeVar("_K")
_V = TypeVar("_V")


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

    At most `limit` in all and `per_topic` of a topic; "other" is no topic and has no cap. None that
    only echoes one above it.
    """
    shown: list[Headline] = []
    said: list[frozenset[str]] = []
    counts: dict[Topic, int] = {}
    for headline in ranked:
        if len(shown) == limit:
            break
        count = counts.get(headline.topic, 0)
        if headline.topic is not Topic.OTHER and count >= per_topic:
            continue
        words = _words(headline.title)
        if any(_echoes(words, other) for other in said):
            continue
        counts[headline.topic] = count + 1
        shown.append(headline)
        said.append(words)
    return shown


def _words(title: str) -> frozenset[str]:
    """The beginnings of a title's words: inflected forms are as good as equal."""
    return frozenset(word[:_STEM] for word in _WORD.findall(title.casefold()))


def _echoes(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one of two titles says nothing that the other does not.

    A number or a "not" more is something; and two or three words are too few to tell by.
    """
    if min(len(one), len(other)) < _TELLING or not (one <= other or other <= one):
        return False
    return not any(word.isdigit() or word in _DENIALS for word in one ^ other)


def front_page(
    shown: Sequence[Headline], more: int, followed: Collection[Topic] = frozenset()
) -> Front:
    """The lead and the sections: first the topics that the reader follows by name, "other" last,
    and else in the order of their weightiest story.
    """
    lead, *rest = shown
    sections: dict[Topic, list[Headline]] = {}
    for headline in rest:
        sections.setdefault(headline.topic, []).append(headline)
    order = sorted(sections, key=lambda topic: (topic is Topic.OTHER, topic not in followed))
    return Front(
        lead=lead,
        sections=tuple((topic, tuple(sections[topic])) for topic in order),
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
    offered: bool = False


class _Kept(dict[_K, _V]):
    """As many of the latest values as may be remembered."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def keep(self, key: _K, value: _V) -> _V:
        """Remember a value, and forget the one that was remembered first where there are many."""
        self[key] = value
        if len(self) > self._most:
            del self[next(iter(self))]
        return value


@dataclass(frozen=True, slots=True)
class _Weighed:
    """A story's candidate that is wanted, with its weight."""

    headline: Headline
    weight: tuple[float, int]


_Keyed = tuple[Headline, tuple[Key, ...]]
"""A candidate, and the follows and mutes that it meets: the same for all readers of an edition."""


@dataclass(frozen=True, slots=True)
class _Ranking:
    """The stories that readers alike want, the weightiest first, and their ids."""

    items: tuple[_Weighed, ...]
    stories: frozenset[int]


class _Edition:
    """The public candidates of a language when the article `newest` and the correction `corrected`
    were the latest, and what came of them.

    `begun` is when the first of their stories was stored: what was told before is none of them.
    """

    def __init__(
        self,
        newest: int,
        corrected: int,
        made: datetime,
        candidates: Sequence[Headline],
        begun: datetime,
        gone_on_with: Mapping[int, Sequence[int]],
    ) -> None:
        self.newest = newest
        self.corrected = corrected
        self.made = made
        self.candidates = _keyed(candidates, gone_on_with)
        self.begun = begun
        self.phrases: _Kept[str, frozenset[int]] = _Kept(_PHRASES)  # in which articles they stand
        fit = max(1, _REMEMBERED // max(1, len(candidates)))
        self.wanted: _Kept[Tastes, tuple[_Weighed, ...]] = _Kept(min(_TASTES, fit))
        self.rankings: _Kept[tuple[Tastes, int], _Ranking] = _Kept(min(_RANKINGS, fit))
        self.pages: _Kept[tuple[Tastes, int, int], Composed] = _Kept(min(_RANKINGS, fit))

    def holds(self, newest: int, corrected: int, now: datetime) -> bool:
        """Whether it is still what a reader is to get."""
        latest = (self.newest, self.corrected) == (newest, corrected)
        return latest and abs(now - self.made) < _FRESH

    def ranking(self, tastes: Tastes, watermark: int) -> _Ranking:
        """Of each story the first candidate after the watermark that is wanted, by weight."""
        found = self.rankings.get((tastes, watermark))
        if found is None:
            first: dict[int, _Weighed] = {}
            for one in self.wanted[tastes]:
                if one.headline.article_id > watermark:
                    first.setdefault(one.headline.story_id, one)
            found = _Ranking(_ranked(first.values()), frozenset(first))
            self.rankings.keep((tastes, watermark), found)
        return found


class Digests:
    """Composes front pages from the store.

    `bot` is the bot's username, for links into it; "" until it is known.
    """

    def __init__(self, storage: Storage, texts: Mapping[str, Texts]) -> None:
        self._storage = storage
        self._texts = texts
        self.bot = ""
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._editions: _Kept[tuple[str, int], _Edition] = _Kept(_EDITIONS)
        self._going_to_press = asyncio.Lock()
        self._readings: _Kept[Tastes, Reading] = _Kept(_TASTES)
        self._press = Press()

    def turn(self, subscriber_id: int) -> asyncio.Lock:
        """Held from composing a digest by command to `told`: two commands at once tell once."""
        return self._turns.setdefault(subscriber_id, asyncio.Lock())

    async def compose(self, subscriber: Subscriber, now: datetime) -> Composed | None:
        """What is new to the reader since the last digest; None where nothing is."""
        watermark = subscriber.watermark
        needs = await self._storage.fronts.needs(subscriber.id, watermark, now)
        tastes, newest = needs.tastes, needs.newest
        reading = self._readings.get(tastes) or self._readings.keep(tastes, reading_of(tastes))
        edition = await self._edition(subscriber.news_language, watermark, needs, now)
        if tastes not in edition.wanted:
            wanted = await self._wanted(edition.candidates, reading, edition.phrases, now)
            edition.wanted.keep(tastes, wanted)
        ranking = edition.ranking(tastes, watermark)
        begun, own = edition.begun, tuple[_Weighed, ...]()
        if needs.owns:
            owned = [
                one
                for one in await self._storage.articles.stored_since(
                    watermark, language=_NO_LANGUAGE, since=now - NEWS, reader=subscriber.id
                )
                if one.article_id <= newest
            ]
            first = await self._storage.fronts.begun([one.story_id for one in owned])
            begun = min(begun, first or begun)
            own = await self._wanted(_keyed(owned, {}), reading, _Kept(_PHRASES), now)
        told = (
            await self._storage.fronts.told(subscriber.id, begun) if ranking.items or own else set()
        )
        if not needs.held and not own and ranking.stories.isdisjoint(told):
            key = (tastes, watermark, subscriber.headlines)
            return self._shared_page(edition, ranking, reading, key)
        # What was held back was followed at once when it came: it may have been muted since.
        news = await self._news_of(needs.held, now)
        sequels = await self._storage.fronts.gone_on_with(needs.held) if news else {}
        held = await self._phrased(_keyed(news, sequels), reading.phrases, _Kept(_PHRASES))
        chosen = {
            one.story_id: _weighed(one, now, followed=True)
            for one, keys in held
            if reading.muted.isdisjoint(keys)
        }
        for item in (*ranking.items, *own):
            if item.headline.story_id not in told:
                chosen.setdefault(item.headline.story_id, item)
        return _composed(_ranked(chosen.values()), subscriber.headlines, newest, reading)

    def _shared_page(
        self, edition: _Edition, ranking: _Ranking, reading: Reading, key: tuple[Tastes, int, int]
    ) -> Composed | None:
        """The page of all who want, were told and show the same."""
        if not ranking.items:
            return None
        page = edition.pages.get(key)
        if page is None:
            page = _composed(ranking.items, key[2], edition.newest, reading)
            if page is not None:
                edition.pages.keep(key, page)
        return page

    async def _edition(
        self, language: str, watermark: int, needs: FrontNeeds, now: datetime
    ) -> _Edition:
        """The edition that reaches back to the watermark.

        Watermarks share one by the power of two that spans what came since: who was long away
        makes no other's edition longer.
        """
        newest, corrected = needs.newest, needs.corrected
        span = max(0, newest - watermark).bit_length()
        edition = self._editions.get((language, span))
        if edition is not None and edition.holds(newest, corrected, now):
            return edition
        async with self._going_to_press:  # a thousand readers who wait for it read it once
            edition = self._editions.get((language, span))
            if edition is not None and edition.holds(newest, corrected, now):
                return edition
            # What is stored meanwhile is for the next one.
            found = [
                one
                for one in await self._storage.articles.stored_since(
                    newest + 1 - (1 << span), language=language, since=now - NEWS
                )
                if one.article_id <= newest
            ]
            stories = sorted({one.story_id for one in found})
            begun = await self._storage.fronts.begun(stories)
            sequels = await self._storage.fronts.gone_on_with(stories)
            edition = _Edition(newest, corrected, now, found, begun or now, sequels)
            for key, old in list(self._editions.items()):
                if not old.holds(newest, corrected, now):
                    del self._editions[key]
            return self._editions.keep((language, span), edition)

    async def _wanted(
        self,
        candidates: Sequence[_Keyed],
        reading: Reading,
        known: _Kept[str, frozenset[int]],
        now: datetime,
    ) -> tuple[_Weighed, ...]:
        """Of these candidates those that come to such a reader, in their order."""
        return tuple(
            _weighed(headline, now, followed=specific(keys, reading))
            for headline, keys in await self._phrased(candidates, reading.phrases, known)
            if level_of(keys, reading) is not Level.OFF
        )

    async def _phrased(
        self,
        candidates: Sequence[_Keyed],
        phrases: Sequence[str],
        known: _Kept[str, frozenset[int]],
    ) -> Sequence[_Keyed]:
        """Each candidate with those of the phrases that stand in it, too."""
        standing = await self._standing([one for one, _ in candidates], phrases, known)
        met: dict[int, list[Key]] = {}
        for phrase, articles in standing.items():
            for article in articles:
                met.setdefault(article, []).append((FollowKind.WORDS, phrase))
        return [
            (one, (*keys, *met[one.article_id])) if one.article_id in met else (one, keys)
            for one, keys in candidates
        ]

    async def _standing(
        self,
        candidates: Sequence[Headline],
        phrases: Sequence[str],
        known: _Kept[str, frozenset[int]],
    ) -> dict[str, frozenset[int]]:
        """In which of the candidates' articles each phrase stands."""
        standing = {phrase: known[phrase] for phrase in phrases if phrase in known}
        unknown = [phrase for phrase in phrases if phrase not in standing]
        if not unknown:
            return standing
        articles: dict[str, set[int]] = {phrase: set() for phrase in unknown}
        for at in range(0, len(candidates), _WORDS_AT_ONCE):
            batch = [one.article_id for one in candidates[at : at + _WORDS_AT_ONCE]]
            for article_id, (title, body) in (await self._storage.articles.words_of(batch)).items():
                for _kind, phrase in phrase_keys(unknown, title, body):
                    articles[phrase].add(article_id)
        for phrase, found in articles.items():
            standing[phrase] = known.keep(phrase, frozenset(found))
        return standing

    async def issue(self, subscriber: Subscriber, now: datetime) -> Issue | None:
        """A digest asked for by command, with its open line in the ledger; None: nothing new."""
        composed = await self.compose(subscriber, now)
        if composed is None:
            return None
        delivery_id = await self._storage.outbox.begin_digest(subscriber.id, composed.stories, now)
        payload = self.render(composed, subscriber, delivery_id, now)
        return Issue(payload, delivery_id, composed, offers_important(subscriber, now))

    async def told(
        self,
        issue: Issue,
        subscriber: Subscriber,
        message_id: int,
        at: datetime,
        *,
        rich: bool = False,
    ) -> None:
        """The digest asked for was sent, as a rich message or not: move the watermark, end its
        line.
        """
        told = sent_digest(
            issue.delivery_id, issue.composed, subscriber, message_id, at, offered=issue.offered
        )
        layout = Layout.RICH if rich else Layout.CLASSIC
        await self._storage.outbox.acknowledge([replace(told, layout=layout)])

    async def again(
        self, delivery: Delivery, shown: int, subscriber: Subscriber, now: datetime
    ) -> Payload | None:
        """A digest that was sent, without what was offered under it; None where its news is gone.

        `shown` of its stories stand on its page.
        """
        headlines = await self._storage.articles.of_stories(delivery.stories[:shown])
        if not headlines:
            return None
        lead, *rest = headlines
        front = Front(
            lead=lead,
            sections=tuple(
                (topic, tuple(section)) for topic, section in groupby(rest, lambda one: one.topic)
            ),
            more=len(delivery.stories) - shown,
            delivery=delivery.id,
            offset=shown,
        )
        # It keeps the name that it was sent under, be it evening meanwhile.
        viewer = self.viewer(subscriber, delivery.scheduled or now)
        rich = delivery.layout is Layout.RICH
        return fronts.digest(front, viewer, self._press, rich=rich)

    async def held_back(self, subscriber: Subscriber) -> tuple[list[Headline], bool]:
        """What is held back from the reader, in its order, and whether for quiet hours alone."""
        outbox = self._storage.outbox
        stories = await outbox.deferred(subscriber.id)
        if not stories:
            return [], False
        headlines = await self._storage.articles.of_stories(stories)
        return headlines, await outbox.only_quiet(subscriber.id)

    async def _news_of(self, stories: Sequence[int], now: datetime) -> list[Headline]:
        found = await self._storage.articles.of_stories(stories) if stories else []
        return [one for one in found if now - one.published < NEWS]

    def render(
        self, composed: Composed, subscriber: Subscriber, delivery_id: int, now: datetime
    ) -> Payload:
        """The digest's message; its buttons name the ledger's line."""
        front = replace(
            composed.front, delivery=delivery_id, offer=offers_important(subscriber, now)
        )
        rich = subscriber.layout is Layout.RICH and subscriber.rich_confirmed
        return fronts.digest(front, self.viewer(subscriber, now), self._press, rich=rich)

    def viewer(self, subscriber: Subscriber, now: datetime) -> Viewer:
        """For whom a message of a subscriber is rendered."""
        return Viewer(
            texts=self._texts[subscriber.language],
            zone=ZoneInfo(subscriber.zone),
            now=now,
            pictures=subscriber.pictures,
            bot=self.bot,
        )


def _keyed(
    candidates: Iterable[Headline], gone_on_with: Mapping[int, Sequence[int]]
) -> tuple[_Keyed, ...]:
    """Each candidate with the follows and mutes that it meets, its words aside.

    `gone_on_with`: the followed and muted stories that a story is the next news of.
    """
    return tuple(
        (
            one,
            (
                *headline_keys(one),
                *((FollowKind.STORY, str(before)) for before in gone_on_with.get(one.story_id, ())),
            ),
        )
        for one in candidates
    )


def _weighed(headline: Headline, now: datetime, *, followed: bool) -> _Weighed:
    return _Weighed(headline, (weight(headline, now, followed=followed), headline.search_key))


def _ranked(items: Iterable[_Weighed]) -> tuple[_Weighed, ...]:
    return tuple(sorted(items, key=lambda one: one.weight, reverse=True))


def offers_important(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the digest that a reader gets now offers alerts on important stories.

    Once, to a person who never chose alerts, and not at night.
    """
    if (
        subscriber.kind is not ChatKind.PRIVATE
        or subscriber.important_offered
        or subscriber.alerts is not Alerts.OFF
        or subscriber.digests + 1 < _OFFERED_WITH
    ):
        return False
    zone = ZoneInfo(subscriber.zone)
    if subscriber.quiet_from is not None:
        return not in_quiet(now, zone, subscriber.quiet_from, subscriber.quiet_to)
    return _NIGHT_ENDS <= now.astimezone(zone).hour < _NIGHT_BEGINS


def _composed(
    ranked: Sequence[_Weighed], limit: int, watermark: int, reading: Reading
) -> Composed | None:
    """The page of ranked stories; None where there are none."""
    if not ranked:
        return None
    headlines = [one.headline for one in ranked]
    shown = arrange(headlines, limit)
    front = front_page(shown, len(headlines) - len(shown), reading.topics)
    printed = [one.story_id for one in in_print_order(front)]
    on_page = frozenset(printed)
    rest = [one.story_id for one in headlines if one.story_id not in on_page]
    return Composed(front=front, stories=(*printed, *rest), watermark=watermark)


def sent_digest(
    delivery_id: int,
    composed: Composed,
    subscriber: Subscriber,
    message_id: int,
    at: datetime,
    *,
    offered: bool = False,
) -> Outcome:
    """The acknowledgement of a digest that was sent; `offered`: with the offer of alerts."""
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
        offered=offered,
    )
