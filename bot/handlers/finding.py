"""How a search is answered: what is asked for, a second try where it was mistyped, what to show.

    query ─▶ normalised words ─▶ the index ─▶ all words found? ─▶ hits
                                    └─ unknown words ─▶ other layout, Russian letters, nearest
                                       indexed terms ─▶ the index once more ─▶ hits, what was tried

A second try replaces what no article has, and stands only where it finds more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice

from bot.articles.blocks import plain_text
from bot.articles.rarity import usual
from bot.handlers.desk import Desk, Reader
from bot.messages import queries
from bot.messages.queries import Query, WrongOperator
from bot.words import slips
from bot.words.normaliser import Normaliser
from bot.words.stopwords import STOP_WORDS
from storage import Hits, NotFoundError, Wanted

_CORRECTED = 4  # mistyped words that are put right at most
_SAME_BEGINNING = 3  # letters that a slip of two letters leaves as they are
_CANDIDATES = 20  # indexed terms near a mistyped one whose articles are counted


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, and the words that were `tried` instead of the query's ("": none)."""

    hits: Hits
    tried: str = ""


async def read_query(desk: Desk, reader: Reader, text: str) -> Query | WrongOperator:
    """What the reader asks for, by the sources that the reader may name."""
    viewer = reader.viewer
    today = viewer.now.astimezone(viewer.zone).date()
    sources = await desk.storage.feeds.sources(reader=reader.subscriber.id)
    return queries.parse(text, desk.texts.values(), sources, today)


def wanted(query: Query, words: str, reader: Reader, normaliser: Normaliser) -> Wanted:
    """A query as the index knows it; `words` stand for its plain ones."""
    terms = tuple(normaliser.query_terms(words)) if words else ()
    phrases = [tuple(normaliser.tokens(phrase)) for phrase in query.phrases]
    without = [tuple(normaliser.tokens(phrase)) for phrase in query.without]
    return Wanted(
        terms=terms,
        rarity=tuple(map(usual, terms)),
        phrases=tuple(phrase for phrase in phrases if phrase),
        # «-и» would leave nothing.
        without=tuple(phrase for phrase in without if not STOP_WORDS.issuperset(phrase)),
        topics=query.topics,
        sources=query.sources,
        not_topics=query.not_topics,
        not_sources=query.not_sources,
        since=_midnight(query.after, reader),
        until=_midnight(query.before, reader),
    )


def marked_terms(asked: Wanted) -> frozenset[str]:
    """The tokens that are marked where they are found."""
    of_phrases = {token for phrase in asked.phrases for token in phrase if token not in STOP_WORDS}
    return frozenset(asked.terms) | of_phrases


async def find(desk: Desk, reader: Reader, query: Query, *, exactly: bool = False) -> Outcome:
    """What a query finds; unless `exactly`, with a second try where a word is in no article."""
    now, subscriber = reader.viewer.now, reader.subscriber.id
    asked = wanted(query, query.words, reader, desk.normaliser)
    hits = await desk.storage.search.find(asked, now=now, reader=subscriber)
    if exactly or hits.whole or not asked.terms:
        return Outcome(hits)
    for correction in await _corrections(desk, query.words):
        better = wanted(query, " ".join(correction.words), reader, desk.normaliser)
        found = await desk.storage.search.find(better, now=now, reader=subscriber)
        if found.whole or (found.keys and not hits.keys):
            return Outcome(found, await _in_words(desk, reader, correction, found))
    return Outcome(hits)


def _midnight(day: date | None, reader: Reader) -> datetime | None:
    zone = reader.viewer.zone
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)


# ---------------------------------------------------------------- what may have been meant


@dataclass(frozen=True, slots=True)
class _Correction:
    """The words of a query put right; `slips` are typed words by the indexed term meant.

    Of those it is only known how the index spells them: `words` hold the term.
    """

    words: tuple[str, ...]
    slips: tuple[tuple[str, str], ...] = ()


