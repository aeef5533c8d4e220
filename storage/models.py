"""The vocabulary that both packages share: frozen records and enums, no behaviour.

Times are aware UTC datetimes here and integer epoch seconds in the database. Texts are plain
text (no markup); the only place for emphasis and links is a `Span`. Ids are the database's.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# ---------------------------------------------------------------- an article's body: blocks


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style; `link` is an absolute http(s) address or None."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of running text."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside the body; `level` 2 is the highest (1 is the article's title)."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Quote:
    """A block quotation of one or more paragraphs, with the person quoted where known."""

    paragraphs: tuple[tuple[Span, ...], ...]
    credit: str = ""


@dataclass(frozen=True, slots=True)
class ListBlock:
    """A list; each item is a line of spans."""

    items: tuple[tuple[Span, ...], ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class PictureBlock:
    """A picture at its place in the body."""

    url: str
    caption: str = ""
    credit: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of plain texts, row by row; the first row is the head where `header`."""

    rows: tuple[tuple[str, ...], ...]
    header: bool = False


@dataclass(frozen=True, slots=True)
class Preformatted:
    """Text whose line breaks and spaces matter."""

    text: str


@dataclass(frozen=True, slots=True)
class Embed:
    """Something that lives elsewhere (a video, a post): a link and what it is called."""

    link: str
    label: str


Block = Paragraph | Heading | Quote | ListBlock | PictureBlock | Table | Preformatted | Embed

# ---------------------------------------------------------------- enums


class Topic(StrEnum):
    """The product's topics; a publisher's rubric is mapped to one of them."""

    POLITICS = "politics"
    ECONOMY = "economy"
    SOCIETY = "society"
    WORLD = "world"
    INCIDENTS = "incidents"
    SPORT = "sport"
    CULTURE = "culture"
    SCIENCE = "science"
    TECHNOLOGY = "technology"
    LIFE = "life"
    OTHER = "other"


class FeedState(StrEnum):
    """Whether a feed is polled."""

    ACTIVE = "active"
    REMOVED = "removed"  # by command: stays so until added by command
    GONE = "gone"  # the server said 410
    ARCHIVE = "archive"  # never polled: an imported archive hangs on it


class BodyFrom(StrEnum):
    """Where an article's body came from."""

    PAGE = "page"
    FEED = "feed"
    NONE = "none"


class ArticleState(StrEnum):
    """An article's life."""

    LIVE = "live"
    CORRECTED = "corrected"
    GONE = "gone"


class Reading(StrEnum):
    """How much of a source's articles may be shown."""

    FULL = "full"
    SUMMARY = "summary"
    HEADLINE = "headline"


class Level(StrEnum):
    """How what is followed comes."""

    OFF = "off"
    DIGEST = "digest"
    NOW = "now"
    SOUND = "sound"


class Alerts(StrEnum):
    """Which follows come at once whatever their level."""

    ON = "on"
    IMPORTANT = "important"
    OFF = "off"


class FollowKind(StrEnum):
    """What can be followed or muted."""

    EVERYTHING = "everything"
    TOPIC = "topic"
    SOURCE = "source"
    WORDS = "words"
    STORY = "story"


class Layout(StrEnum):
    """How long texts are shown to a subscriber, and how a message is made."""

    CLASSIC = "classic"
    RICH = "rich"
    PHOTO = "photo"  # of a message alone: its text is a caption


class SubscriberState(StrEnum):
    """Whether anything is sent to a subscriber unasked."""

    ACTIVE = "active"
    STOPPED = "stopped"  # by /stop
    PAUSED = "paused"  # Telegram says that the chat cannot be reached; revived by any sign of life


class ChatKind(StrEnum):
    """Telegram's kinds of chats."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


class DeliveryKind(StrEnum):
    """What a delivery is."""

    PUSH = "push"
    DIGEST = "digest"
    BROADCAST = "broadcast"


class DeliveryState(StrEnum):
    """A delivery's life; the row is the ledger and stays after it ended."""

    OWED = "owed"
    CLAIMED = "claimed"  # in flight: after a crash it is owed again
    SENT = "sent"
    DEFERRED = "deferred"  # held back by quiet hours or a cap: the next digest brings it
    CANCELLED = "cancelled"
    EMPTY = "empty"
    FAILED = "failed"


