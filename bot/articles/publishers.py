"""Publisher profiles: selectors that name the parts of one publisher's pages.

Each `profiles/*.toml` file is one page shape; CONTRIBUTING.md describes the keys. A profile serves
its publisher's domains and any page that bears one of its marks, because the shape is the
template's, not the address's: a page is read from an archive, a mirror or a test as well. A file
that cannot be used says so when it is loaded, by its name and the key at fault.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import turbohtml

from bot.articles.blocks import one_line

_KEYS = frozenset({"name", "domains", "zone", "junk", "tail", "marks", "selectors"})
_NEEDED = ("root", "body")
_PARTS = (
    *_NEEDED,
    "title",
    "subheadline",
    "standfirst",
    "unwanted",
    "author",
    "published",
    "updated",
    "rubric",
)
_NOTHING = re.compile(r"(?!)")


class ProfileError(ValueError):
    """A profile that cannot be used; says which file and which key."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a publisher's page keeps its parts: CSS selectors, tried in order, maybe none."""

    name: str
    domains: tuple[str, ...]
    marks: tuple[str, ...]  # each shows by itself that a page is of this shape
    root: tuple[str, ...]  # the element around the article
    body: tuple[str, ...]  # one or more elements around its text
    title: tuple[str, ...]
    subheadline: tuple[str, ...]
    standfirst: tuple[str, ...]
    unwanted: tuple[str, ...]  # insets, advertisements, lists of other stories
    author: tuple[str, ...]
    published: tuple[str, ...]  # elements with `datetime` or `content`
    updated: tuple[str, ...]
    rubric: tuple[str, ...]
    zone: ZoneInfo | None  # of times written without one
    junk: re.Pattern[str]  # a paragraph that begins so is no part of the article
    tail: re.Pattern[str]  # nor is one that begins so at the article's end


@cache
def shipped_profiles() -> tuple[Profile, ...]:
    """All profiles that the package brings; raises ProfileError."""
    found = sorted((files("bot.articles") / "profiles").iterdir(), key=lambda entry: entry.name)
    return tuple(
        read_profile(entry.name, entry.read_text("utf-8"))
        for entry in found
        if entry.name.endswith(".toml")
    )


def profile_for(
    url: str, document: turbohtml.Document, profiles: Iterable[Profile]
) -> Profile | None:
    """The profile of the address's domain, else the first whose mark the page bears, or None."""
    host = urlsplit(url).hostname or ""
    known = tuple(profiles)
    for profile in known:
        if any(host == name or host.endswith(f".{name}") for name in profile.domains):
            return profile
    for profile in known:
        if any(document.select_one(mark) is not None for mark in profile.marks):
            return profile
    return None


def elements_at(root: turbohtml.Node, selectors: Iterable[str]) -> list[turbohtml.Element]:
    """What the first of the selectors that finds anything finds, the outermost of nested ones."""
    for selector in selectors:
        if found := root.select(selector):
            chosen = set(found)
            return [element for element in found if not chosen.intersection(element.ancestors)]
    return []


def texts_at(root: turbohtml.Node, selectors: Iterable[str], *, besides: str = "") -> list[str]:
    """The texts, a line each, at the first of the selectors that finds any; a <meta>'s content.

    `besides`: a selector of elements in which nothing is looked for.
    """
    for selector in selectors:
        texts = [
            _text(element)
            for element in elements_at(root, (selector,))
            if not besides or element.closest(besides) is None
        ]
        if any(texts):
            return list(dict.fromkeys(filter(None, texts)))
    return []


def times_at(root: turbohtml.Node, selectors: Iterable[str]) -> list[str]:
    """The machine-readable times (`datetime`, else `content`) at the selectors, in order."""
    attributes = (
        element.attrs.get("datetime") or element.attrs.get("content")
        for selector in selectors
        for element in root.select(selector)
    )
    return [value for value in attributes if isinstance(value, str)]


def read_profile(file: str, text: str) -> Profile:
    """The profile that a file says; raises ProfileError, naming the file and the key."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{file} is no TOML: {error}") from error
    _refuse_unknown(file, "", data, _KEYS)
    parts = data.get("selectors", {})
    if not isinstance(parts, dict):
        raise ProfileError(f"{file}: selectors is no table")
    _refuse_unknown(file, "selectors.", parts, frozenset(_PARTS))
    selectors = {
        name: _selectors(file, f"selectors.{name}", parts.get(name, [])) for name in _PARTS
    }
    for name in _NEEDED:
        if not selectors[name]:
            raise ProfileError(f"{file}: selectors.{name} is missing")
    publisher = data.get("name")
    if not isinstance(publisher, str) or not publisher:
        raise ProfileError(f"{file}: name is missing")
    domains = _texts(file, "domains", data.get("domains", []))
    marks = _selectors(file, "marks", data.get("marks", []))
    if not domains and not marks:
        raise ProfileError(f"{file}: neither domains nor marks say whose pages it is for")
    return Profile(
        name=publisher,
        domains=tuple(domain.casefold() for domain in domains),
        marks=marks,
        zone=_zone(file, data.get("zone", "")),
        junk=_pattern(file, "junk", data.get("junk", "")),
        tail=_pattern(file, "tail", data.get("tail", "")),
        **selectors,
    )


def _text(element: turbohtml.Element) -> str:
    content = element.attrs.get("content") if element.tag == "meta" else None
    return one_line(content if isinstance(content, str) else element.text)


def _refuse_unknown(file: str, table: str, data: Mapping[str, Any], known: frozenset[str]) -> None:
    if unknown := sorted(data.keys() - known):
        keys = ", ".join(sorted(known))
        raise ProfileError(f"{file}: there is no key {table}{unknown[0]}; the keys are {keys}")


def _texts(file: str, key: str, value: object) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
        raise ProfileError(f"{file}: {key} must be a text or a list of texts")
    return tuple(values)


def _selectors(file: str, key: str, value: object) -> tuple[str, ...]:
    found = _texts(file, key, value)
    for selector in found:
        try:
            turbohtml.parse("").select_one(selector)
        except ValueError as error:
            raise ProfileError(f"{file}: {key}: {error}") from error
    return found


def _zone(file: str, name: object) -> ZoneInfo | None:
    if name == "":
        return None
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError) as error:
        raise ProfileError(f"{file}: zone: there is no time zone {name!r}") from error


def _pattern(file: str, key: str, pattern: object) -> re.Pattern[str]:
    if pattern == "":
        return _NOTHING
    try:
        return re.compile(str(pattern), re.IGNORECASE)
    except re.error as error:
        raise ProfileError(f"{file}: {key}: {error}") from error
