"""Which follows and mutes a story meets, and how it comes to a reader. Pure.

    article's topic, source, story, words ─▶ keys ─▶ against what a reader follows ─▶ level

The same rule stands in SQL where audiences are found (`storage.owing`): words and stories decide
for themselves; a topic or source that is off silences the rest; "everything" speaks only where no
topic or source does. A story of a reader's own source is none of "everything" nor of a topic: its
source, its words and the story itself alone bring it, and to its owner alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.articles.rarity import usual
from bot.words.matching import near_in, phrase_in
from storage import FollowKind, Headline, Level, Tastes, Topic

Key = tuple[FollowKind, str]

_TELLING = 3.0
"""The rarity (−ln of the share of news that has it) from which a word tells what a title is about:
«мост», «переговоры», «Япония»; less do «новый», «дом», «Россия»."""

_APART = 3
"""Other words, stop-words aside, that may stand among a phrase's in a body: a sentence's middle."""

_EVERYTHING: Key = (FollowKind.EVERYTHING, "")
_RANK = {Level.OFF: 0, Level.DIGEST: 1, Level.NOW: 2, Level.SOUND: 3}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader follows and mutes, ready to be asked about many stories."""

    levels: dict[Key, Level]
    muted: frozenset[Key]

    @property
    def topics(self) -> frozenset[Topic]:
        """The topics that the reader follows by name."""
        return frozenset(
            Topic(key)
            for (kind, key), level in self.levels.items()
            if kind is FollowKind.TOPIC and level is not Level.OFF and key in set(Topic)
        )

    @property
    def phrases(self) -> tuple[str, ...]:
        """The phrases that stories must be searched for."""
        keys = {*self.levels, *self.muted}
        return tuple(sorted(key for kind, key in keys if kind is FollowKind.WORDS))


def reading_of(tastes: Tastes) -> Reading:
    """A reader's follows and mutes by key."""
    return Reading(
        levels={(FollowKind(kind), key): Level(level) for kind, key, level in tastes.follows},
        muted=frozenset((FollowKind(kind), key) for kind, key in tastes.mutes),
    )


def plain_keys(
    topic: Topic, source_domain: str, story_id: int, *, owner: int | None = None
) -> list[Key]:
    """The follows that a story meets by what it is, its words aside.

    `owner` is the reader whose own source tells it.
    """
    own: list[Key] = [(FollowKind.SOURCE, source_domain), (FollowKind.STORY, str(story_id))]
    if owner is not None:
        return own
    return [_EVERYTHING, (FollowKind.TOPIC, topic.value), *own]


def headline_keys(headline: Headline) -> list[Key]:
    """`plain_keys` of a headline."""
    return plain_keys(
        headline.topic, headline.source_domain, headline.story_id, owner=headline.owner
    )


def phrase_keys(phrases: Iterable[str], title: Sequence[str], body: Sequence[str]) -> list[Key]:
    """The phrases that stand in an article; title and body are normalised words.

    Side by side and in order. Where each of their words tells something, also in the title
    anywhere, and in the body near each other: «На Камчатке произошло землетрясение» is an
    earthquake in Kamchatka, «год в новом доме» no New Year.
    """
    in_title, in_body = frozenset(title), frozenset(body)
    found: list[Key] = []
    for phrase in phrases:
        words = phrase.split()
        titled, told = in_title.issuperset(words), in_body.issuperset(words)
        if (
            (titled and phrase_in(title, words))
            or (told and phrase_in(body, words))
            or ((titled or (told and near_in(body, words, _APART))) and _tell(words))
        ):
            found.append((FollowKind.WORDS, phrase))
    return found


def _tell(words: Sequence[str]) -> bool:
    return min(map(usual, words)) >= _TELLING


def level_of(keys: Collection[Key], reading: Reading) -> Level:
    """How a story with these keys comes to the reader; OFF where it does not."""
    if not reading.muted.isdisjoint(keys):
        return Level.OFF
    own = [
        level
        for key in keys
        if key[0] in (FollowKind.WORDS, FollowKind.STORY) and (level := reading.levels.get(key))
    ]
    narrow = [
        level
        for key in keys
        if key[0] in (FollowKind.TOPIC, FollowKind.SOURCE) and (level := reading.levels.get(key))
    ]
    if not narrow and _EVERYTHING in keys:
        narrow = [reading.levels.get(_EVERYTHING, Level.OFF)]
    if Level.OFF not in narrow:
        own += narrow
    return max(own, key=_RANK.__getitem__, default=Level.OFF)


def specific(keys: Collection[Key], reading: Reading) -> bool:
    """Whether the reader follows the story by more than "everything"."""
    return any(
        key[0] is not FollowKind.EVERYTHING and reading.levels.get(key, Level.OFF) is not Level.OFF
        for key in keys
    )