class EditionMode(StrEnum):
    """How news comes to a channel."""

    OFF = "off"
    APPROVAL = "approval"  # each post once somebody approves of it
    AUTO = "auto"


class View(StrEnum):
    """What a sent message shows now."""

    PUSH = "push"
    CARD = "card"
    FULL = "full"
    DIGEST = "digest"
    ASIDE = "aside"  # what its buttons opened in its place: what is related, what can be hidden


# ---------------------------------------------------------------- sources, feeds, entries


@dataclass(frozen=True, slots=True)
class Source:
    """The publisher behind one or more feeds. `domain` is its key («gazeta.ru»)."""

    id: int
    domain: str
    title: str
    language: str  # ISO 639-1, or "" while unknown
    reading: Reading
    owner: int | None = None  # the subscriber whose own source it is
    newest: datetime | None = None  # its newest article, where the query asked for it


@dataclass(frozen=True, slots=True)
class FeedHints:
    """What a feed says about when to ask it: `ttl` in seconds; hours and weekdays UTC, 0 Monday."""

    ttl: int | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Feed:
    """A URL that is polled, with what the last poll left."""

    id: int
    source_id: int
    url: str
    title: str
    state: FeedState
    etag: str | None
    modified: str | None  # Last-Modified, byte for byte
    body_hash: str | None
    interval: int  # seconds
    due: datetime
    checked: datetime | None
    succeeded: datetime | None
    failures: int  # in a row
    error: str | None
    entries: int  # known entries, where the query asked for it
    moved_to: str | None = None  # a permanent redirect's target seen once
    owner: int | None = None  # the subscriber whose own feed it is
    problems: tuple[str, ...] = ()  # what the last reading left out, and why
    hints: FeedHints = FeedHints()  # of the last reading
    usual: float = 0.0  # new entries a reading, on average
    readings: int = 0  # that the average was made of


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What a poll learned about its feed; saved after the articles that it announced."""

    feed_id: int
    checked: datetime
    due: datetime
    interval: int
    ok: bool
    error: str | None = None
    etag: str | None = None
    modified: str | None = None
    body_hash: str | None = None
    title: str | None = None
    source_title: str | None = None
    language: str | None = None
    gone: bool = False
    moved_to: str | None = None
    new_url: str | None = None  # the address to poll from now on
    problems: tuple[str, ...] | None = None  # None: as before, and so below
    hints: FeedHints | None = None
    usual: float | None = None
    readings: int | None = None


@dataclass(frozen=True, slots=True)
class EntryKey:
    """What identifies an entry: its feed's guid, its canonical URL, its title's hash."""

    guid: str
    url: str
    title_hash: str


# ---------------------------------------------------------------- articles and stories


@dataclass(frozen=True, slots=True)
class ArticleDraft:
    """An article ready to be stored; made by the newsroom, without ids."""

    feed_id: int
    source_id: int
    key: EntryKey
    url: str
    title: str
    published: datetime
    fetched: datetime
    language: str
    subheadline: str = ""
    standfirst: str = ""
    summary: str = ""
    body: tuple[Block, ...] = ()
    body_from: BodyFrom = BodyFrom.NONE
    author: str = ""
    image: PictureBlock | None = None
    topic: Topic = Topic.OTHER
    rubric: str = ""
    labels: tuple[str, ...] = ()  # the publisher's age marks and legal notices
    cited: tuple[str, ...] = ()  # agencies cited
    people: tuple[str, ...] = ()  # named in it, most mentioned first
    words: int = 0  # of title, standfirst and body: the reading time's measure
    signature: bytes = b""  # of its text, to find reprints; see bot.articles.likeness
    updated: datetime | None = None
    content_hash: str = ""
    page_error: str | None = None
    page_tries: int = 0
    page_due: datetime | None = None  # when the page is asked for again
    missing: datetime | None = None  # since when the page answers that it is not there (404, 410)
    gone: bool = False  # that it is gone for good; not kept: see `Articles.lose`
    search_title: str = ""  # normalised by bot.words
    search_body: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A stored article, whole."""

    id: int
    story_id: int
    feed_id: int
    source_id: int
    source: str  # the source's title
    source_domain: str
    reading: Reading
    url: str
    guid: str
    title: str
    subheadline: str
    standfirst: str
    summary: str
    body: tuple[Block, ...]
    body_from: BodyFrom
    author: str
    image: PictureBlock | None
    topic: Topic
    rubric: str
    language: str
    labels: tuple[str, ...]
    cited: tuple[str, ...]
    state: ArticleState
    revision: int
    published: datetime
    updated: datetime | None
    fetched: datetime
    content_hash: str
    page_error: str | None
    page_tries: int
    sources_in_story: int = 1
    owner: int | None = None  # the subscriber alone who may see it
    people: tuple[str, ...] = ()
    words: int = 0
    signature: bytes = b""
    important: bool = False  # its story is: several sources told it within the hour
    missing: datetime | None = None  # since when its page answers that it is not there