async def _corrections(desk: Desk, words: str) -> list[_Correction]:
    """What may have been meant, the likelier first."""
    chunks = words.split()
    terms = [desk.normaliser.query_terms(chunk) for chunk in chunks]
    known = await desk.storage.search.frequencies([term for one in terms for term in one])
    unknown = [
        at for at, own in enumerate(terms) if own and not all(term in known for term in own)
    ][:_CORRECTED]
    found = []
    put_right, mistyped = list(chunks), []
    for at in unknown:
        if meant := await _otherwise_written(desk, chunks[at]):
            put_right[at] = meant
        elif len(terms[at]) == 1 and (term := await _nearest(desk, chunks[at], terms[at][0])):
            put_right[at] = term
            mistyped.append((chunks[at], term))
    if put_right != chunks:
        found.append(_Correction(tuple(put_right), tuple(mistyped)))
    # «putin moskva» beside English news about Putin: no word of it need be unknown.
    turned = [await _otherwise_written(desk, chunk) or chunk for chunk in chunks[:_CORRECTED]]
    turned += chunks[_CORRECTED:]
    if turned not in (chunks, put_right):
        found.append(_Correction(tuple(turned)))
    return found


async def _otherwise_written(desk: Desk, chunk: str) -> str:
    """A word that the same keys, or the same sounds, give and some article has; "" for none."""
    spellings = [*slips.other_layout(chunk), *slips.in_russian_letters(chunk)]
    terms = {spelling: desk.normaliser.query_terms(spelling) for spelling in spellings}
    known = await desk.storage.search.frequencies(
        list(dict.fromkeys(term for own in terms.values() for term in own))
    )
    for spelling, own in terms.items():
        if own and all(term in known for term in own):
            return spelling
    return ""


async def _nearest(desk: Desk, typed: str, term: str) -> str:
    """The indexed term that a mistyped word most likely meant; "" for none.

    A Latin word that no English one is near may be a Russian one.
    """
    for mistyped in (term, *_russian_terms(desk.normaliser, typed)):
        if not slips.slips_allowed(mistyped):
            continue
        candidates = await desk.storage.search.resembling(
            mistyped, slips.edits(mistyped), _SAME_BEGINNING
        )
        near = slips.nearest(mistyped, candidates)[:_CANDIDATES]
        counts = await desk.storage.search.frequencies(near)
        if counts:
            nearest = slips.distance(mistyped, next(one for one in near if one in counts))
            as_near = [one for one in counts if slips.distance(mistyped, one) == nearest]
            return max(as_near, key=lambda one: (counts[one], one))
    return ""


def _russian_terms(normaliser: Normaliser, typed: str) -> list[str]:
    spellings = islice(slips.in_russian_letters(typed), 1)
    return [term for spelling in spellings for term in normaliser.query_terms(spelling)]


async def _in_words(desk: Desk, reader: Reader, correction: _Correction, found: Hits) -> str:
    """What was tried, as the reader is told: indexed terms in the form nearest to what was typed.

    A term is the stem of a word, which the articles that have it show.
    """
    words = list(correction.words)
    for typed, term in correction.slips:
        word = await _word_of(desk, reader, term, found.keys)
        forms = [
            form.word
            for reading in desk.normaliser.readings(word)[:1]
            for form in reading.lexeme
            if desk.normaliser.query_terms(form.word) == [term]
        ]
        meant = slips.closest_form(typed, forms or [word])
        words = [meant if one == term else one for one in words]
    return " ".join(words)


async def _word_of(desk: Desk, reader: Reader, term: str, keys: Sequence[int]) -> str:
    """A word of the found articles whose term it is; the term itself where none shows it."""
    headlines = await desk.storage.articles.by_keys(keys[:8], reader=reader.subscriber.id)
    texts = [f"{one.title} {one.summary}" for one in headlines]
    if word := _first_word(texts, term, desk.normaliser):
        return word
    for one in headlines[:2]:
        try:
            article = await desk.storage.articles.get(one.article_id)
        except NotFoundError:
            continue
        if word := _first_word([plain_text(article.body)], term, desk.normaliser):
            return word
    return term


def _first_word(texts: Sequence[str], term: str, normaliser: Normaliser) -> str:
    for text in texts:
        for word in normaliser.words(text):
            if word.token == term:
                return text[word.start : word.end].lower()
    return ""
