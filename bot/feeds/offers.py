"""What passes between a person who wants a feed added and those who look at it.

The records stand here because handlers ask and the newsroom answers, and neither knows the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.feeds.entries import FoundFeed


class Refusal(StrEnum):
    """Why an address is not added."""

    NO_ADDRESS = "no_address"  # the text is none, or none of the web
    NOT_ALLOWED = "not_allowed"  # the operator lets nobody add any
    TOO_MANY = "too_many"  # this reader has as many as the operator allows
    PUBLIC = "public"  # everybody has it: its source can be followed
    YOURS = "yours"  # this reader has it
    PRIVATE = "private"  # it leads into a private network
    NO_FEED = "no_feed"  # neither a feed, nor a page of a site that has one
    EMPTY = "empty"  # a feed without any entry
    UNREACHABLE = "unreachable"  # no answer, or one that says no


@dataclass(frozen=True, slots=True)
class Offer:
    """What an address turned out to be: a feed ready to be added, a choice, or a refusal.

    `url` is what is to be added. `titles` are its newest, fewer than `entries`. `source_id` is the
    source that has it already. `why` says more for the operator, in English; `most` is how many a
    reader may have.
    """

    url: str
    title: str = ""
    language: str = ""
    entries: int = 0
    titles: tuple[str, ...] = ()
    choices: tuple[FoundFeed, ...] = ()
    refusal: Refusal | None = None
    source_id: int | None = None
    why: str = ""
    most: int = 0

    @property
    def ready(self) -> bool:
        """Whether it may be added as it is."""
        return self.refusal is None and not self.choices


@dataclass(frozen=True, slots=True)
class Taken:
    """A feed that was added: it is read within seconds. `domain` is the key to follow it by."""

    feed_id: int
    source_id: int
    domain: str
    title: str