@dataclass(frozen=True, slots=True)
class Headline:
    """An article's line in a list."""

    article_id: int
    story_id: int
    title: str
    summary: str
    source: str
    source_domain: str
    url: str
    topic: Topic
    language: str
    published: datetime
    image_url: str | None
    sources_in_story: int
    articles_in_story: int
    search_key: int  # the order of lists: rises with the published time
    important: bool = False  # several sources told the story within the hour
    owner: int | None = None  # the subscriber alone who may see it
    gone: bool = False  # its page is no longer there


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for; all words are normalised tokens.

    `rarity` says how much each of the `terms` tells, in their order; () for all the same. The
    tokens of each of the `phrases` stand side by side; none of `without` may occur, as words or
    phrases. Topics and sources are any of those named; `since` belongs to the span, `until` not.
    """

    terms: tuple[str, ...] = ()
    rarity: tuple[float, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    without: tuple[tuple[str, ...], ...] = ()
    topics: tuple[Topic, ...] = ()
    sources: tuple[int, ...] = ()
    not_topics: tuple[Topic, ...] = ()
    not_sources: tuple[int, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found: search keys, best first, of which the first `whole` have all words."""

    keys: tuple[int, ...] = ()
    whole: int = 0


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """What was typed, under an id; of a search, what was `tried` instead ("": nothing), and found.

    `found` are article ids, best first; None where a text was kept alone, or where an earlier
    version kept of a search only the `newest` search key when it was asked.
    """

    text: str
    tried: str = ""
    found: tuple[int, ...] | None = None
    whole: int = 0
    newest: int | None = None


@dataclass(frozen=True, slots=True)
class PendingPage:
    """An article whose page is to be asked for (again).

    It failed, or it is looked whether it is still there: then the draft's body is the page's.
    """

    article_id: int
    draft: ArticleDraft
    told: datetime | None = None  # when its push was owed, if it owed one
    state: ArticleState = ArticleState.LIVE


@dataclass(frozen=True, slots=True)
class StoryCandidate:
    """A stored article that a new one is compared with: do they tell the same story?"""

    article_id: int
    story_id: int
    source_id: int
    title: str
    summary: str
    language: str
    published: datetime
    story_begun: datetime
    signature: bytes = b""
    leads: bool = True  # stands for its story in lists
    standfirst: str = ""
    text: str = ""  # what its body begins with, 1,500 characters at most


@dataclass(frozen=True, slots=True)
class Revision:
    """A text that a publisher's correction replaced; `changed` names the parts that differ."""

    article_id: int
    number: int
    title: str
    subheadline: str
    standfirst: str
    body: tuple[Block, ...]
    replaced: datetime
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a picture's address. `file_id` is Telegram's, once it was uploaded."""

    url: str
    width: int | None = None
    height: int | None = None
    checked: datetime | None = None
    bad: bool = False
    file_id: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A publisher's change of an article, until the messages that show it have been edited.

    `changed` names the parts that differ, and `THE_PAGE` where the page went or came back.
    """

    id: int
    article_id: int
    story_id: int
    revision: int
    changed: tuple[str, ...]
    created: datetime
    cursor: int  # the last delivery looked at
    waits: bool = False  # some that were being sent when it was made are so still
    plain: frozenset[int] = frozenset()  # the article's pushes that went as plain text


