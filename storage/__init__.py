"""The store: SQLite, and only here. This file is the contract; the rest is implementation.

    async with Storage.open(Path("newsboy.db")) as storage:
        for feed in await storage.feeds.due(now):
            ...

`Storage.open` owns the file for writing; `Storage.open_readonly` reads beside a running bot.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from storage.archive import Archive
from storage.articles import THIS, Articles, IndexedText
from storage.brought import STORY_FOLLOWED, STORY_MUTED, Brought
from storage.corrections import THE_PAGE, Corrections
from storage.database import SQLITE_VERSION, Database
from storage.editions import AWAITS_APPROVAL, Editions
from storage.entries import Entries, ToldEntry
from storage.errors import (
    AlreadyExistsError,
    DatabaseCorruptError,
    DatabaseLockedError,
    DatabaseTooNewError,
    DiskFullError,
    NotFoundError,
    StorageError,
    TooManyError,
)
from storage.feeds import Feeds
from storage.fronts import FrontNeeds, Fronts, Tastes
from storage.hubs import Hubs
from storage.insight import Insight
from storage.meta import Meta
from storage.models import (
    Alerts,
    Article,
    ArticleDraft,
    ArticleState,
    Block,
    BodyFrom,
    Broadcast,
    BroadcastProgress,
    ChatKind,
    Claim,
    ClaimBatch,
    Correction,
    Counts,
    Delivery,
    DeliveryKind,
    DeliveryState,
    Depth,
    DigestOwed,
    Edition,
    EditionMode,
    Embed,
    Ended,
    EntryKey,
    Feed,
    FeedHints,
    FeedOutcome,
    FeedState,
    FollowKind,
    Heading,
    Headline,
    Hits,
    HubSubscription,
    Invitation,
    KeptSearch,
    Lag,
    Layout,
    Level,
    ListBlock,
    Mute,
    Notice,
    NoticeKind,
    Outcome,
    Paragraph,
    PendingPage,
    Person,
    Picture,
    PictureBlock,
    PostDraft,
    Preformatted,
    Prompt,
    Push,
    PushLag,
    PushPlan,
    Quote,
    Reading,
    Revision,
    Saved,
    Saving,
    Slot,
    SlotDue,
    SlotPlan,
    Source,
    Span,
    Stored,
    StoryCandidate,
    Subscriber,
    SubscriberDefaults,
    SubscriberState,
    Subscription,
    Table,
    Topic,
    View,
    Wanted,
)
from storage.notices import Notices
from storage.outbox import ALL_CHATS, Outbox
from storage.owing import Owing
from storage.people import People
from storage.pictures import Pictures
from storage.privacy import Privacy
from storage.queries import Queries
from storage.questions import Questions
from storage.saved import SavedArticles, SavedKey
from storage.search import Search
from storage.subscribers import SubscriberChanges, Subscribers, WordKey
from storage.updates import RawUpdate, Updates
from storage.upkeep import COPY_LIFE, Upkeep, backup, check_file, restore

__all__ = [
    "ALL_CHATS",
    "AWAITS_APPROVAL",
    "COPY_LIFE",
    "SQLITE_VERSION",
    "STORY_FOLLOWED",
    "STORY_MUTED",
    "THE_PAGE",
    "THIS",
    "Alerts",
    "AlreadyExistsError",
    "Archive",
    "Article",
    "ArticleDraft",
    "ArticleState",
    "Articles",
    "Block",
    "BodyFrom",
    "Broadcast",
    "BroadcastProgress",
    "ChatKind",
    "Claim",
    "ClaimBatch",
    "Correction",
    "Corrections",
    "Counts",
    "DatabaseCorruptError",
    "DatabaseLockedError",
    "DatabaseTooNewError",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "Depth",
    "DigestOwed",
    "DiskFullError",
    "Edition",
    "EditionMode",
    "Editions",
    "Embed",
    "Ended",
    "Entries",
    "EntryKey",
    "Feed",
    "FeedHints",
    "FeedOutcome",
    "FeedState",
    "Feeds",
    "FollowKind",
    "FrontNeeds",
    "Fronts",
    "Heading",
    "Headline",
    "Hits",
    "HubSubscription",
    "Hubs",
    "IndexedText",
    "Insight",
    "Invitation",
    "KeptSearch",
    "Lag",
    "Layout",
    "Level",
    "ListBlock",
    "Meta",
    "Mute",
    "NotFoundError",
    "Notice",
    "NoticeKind",
    "Notices",
    "Outbox",
    "Outcome",
    "Owing",
    "Paragraph",
    "PendingPage",
    "People",
    "Person",
    "Picture",
    "PictureBlock",
    "Pictures",
    "PostDraft",
    "Preformatted",
    "Privacy",
    "Prompt",
    "Push",
    "PushLag",
    "PushPlan",
    "Queries",
    "Questions",
    "Quote",
    "RawUpdate",
    "Reading",
    "Revision",
    "Saved",
    "SavedArticles",
    "SavedKey",
    "Saving",
    "Search",
    "Slot",
    "SlotDue",
    "SlotPlan",
    "Source",
    "Span",
    "Storage",
    "StorageError",
    "Stored",
    "StoryCandidate",
    "Subscriber",
    "SubscriberChanges",
    "SubscriberDefaults",
    "SubscriberState",
    "Subscribers",
    "Subscription",
    "Table",
    "Tastes",
    "ToldEntry",
    "TooManyError",
    "Topic",
    "Updates",
    "Upkeep",
    "View",
    "Wanted",
    "WordKey",
    "backup",
    "check_file",
    "restore",
]


class Storage:
    """An open database, by subject."""

    def __init__(self, database: Database) -> None:
        self.path = database.path
        self.feeds = Feeds(database)
        self.entries = Entries(database)
        self.articles = Articles(database)
        self.archive = Archive(database)
        self.pictures = Pictures(database)
        self.search = Search(database)
        self.queries = Queries(database)
        self.brought = Brought(database)
        self.subscribers = Subscribers(database)
        self.questions = Questions(database)
        self.people = People(database)
        self.saved = SavedArticles(database)
        self.privacy = Privacy(database)
        self.editions = Editions(database)
        self.owing = Owing(database)
        self.outbox = Outbox(database)
        self.fronts = Fronts(database)
        self.corrections = Corrections(database)
        self.hubs = Hubs(database)
        self.insight = Insight(database)
        self.notices = Notices(database)
        self.updates = Updates(database)
        self.meta = Meta(database)
        self.upkeep = Upkeep(database)

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path) -> AsyncIterator[Self]:
        """Open for reading and writing; the file and its tables are made where absent.

        Raises DatabaseLockedError, DatabaseCorruptError, DatabaseTooNewError or another
        StorageError, each naming the remedy.
        """
        database = Database(path, readonly=False)
        await database.open()
        try:
            yield cls(database)
        finally:
            await database.close()

    @classmethod
    @asynccontextmanager
    async def open_readonly(cls, path: Path) -> AsyncIterator[Self]:
        """Open for reading only, beside a running bot; raises StorageError where absent."""
        database = Database(path, readonly=True)
        await database.open()
        try:
            yield cls(database)
        finally:
            await database.close()
