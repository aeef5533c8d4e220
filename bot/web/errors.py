"""What can go wrong between newsboy and a publisher's server.

    FetchError
    ├── BadUrlError             the text is no address that newsboy may ask
    ├── ForbiddenAddressError   it leads into a private network
    ├── RobotsForbidError       the publisher's robots.txt forbids the page
    ├── HostPausedError         the host asked to be left alone for a while
    ├── UnreachableError        no name, no route, no connection, no valid certificate
    ├── TimedOutError           the whole answer took too long
    ├── TooLargeError           the answer, decompressed, passed the cap
    ├── TooManyRedirectsError   a chain or a ring of redirects
    └── BadReplyError           what came back is not valid HTTP

Every message is written for the operator: the cause, then what can be done. A status such as
404 or 503 is an answer, not an error: see `bot.web.fetcher.Response.status`.
"""


class FetchError(Exception):
    """Anything that kept an answer from arriving."""


class BadUrlError(FetchError):
    """The text is not an http(s) address that newsboy may ask."""


class ForbiddenAddressError(FetchError):
    """The address leads into a private, local or otherwise non-public network."""


class RobotsForbidError(FetchError):
    """The publisher's robots.txt forbids the page."""


class HostPausedError(FetchError):
    """The host asked for a pause that is not over; `seconds` of it are left."""

    def __init__(self, text: str, *, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


class UnreachableError(FetchError):
    """No connection: unknown name, no route, refused, or a certificate that does not hold."""


class TimedOutError(FetchError):
    """The answer was not whole within the time allowed."""


class TooLargeError(FetchError):
    """The decompressed answer passed the size cap."""


class TooManyRedirectsError(FetchError):
    """The server redirected more often than is sane."""


class BadReplyError(FetchError):
    """The server's answer is not valid HTTP, or its compression is broken."""