class NoticeKind(StrEnum):
    """What the admins are told by themselves, in a line each.

    The subject is a feed's address, or a source's domain, or "" for the bot itself; the details,
    all texts, stand beside each kind. What befalls a reader's own feed is that reader's affair and
    owes none.
    """

    BRAKED = "braked"  # brought ten times the usual; nothing pushed: new, usual, matched (known)
    FAILING = "failing"  # for a day: error, since (ISO 8601; "" where it never worked)
    GONE = "gone"  # 410, polled no more: title
    MOVED = "moved"  # polled at its new address from now on: to
    VANISHED = "vanished"  # of a source's pages too many at once to be believed: pages
    BULK_RESTS = "bulk rests"  # Telegram asked for it, for over a minute: until (ISO 8601)
    BULK_GOES_ON = "bulk goes on"  # and that is over


@dataclass(frozen=True, slots=True)
class Notice:
    """One line owed to the admins: what kind of event, about what, with which details.

    `kind` is a `NoticeKind`, or one that a newer version wrote.
    """

    id: int
    kind: str
    subject: str
    details: tuple[tuple[str, str], ...]
    created: datetime


@dataclass(frozen=True, slots=True)
class HubSubscription:
    """A feed's subscription at a hub (WebSub): `callback` and `secret` are unguessable."""

    feed_id: int
    hub: str
    topic: str
    callback: str
    secret: str
    state: str  # asked, active, refused
    due: datetime
    expires: datetime | None
    failures: int


@dataclass(frozen=True, slots=True)
class PushPlan:
    """That a new story is to be told at once, and until when that makes sense."""

    expires: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing a draft did."""

    article_id: int
    story_id: int
    new: bool
    push_id: int | None = None


# ---------------------------------------------------------------- readers


@dataclass(frozen=True, slots=True)
class Slot:
    """A digest's local time. `weekdays` is a mask, bit 0 Monday; `minute` is of the day."""

    id: int
    subscriber_id: int
    minute: int
    weekdays: int
    silent: bool
    due: datetime
    fired: datetime | None = None


@dataclass(frozen=True, slots=True)
class SlotDue:
    """A digest time that has come, and what its next one asks of the reader's settings."""

    slot: Slot
    zone: str
    state: SubscriberState


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """A slot as a reader asks for it."""

    minute: int
    weekdays: int
    silent: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a subscriber follows. `key` is normalised, `label` is as the reader wrote it."""

    subscriber_id: int
    kind: FollowKind
    key: str
    label: str
    level: Level


@dataclass(frozen=True, slots=True)
class Mute:
    """What a subscriber does not want to see, for ever where `expires` is None."""

    subscriber_id: int
    kind: FollowKind
    key: str
    label: str
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A chat that receives (or a thread of it), with its settings."""

    id: int
    chat_id: int
    thread_id: int  # 0: the chat itself
    kind: ChatKind
    title: str
    state: SubscriberState
    paused_reason: str | None
    language: str  # of the interface
    language_chosen: bool
    news_language: str  # ISO code, or "all"
    zone: str
    zone_chosen: bool
    alerts: Alerts
    quiet_from: int | None  # minute of the day; None: no quiet hours
    quiet_to: int | None
    hourly: int | None  # pushes an hour; None: no cap
    daily: int | None
    headlines: int  # of a digest
    silent: bool
    pictures: bool
    layout: Layout
    rich_confirmed: bool
    watermark: int  # the last article id that a digest looked at
    created: datetime
    missed: datetime | None = None  # when Telegram first said that there is no such chat
    digests: int = 0  # sent so far
    important_offered: bool = False  # alerts on important stories, or they chose alerts themselves
    rich_offered: bool = False  # the sample, under a text, or they answered it already


@dataclass(frozen=True, slots=True)
class SubscriberDefaults:
    """What a new subscriber starts with."""

    language: str
    news_language: str
    zone: str
    alerts: Alerts
    quiet_from: int | None
    quiet_to: int | None
    hourly: int | None
    daily: int | None
    headlines: int = 7
    slots: tuple[SlotPlan, ...] = ()
    slot_dues: tuple[datetime, ...] = ()  # the first instant of each slot


