-- The data model, wide enough for what is planned. Times are epoch seconds (UTC).
-- `key` columns hold normalised text, `label` columns what a person wrote.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- ------------------------------------------------------------------ the newsroom

CREATE TABLE source (
    id       INTEGER PRIMARY KEY,
    domain   TEXT    NOT NULL,
    title    TEXT    NOT NULL,
    language TEXT    NOT NULL DEFAULT '',
    reading  TEXT    NOT NULL DEFAULT 'full' CHECK (reading IN ('full', 'summary', 'headline')),
    owner    INTEGER,           -- the subscriber whose own source it is
    created  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX source_domain ON source (domain, coalesce(owner, 0));

CREATE TABLE feed (
    id            INTEGER PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES source (id),
    url           TEXT    NOT NULL UNIQUE,
    given         TEXT    NOT NULL,  -- as it was added; a permanent redirect changes the url alone
    title         TEXT    NOT NULL DEFAULT '',
    state         TEXT    NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'removed', 'gone')),
    etag          TEXT,
    modified      TEXT,
    body_hash     TEXT,
    interval      INTEGER NOT NULL DEFAULT 0,
    due           INTEGER NOT NULL,
    checked       INTEGER,
    succeeded     INTEGER,
    failures      INTEGER NOT NULL DEFAULT 0,
    error         TEXT,
    moved_to      TEXT,         -- a permanent redirect's target, seen once
    created       INTEGER NOT NULL
) STRICT;
CREATE INDEX feed_due ON feed (due) WHERE state = 'active';
CREATE INDEX feed_given ON feed (given);

-- Identity outlives text: the row of an entry stays when its article is pruned.
CREATE TABLE entry (
    id         INTEGER PRIMARY KEY,
    feed_id    INTEGER NOT NULL REFERENCES feed (id),
    source_id  INTEGER NOT NULL REFERENCES source (id),
    guid       TEXT    NOT NULL,
    url        TEXT    NOT NULL,     -- canonical
    title_hash TEXT    NOT NULL,
    item_hash  TEXT    NOT NULL DEFAULT '',  -- of what the feed said, to notice changes
    article_id INTEGER REFERENCES article (id) ON DELETE SET NULL,
    published  INTEGER NOT NULL,
    seen       INTEGER NOT NULL,
    UNIQUE (feed_id, guid)
) STRICT;
CREATE INDEX entry_feed ON entry (feed_id);
CREATE INDEX entry_url ON entry (url);
CREATE INDEX entry_title ON entry (source_id, title_hash);
CREATE INDEX entry_article ON entry (article_id);

-- Ids of stories and articles are never used twice: watermarks, the ledger and links name them.
CREATE TABLE story (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER,              -- the one that stands for it
    language   TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    articles   INTEGER NOT NULL DEFAULT 1,
    sources    INTEGER NOT NULL DEFAULT 1,
    published  INTEGER NOT NULL,     -- the first article's
    latest     INTEGER NOT NULL,     -- the last article's
    stored     INTEGER NOT NULL,
    important  INTEGER,              -- when it became so
    owner      INTEGER
) STRICT;
CREATE INDEX story_latest ON story (latest);

CREATE TABLE article (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    search_key  INTEGER NOT NULL UNIQUE,  -- rises with the published time: the order of lists
    story_id    INTEGER NOT NULL REFERENCES story (id),
    source_id   INTEGER NOT NULL REFERENCES source (id),
    feed_id     INTEGER NOT NULL REFERENCES feed (id),
    leads       INTEGER NOT NULL DEFAULT 1,  -- stands for its story in lists
    owner       INTEGER,
    topic       TEXT    NOT NULL,
    language    TEXT    NOT NULL,
    published   INTEGER NOT NULL,
    updated     INTEGER,
    fetched     INTEGER NOT NULL,
    stored      INTEGER NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'corrected', 'gone')),
    revision    INTEGER NOT NULL DEFAULT 1,
    url         TEXT    NOT NULL,
    guid        TEXT    NOT NULL,
    title       TEXT    NOT NULL,
    subheadline TEXT    NOT NULL,
    standfirst  TEXT    NOT NULL,
    summary     TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    image       TEXT,                -- a picture block as JSON
    image_url   TEXT,
    rubric      TEXT    NOT NULL,
    labels      TEXT    NOT NULL,    -- JSON list
    cited       TEXT    NOT NULL,    -- JSON list
    content_hash TEXT   NOT NULL,
    body_from   TEXT    NOT NULL CHECK (body_from IN ('page', 'feed', 'none')),
    page_error  TEXT,
    page_tries  INTEGER NOT NULL DEFAULT 0,
    page_due    INTEGER,             -- when the page is asked for again
    imported    INTEGER NOT NULL DEFAULT 0,
    body        TEXT    NOT NULL,    -- blocks as JSON; last, since it overflows the page
    search_text BLOB    NOT NULL     -- what the index holds, compressed: see search.py
) STRICT;
CREATE INDEX article_story ON article (story_id);
CREATE INDEX article_leads ON article (search_key) WHERE leads = 1 AND owner IS NULL;
CREATE INDEX article_topic ON article (topic, search_key) WHERE leads = 1 AND owner IS NULL;
CREATE INDEX article_language ON article (language, search_key) WHERE leads = 1 AND owner IS NULL;
CREATE INDEX article_source ON article (source_id, search_key);
CREATE INDEX article_private ON article (search_key) WHERE owner IS NOT NULL;
CREATE INDEX article_page_due ON article (page_due) WHERE page_due IS NOT NULL;
CREATE INDEX article_stored ON article (stored);

