"""How a search is answered: what is asked for, a second try where it was mistyped, what to show.

    query ─▶ normalised words ─▶ the index ─▶ all words found? ─▶ hits
                                    └─ unknown words ─▶ other layout, Russian letters, nearest
                                       indexed terms ─▶ the index once more ─▶ hits, what was tried

A second try replaces what no article has, and stands only where it finds more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import islice
from operator import itemgetter

from bot.articles.blocks import plain_text
from bot.articles.rarity import usual
from bot.handlers.desk import Desk
from bot.messages import queries
from bot.messages.queries import Query, WrongOperator
from bot.messages.texts import Viewer
from bot.words import slips
from bot.words.normaliser import Normaliser, fold
from bot.words.stopwords import STOP_WORDS
from storage import Hits, NotFoundError, Wanted

_PUT_RIGHT = 8  # words that are tried in another layout or in other letters
_MISTYPED = 3  # mistyped words that are put right
_SHORTEST, _LONGEST = 4, 32  # letters of them
_SAME_BEGINNING = 3  # letters that a slip of two letters leaves as they are
_CANDIDATES, _DISTANCES = 20, 4  # indexed terms near a mistyped word whose articles are counted


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found, and the words that were `tried` instead of the query's ("": none)."""

    hits: Hits
    tried: str = ""


async def read_query(
    desk: Desk, viewer: Viewer, owner: int | None, text: str
) -> Query | WrongOperator:
    """What is asked for, by the sources that may be named: public ones, and the `owner`'s."""
    today = viewer.now.astimezone(viewer.zone).date()
    # Sources are named by an operator alone.
    sources = await desk.storage.feeds.sources(reader=owner) if ":" in text else []
    return queries.parse(text, desk.texts.values(), sources, today)


def wanted(query: Query, words: str, viewer: Viewer, normaliser: Normaliser) -> Wanted:
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
        since=_midnight(query.after, viewer),
        until=_midnight(query.before, viewer),
    )


def marked_terms(asked: Wanted) -> frozenset[str]:
    """The tokens that are marked where they are found."""
    of_phrases = {token for phrase in asked.phrases for token in phrase if token not in STOP_WORDS}
    return frozenset(asked.terms) | of_phrases


async def find(
    desk: Desk,
    viewer: Viewer,
    owner: int | None,
    query: Query,
    *,
    exactly: bool = False,
    before_key: int | None = None,
) -> Outcome:
    """What a query finds among public articles and the `owner`'s, unless newer than `before_key`.

    Unless `exactly`, with a second try where a word is in no article.
    """
    search = desk.storage.search
    found_by = partial(search.find, now=viewer.now, before_key=before_key, reader=owner)
    asked = wanted(query, query.words, viewer, desk.normaliser)
    hits: Hits | None = None
    # With a word that no article has, little is found at best: first what may have been meant.
    if exactly or (await search.known(asked.terms)).issuperset(asked.terms):
        hits = await found_by(asked)
        if exactly or hits.whole or not asked.terms:
            return Outcome(hits)
    partly: tuple[_Correction, Hits] | None = None
    for correction in await _corrections(desk, query.words):
        terms = tuple(dict.fromkeys(term for own in correction.terms for term in own))
        better = replace(asked, terms=terms, rarity=tuple(map(usual, terms)))
        found = await found_by(better)
        if found.whole:
            return Outcome(found, await _in_words(desk, owner, correction, found))
        if found.keys and partly is None:
            partly = correction, found
    if hits is None:
        hits = await found_by(asked)
    if partly is None or hits.keys:
        return Outcome(hits)
    return Outcome(partly[1], await _in_words(desk, owner, *partly))


def _midnight(day: date | None, viewer: Viewer) -> datetime | None:
    zone = viewer.zone
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)


# ---------------------------------------------------------------- what may have been meant


@dataclass(frozen=True, slots=True)
class _Correction:
    """The words of a query put right, with the terms of each.

    Of the words at `slips` only the term is known: they still are as they were typed.
    """

    words: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]
    slips: tuple[int, ...] = ()


