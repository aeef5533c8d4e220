"""Why a feed could not be read.

FeedError
├── NotAFeedError      a web page, or nothing at all
└── HostileFeedError   it declares entities, or is built to keep its reader busy
"""


class FeedError(Exception):
    """The document cannot be used; the message tells the operator why and what to do."""


class NotAFeedError(FeedError):
    """The document is no RSS, RDF, Atom or JSON feed."""


class HostileFeedError(FeedError):
    """The document holds what serves attacks on parsers and nothing else."""
