"""Publisher profiles: selectors that name the parts of one publisher's pages.

Each `profiles/*.toml` file is one page shape. A profile serves the publisher's own domains and
any page that has its `root` element, because the shape is the publisher's template, not its name.
"""

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

import turbohtml

from bot.articles.blocks import one_line


@dataclass(frozen=True, slots=True)
class Profile:
    """Where a publisher's page keeps its parts: CSS selectors, "" where it has no such part."""

    name: str
    domains: tuple[str, ...]
    root: str
    title: str
    subheadline: str
    standfirst: str
    body: str
    unwanted: str  # inside the body: insets, advertisements
    author: str
    published: str  # an element with `datetime`
    rubric: str
    zone: str  # of times written without one
    junk: re.Pattern[str]  # a paragraph that starts so is no part of the article


def load_profiles() -> tuple[Profile, ...]:
    """All profiles that the package brings."""
    found = sorted(
        (entry for entry in (files("bot.articles") / "profiles").iterdir()),
        key=lambda entry: entry.name,
    )
    return tuple(_profile(entry.read_text("utf-8")) for entry in found if ".toml" in entry.name)


def profile_for(
    url: str, document: turbohtml.Document, profiles: tuple[Profile, ...]
) -> Profile | None:
    """The profile whose root element the page has, its own domain's first."""
    host = urlsplit(url).hostname or ""

    def foreign(profile: Profile) -> bool:
        return not any(host == name or host.endswith(f".{name}") for name in profile.domains)

    for profile in sorted(profiles, key=foreign):
        if document.select_one(profile.root) is not None:
            return profile
    return None


def text_at(root: turbohtml.Node, selector: str) -> str:
    """The first non-empty text that the selector finds, on one line."""
    found = root.select(selector) if selector else []
    return next((text for element in found if (text := one_line(element.text))), "")


def _profile(text: str) -> Profile:
    data = tomllib.loads(text)
    parts = data["selectors"]
    return Profile(
        name=data["name"],
        domains=tuple(data["domains"]),
        root=parts["root"],
        title=parts.get("title", ""),
        subheadline=parts.get("subheadline", ""),
        standfirst=parts.get("standfirst", ""),
        body=parts.get("body", ""),
        unwanted=parts.get("unwanted", ""),
        author=parts.get("author", ""),
        published=parts.get("published", ""),
        rubric=parts.get("rubric", ""),
        zone=data.get("zone", ""),
        junk=re.compile(data.get("junk", r"\A\Z.")),
    )