# ---------------------------------------------------------------- deliveries


@dataclass(frozen=True, slots=True)
class Push:
    """One story owed at once to whoever follows it; expanded into deliveries by chunks."""

    id: int
    story_id: int
    article_id: int
    created: datetime
    expires: datetime
    cursor: int  # the last subscriber id looked at
    keys: tuple[tuple[FollowKind, str], ...] | None  # the follows that it meets, once matched


@dataclass(frozen=True, slots=True)
class Broadcast:
    """An operator's message to all active readers; expanded into deliveries by chunks."""

    id: int
    text: str
    author: int  # the person's Telegram id
    created: datetime
    expires: datetime
    cursor: int  # the last subscriber id looked at
    confirmed: datetime | None = None  # None: shown to its author only
    message_id: int | None = None  # in the author's chat: says how far it is; 0: it is gone


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one subscriber; after sending, the ledger's line of it."""

    id: int
    subscriber_id: int
    kind: DeliveryKind
    state: DeliveryState
    due: datetime
    expires: datetime
    attempts: int
    push_id: int | None = None
    story_id: int | None = None
    article_id: int | None = None
    slot_id: int | None = None
    scheduled: datetime | None = None
    since: int | None = None
    sound: bool = False
    message_id: int | None = None
    stories: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()  # ids of the messages that hold the full text
    view: View | None = None
    reason: str | None = None
    layout: Layout | None = None  # as it was sent, and so is `language` (of the interface)
    language: str | None = None
    broadcast_id: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed delivery with all that the recheck before sending needs."""

    delivery: Delivery
    subscriber: Subscriber
    followed: bool  # a push's: something followed still asks for it at once
    muted: bool
    told: bool  # a digest told the story meanwhile
    live: bool  # the article is there and not gone; the broadcast is not called off
    revision: int  # of the article when it was claimed, 0 without one
    sent_hour: int  # pushes sent to this subscriber in the last hour; counted where it has a cap
    sent_day: int
    next_digest: datetime | None  # to a push, now where a digest is owed already
    understood: bool = True  # a push's: the story is in the reader's news language
    published: datetime | None = None  # the article
    others: bool = (
        False  # a push's that is late: more of the reader's are owed, or a merged message
    )
    plain: bool = False  # a push's: its markup was refused, it goes as plain text
    text: str = ""  # a broadcast's
    urged: bool = False  # a push's: it comes at once for being important, and by no follow's level
    urged_day: int = 0  # important pushes sent to this subscriber in the last day
    edition: EditionMode | None = None  # a channel's
    approved: bool = False  # a channel's post: somebody approved of it
    words: str = ""  # a channel's post: an editor's, instead of the article's


@dataclass(frozen=True, slots=True)
class DigestOwed:
    """A slot that fired: the digest to owe (where `wanted`) and when the slot is due next."""

    slot_id: int
    subscriber_id: int
    scheduled: datetime
    next_due: datetime
    expires: datetime
    sound: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a claimed delivery ended, or when it is to be tried again (`state` owed, `due`).

    One that ended with `due` owes its reader a merged message of what is held back at that time.
    """

    delivery_id: int
    state: DeliveryState
    at: datetime
    reason: str | None = None
    due: datetime | None = None
    message_id: int | None = None
    layout: Layout | None = None
    language: str | None = None
    view: View | None = None
    tried: bool = True  # of an owed one; False: it only waited, and that is no failed attempt
    stories: tuple[int, ...] = ()  # a digest's, told
    watermark: int | None = None  # a digest's, reached
    offered: bool = False  # a digest's: it offered alerts on important stories


@dataclass(frozen=True, slots=True)
class ClaimBatch:
    """One tick of the sender: what came back, and how many deliveries to claim next."""

    outcomes: tuple[Outcome, ...] = ()
    paused: tuple[tuple[int, str], ...] = ()  # (chat, reason)
    silenced: tuple[tuple[int, str], ...] = ()  # (subscriber, reason): that thread alone
    missed: tuple[tuple[int, str], ...] = ()  # (chat not found, reason)
    found: tuple[int, ...] = ()  # chats that were missed, and are there after all
    migrated: tuple[tuple[int, int], ...] = ()  # (old chat, new chat)
    waits: tuple[tuple[int, datetime], ...] = ()  # (chat or ALL_CHATS, until): flood waits
    plain: tuple[int, ...] = ()  # pushes whose markup was refused
    limit: int = 0
    served: int = 0  # how many were claimed before: the lanes take turns by it