CREATE TABLE revision (
    article_id INTEGER NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    title      TEXT    NOT NULL,
    standfirst TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    replaced   INTEGER NOT NULL,
    PRIMARY KEY (article_id, number)
) STRICT;

CREATE TABLE picture (
    url     TEXT PRIMARY KEY,
    width   INTEGER,
    height  INTEGER,
    checked INTEGER,
    bad     INTEGER NOT NULL DEFAULT 0,
    file_id TEXT
) STRICT;

-- Holds normalised text only; a row is deleted with exactly the text that it was made of.
CREATE VIRTUAL TABLE search USING fts5 (
    title, body, content = '', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE search_terms USING fts5vocab (search, row);

-- ------------------------------------------------------------------ readers

CREATE TABLE person (
    id       INTEGER PRIMARY KEY,    -- Telegram's user id
    admin    INTEGER NOT NULL DEFAULT 0,
    admitted INTEGER NOT NULL
) STRICT;

CREATE TABLE subscriber (
    id              INTEGER PRIMARY KEY,
    chat_id         INTEGER NOT NULL,
    thread_id       INTEGER NOT NULL DEFAULT 0,
    kind            TEXT    NOT NULL CHECK (kind IN ('private', 'group', 'supergroup', 'channel')),
    title           TEXT    NOT NULL,
    state           TEXT    NOT NULL DEFAULT 'active'
                    CHECK (state IN ('active', 'stopped', 'paused')),
    paused_reason   TEXT,
    language        TEXT    NOT NULL,
    language_chosen INTEGER NOT NULL DEFAULT 0,
    news_language   TEXT    NOT NULL,
    zone            TEXT    NOT NULL,
    zone_chosen     INTEGER NOT NULL DEFAULT 0,
    alerts          TEXT    NOT NULL CHECK (alerts IN ('on', 'important', 'off')),
    quiet_from      INTEGER,
    quiet_to        INTEGER,
    hourly          INTEGER,
    daily           INTEGER,
    headlines       INTEGER NOT NULL,
    silent          INTEGER NOT NULL DEFAULT 0,
    pictures        INTEGER NOT NULL DEFAULT 1,
    layout          TEXT    NOT NULL DEFAULT 'classic' CHECK (layout IN ('classic', 'rich')),
    rich_confirmed  INTEGER NOT NULL DEFAULT 0,
    watermark       INTEGER NOT NULL DEFAULT 0,
    created         INTEGER NOT NULL,
    UNIQUE (chat_id, thread_id)
) STRICT;

CREATE TABLE subscription (
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL
                  CHECK (kind IN ('everything', 'topic', 'source', 'words', 'story')),
    key           TEXT    NOT NULL,
    anchor        TEXT    NOT NULL DEFAULT '',  -- a phrase's first word finds it in an article
    label         TEXT    NOT NULL,
    level         TEXT    NOT NULL CHECK (level IN ('off', 'digest', 'now', 'sound')),
    PRIMARY KEY (subscriber_id, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_key ON subscription (kind, key, subscriber_id);
CREATE INDEX subscription_anchor ON subscription (anchor, key) WHERE anchor <> '';

CREATE TABLE mute (
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('topic', 'source', 'words', 'story')),
    key           TEXT    NOT NULL,
    anchor        TEXT    NOT NULL DEFAULT '',
    label         TEXT    NOT NULL,
    expires       INTEGER,
    PRIMARY KEY (subscriber_id, kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX mute_anchor ON mute (anchor, key) WHERE anchor <> '';

CREATE TABLE slot (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    minute        INTEGER NOT NULL CHECK (minute BETWEEN 0 AND 1439),
    weekdays      INTEGER NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    silent        INTEGER NOT NULL DEFAULT 0,
    due           INTEGER NOT NULL,
    fired         INTEGER
) STRICT;
CREATE INDEX slot_due ON slot (due);
CREATE INDEX slot_subscriber ON slot (subscriber_id);

CREATE TABLE saved (
    person_id  INTEGER NOT NULL,
    article_id INTEGER NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    saved      INTEGER NOT NULL,
    PRIMARY KEY (person_id, article_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX saved_article ON saved (article_id);

CREATE TABLE query (
    id     INTEGER PRIMARY KEY,
    text   TEXT    NOT NULL,
    limit_key INTEGER NOT NULL,    -- the newest article when it was asked: paging stays stable
    asked  INTEGER NOT NULL
) STRICT;

CREATE TABLE prompt (
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    person_id     INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    message_id    INTEGER NOT NULL,
    asked         INTEGER NOT NULL,
    PRIMARY KEY (subscriber_id, person_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    code      TEXT PRIMARY KEY,
    admin     INTEGER NOT NULL DEFAULT 0,
    uses_left INTEGER NOT NULL,
    expires   INTEGER,
    created   INTEGER NOT NULL
) STRICT;

-- ------------------------------------------------------------------ delivery

CREATE TABLE push (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    story_id   INTEGER NOT NULL REFERENCES story (id) ON DELETE CASCADE,
    article_id INTEGER NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('created', 'important')),
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    cursor     INTEGER NOT NULL DEFAULT 0,
    keys       TEXT,                 -- JSON list of [kind, key]: the follows that it meets
    done       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX push_open ON push (id) WHERE done = 0;
CREATE INDEX push_story ON push (story_id);

-- The ledger: a row is what is owed, in flight or was sent.
CREATE TABLE delivery (
    id            INTEGER PRIMARY KEY,
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('push', 'digest')),
    state         TEXT    NOT NULL CHECK (state IN
                  ('owed', 'claimed', 'sent', 'deferred', 'cancelled', 'empty', 'failed')),
    due           INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    push_id       INTEGER REFERENCES push (id) ON DELETE SET NULL,
    story_id      INTEGER,
    article_id    INTEGER,
    slot_id       INTEGER,           -- 0: the merged message of what was held back
    scheduled     INTEGER,           -- the digest's instant
    since         INTEGER,           -- the watermark that a digest starts from
    sound         INTEGER NOT NULL DEFAULT 0,
    ended         INTEGER,
    reason        TEXT,
    message_id    INTEGER,
    layout        TEXT,
    language      TEXT,
    view          TEXT,
    parts         TEXT,              -- JSON list of message ids
    stories       TEXT               -- JSON list of a digest's stories
) STRICT;
CREATE UNIQUE INDEX delivery_push ON delivery (subscriber_id, story_id) WHERE kind = 'push';
CREATE UNIQUE INDEX delivery_digest ON delivery (subscriber_id, slot_id, scheduled)
    WHERE kind = 'digest';
CREATE INDEX delivery_due ON delivery (kind DESC, due) WHERE state = 'owed';
CREATE INDEX delivery_claimed ON delivery (id) WHERE state = 'claimed';
CREATE INDEX delivery_deferred ON delivery (subscriber_id) WHERE state = 'deferred';
CREATE INDEX delivery_subscriber ON delivery (subscriber_id, ended);
CREATE INDEX delivery_of_push ON delivery (push_id) WHERE push_id IS NOT NULL;
CREATE INDEX delivery_ended ON delivery (ended) WHERE ended IS NOT NULL;
CREATE INDEX delivery_message ON delivery (subscriber_id, message_id)
    WHERE message_id IS NOT NULL;

-- Flood waits that survive a restart. chat_id 0: all of the bulk lane.
CREATE TABLE pause (
    chat_id INTEGER PRIMARY KEY,
    until   INTEGER NOT NULL
) STRICT;