async def _corrections(desk: Desk, words: str) -> list[_Correction]:
    """What may have been meant, the likelier first."""
    chunks = words.split()
    terms = [_terms(desk, chunk) for chunk in chunks]
    known = await desk.storage.search.known([term for own in terms for term in own])
    otherwise = {
        chunk: await _otherwise_written(desk, chunk)
        for chunk in islice(dict.fromkeys(chunks), _PUT_RIGHT)
    }
    put_right, meant = list(chunks), list(terms)
    slipped: list[int] = []
    for at, own in enumerate(terms):
        if known.issuperset(own) or chunks[at] not in otherwise:
            continue
        if other := otherwise[chunks[at]]:
            put_right[at], meant[at] = other, _terms(desk, other)
        elif (
            len(slipped) < _MISTYPED
            and len(own) == 1
            and (term := await _nearest(desk, chunks[at], own[0]))
        ):
            meant[at] = (term,)
            slipped.append(at)
    found = []
    if meant != terms:
        found.append(_Correction(tuple(put_right), tuple(meant), tuple(slipped)))
    # «putin moskva» beside English news about Putin: no word of it need be unknown.
    turned = [otherwise.get(chunk) or chunk for chunk in chunks]
    if turned not in (chunks, put_right):
        own_terms = tuple(_terms(desk, chunk) for chunk in turned)
        found.append(_Correction(tuple(turned), own_terms))
    return found


def _terms(desk: Desk, chunk: str) -> tuple[str, ...]:
    """The terms of a word, or of the parts of one with a hyphen; () of a stop-word."""
    terms = desk.normaliser.query_terms(chunk)
    return () if STOP_WORDS.issuperset(terms) else tuple(terms)


async def _otherwise_written(desk: Desk, chunk: str) -> str:
    """A word that the same keys, or the same sounds, give and some article has; "" for none."""
    if len(chunk) > _LONGEST:
        return ""
    spellings = [*slips.other_layout(chunk), *slips.in_russian_letters(chunk)]
    terms = {spelling: desk.normaliser.query_terms(spelling) for spelling in spellings}
    known = await desk.storage.search.known([term for own in terms.values() for term in own])
    written = [one for one, own in terms.items() if own and known.issuperset(own)]
    in_dictionary = (one for one in written if desk.normaliser.readings(one)[0].is_known)
    return next(in_dictionary, written[0] if written else "")


async def _nearest(desk: Desk, typed: str, term: str) -> str:
    """The indexed term that a mistyped word most likely meant; "" for none.

    A Latin word may be an English one, or a Russian one in other letters.
    """
    if len(typed) > _LONGEST:  # its edits are ten thousand, and no indexed term is near any
        return ""
    near: list[tuple[tuple[int, int], list[str]]] = []
    for word in (typed, *slips.in_russian_letters(typed)[:1]):
        plain = fold(word)
        own = term if word == typed else desk.normaliser.text(word)
        if not _SHORTEST <= len(plain) <= _LONGEST or " " in own:  # other letters may be more
            continue
        candidates = await desk.storage.search.resembling(
            plain, [*slips.edits(own), *slips.edits(plain)], _SAME_BEGINNING
        )
        near += slips.nearest(plain, own, candidates)
    for _apart, terms in sorted(near, key=itemgetter(0))[:_DISTANCES]:
        counts = await desk.storage.search.frequencies(terms[:_CANDIDATES])
        if counts:
            return max(counts, key=lambda one: (counts[one], one))
    return ""


async def _in_words(desk: Desk, owner: int | None, correction: _Correction, found: Hits) -> str:
    """What was tried, as the reader is told: indexed terms in the form nearest to what was typed.

    A term is the stem of a word, which the articles that have it show.
    """
    words = list(correction.words)
    for at in correction.slips:
        typed, (term,) = words[at], correction.terms[at]
        word = await _word_of(desk, owner, term, found.keys)
        forms = [
            form.word
            for reading in desk.normaliser.readings(word)[:1]
            for form in reading.lexeme
            if desk.normaliser.query_terms(form.word) == [term]
        ]
        words[at] = slips.closest_form(typed, forms or [word])
    return " ".join(words)


async def _word_of(desk: Desk, owner: int | None, term: str, keys: Sequence[int]) -> str:
    """A word of the found articles whose term it is; the term itself where none shows it."""
    headlines = await desk.storage.articles.by_keys(keys[:8], reader=owner)
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
    # Nearly every form begins as its term does, and analysing all words takes long.
    alike = re.compile(rf"\b{re.escape(term[:_SAME_BEGINNING])}\w*")
    for text in texts:
        for word in alike.findall(text.lower().replace("ё", "е")):
            if normaliser.text(word) == term:
                return str(word)
    return ""