@dataclass(frozen=True, slots=True)
class Edition:
    """How news is posted in a channel."""

    subscriber_id: int
    mode: EditionMode
    keeper: int  # the person who gets the drafts; 0: nobody
    username: str  # the channel's public name, "" for none
    linked: int | None  # its discussion group
    warned: bool = False  # the keeper knows that the bot may not post


@dataclass(frozen=True, slots=True)
class PostDraft:
    """A channel's post that waited for approval, and what became of it.

    `status`: waiting, approved (being posted), published, withdrawn (its page went before it was
    posted), failed, skipped, expired.
    """

    id: int
    subscriber_id: int
    article_id: int
    status: str
    words: str  # an editor's, "" for the article's
    expires: datetime
    person_id: int | None  # in whose chat the message `message_id` shows it
    message_id: int | None
    post_id: int | None  # the message in the channel
    photo: bool = False  # the post is a photo
    look: str | None = None  # what the article looks like now; None where it is pruned
    seen: str | None = None  # what it looked like when the message was written

    @property
    def outrun(self) -> bool:
        """Whether the article has changed since its draft was shown."""
        return self.seen is not None and self.seen != self.look


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question asked in a chat, waiting for typed text."""

    subscriber_id: int
    person_id: int
    kind: str
    message_id: int
    asked: datetime


@dataclass(frozen=True, slots=True)
class Invitation:
    """A code that lets its openers in (or makes them admin), while uses are left."""

    code: str
    admin: bool
    uses_left: int
    expires: datetime | None
    uses: int = 0  # how many it could let in at first
    label: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who was let in, or removed since; `id` is Telegram's.

    `label` is that of the invitation that brought them, `title` what their private chat is called.
    """

    id: int
    admin: bool
    admitted: datetime
    blocked: datetime | None = None
    label: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """An article that a person keeps for later."""

    headline: Headline
    at: datetime


class Saving(StrEnum):
    """What became of the wish to save an article."""

    DONE = "done"
    FULL = "full"  # as many are saved as may be
    GONE = "gone"  # the article is not there, or the chat has been forgotten


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows the store holds; for the operator."""

    articles: int
    stories: int
    feeds: int
    subscribers: int
    owed: int
    oldest_owed: datetime | None


@dataclass(frozen=True, slots=True)
class Depth:
    """What a queue of the outbox holds: push, merged, digest or broadcast.

    `due` of the `owed` could go now; `oldest` is when the first of them was, or will be, due.
    """

    queue: str
    owed: int
    due: int
    oldest: datetime | None
    counted_all: bool  # else there are more than the numbers say


@dataclass(frozen=True, slots=True)
class Lag:
    """How late alerts came, in seconds: within how many each tenth of readers had theirs.

    Ten values, the last is the slowest of the sample.
    """

    sample: int
    from_publication: tuple[float, ...]
    from_storing: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PushLag:
    """How late one push came to each tenth of its readers so far."""

    push_id: int
    article_id: int
    created: datetime
    lag: Lag


@dataclass(frozen=True, slots=True)
class Ended:
    """How many deliveries of a kind ended alike."""

    kind: str
    state: DeliveryState
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class BroadcastProgress:
    """How far an operator's message is. `missed` stopped, left, or could not be told in time.

    Of these `blocked` want no message of the bot, or are no more.
    """

    id: int
    text: str
    created: datetime
    called_off: bool
    owed_to_all: bool  # else more readers are still to be owed it
    sent: int
    waiting: int
    missed: int
    blocked: int = 0

    @property
    def total(self) -> int:
        """How many readers it was owed to so far."""
        return self.sent + self.waiting + self.missed

    @property
    def done(self) -> bool:
        """Whether nothing more of it is to go out."""
        return self.called_off or (self.owed_to_all and not self.waiting)
