-- The newsroom for any publisher: readers' own feeds, an archive, what a feed usually brings and
-- hints at, people, revisions with what changed, corrections, notices to the admins, WebSub.

-- A table's constraints cannot be altered: the feeds move into a new one. An address is unique per
-- owner now, and an archive that was imported hangs on a feed that nobody polls.
CREATE TABLE feed_new (
    id            INTEGER PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES source (id),
    url           TEXT    NOT NULL,
    given         TEXT    NOT NULL,  -- as it was added; a permanent redirect changes the url alone
    owner         INTEGER,           -- the subscriber whose own feed it is
    title         TEXT    NOT NULL DEFAULT '',
    state         TEXT    NOT NULL DEFAULT 'active'
                  CHECK (state IN ('active', 'removed', 'gone', 'archive')),
    etag          TEXT,
    modified      TEXT,
    body_hash     TEXT,
    interval      INTEGER NOT NULL DEFAULT 0,
    due           INTEGER NOT NULL,
    checked       INTEGER,
    succeeded     INTEGER,
    failures      INTEGER NOT NULL DEFAULT 0,
    error         TEXT,
    moved_to      TEXT,              -- a permanent redirect's target, seen once
    problems      TEXT    NOT NULL DEFAULT '[]',  -- JSON list: what the last reading left out, why
    ttl           INTEGER,           -- hints of the last reading: seconds,
    skip_hours    TEXT    NOT NULL DEFAULT '[]',  -- hours and weekdays (0 Monday), UTC
    skip_days     TEXT    NOT NULL DEFAULT '[]',
    usual         REAL    NOT NULL DEFAULT 0,     -- new entries a reading, a moving average
    readings      INTEGER NOT NULL DEFAULT 0,     -- that the average was made of
    created       INTEGER NOT NULL
) STRICT;
INSERT INTO feed_new (id, source_id, url, given, title, state, etag, modified, body_hash, interval,
                      due, checked, succeeded, failures, error, moved_to, created)
SELECT id, source_id, url, given, title, state, etag, modified, body_hash, interval,
       due, checked, succeeded, failures, error, moved_to, created
FROM feed;
DROP TABLE feed;
ALTER TABLE feed_new RENAME TO feed;
CREATE UNIQUE INDEX feed_url ON feed (url, coalesce(owner, 0));
CREATE INDEX feed_due ON feed (due) WHERE state = 'active';
CREATE INDEX feed_given ON feed (given);
CREATE INDEX feed_owner ON feed (owner) WHERE owner IS NOT NULL;
CREATE INDEX feed_source ON feed (source_id);

ALTER TABLE article ADD COLUMN people    TEXT    NOT NULL DEFAULT '[]';  -- JSON list of names
ALTER TABLE article ADD COLUMN words     INTEGER NOT NULL DEFAULT 0;     -- of title and text
ALTER TABLE article ADD COLUMN signature BLOB    NOT NULL DEFAULT x'';   -- of its text: reprints
-- NULL: not asked yet; else when a model was asked for a better summary, whatever came of it.
ALTER TABLE article ADD COLUMN upgraded  INTEGER;
CREATE INDEX article_upgrade ON article (fetched)
    WHERE upgraded IS NULL AND standfirst = '' AND owner IS NULL AND imported = 0;

-- Others' own articles are told apart without reading them.
DROP INDEX article_private;
CREATE INDEX article_private ON article (owner, search_key) WHERE owner IS NOT NULL;
CREATE INDEX article_feed ON article (feed_id);
CREATE INDEX article_news ON article (id) WHERE imported = 0;

-- Merged by a little with each article: see search.py.
INSERT INTO search (search, rank) VALUES ('automerge', 0);

CREATE INDEX picture_bad ON picture (url) WHERE bad = 1;

-- The parts of the article that changed (JSON list), and the sub-headline that was replaced.
ALTER TABLE revision ADD COLUMN changed     TEXT NOT NULL DEFAULT '[]';
ALTER TABLE revision ADD COLUMN subheadline TEXT NOT NULL DEFAULT '';

-- A publisher's correction, until the messages that show the article have been edited.
CREATE TABLE correction (
    id         INTEGER PRIMARY KEY,
    article_id INTEGER NOT NULL REFERENCES article (id) ON DELETE CASCADE,
    revision   INTEGER NOT NULL,
    changed    TEXT    NOT NULL,     -- JSON list of parts
    created    INTEGER NOT NULL,
    cursor     INTEGER NOT NULL DEFAULT 0,  -- the last delivery looked at
    in_flight  INTEGER NOT NULL DEFAULT 0,  -- the last delivery that was being sent meanwhile
    done       INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX correction_open ON correction (id) WHERE done = 0;
CREATE INDEX correction_article ON correction (article_id);

-- One line to the admins: a kind of event and what it is about.
CREATE TABLE notice (
    id      INTEGER PRIMARY KEY,
    kind    TEXT    NOT NULL,
    subject TEXT    NOT NULL,        -- a feed's address, a host
    details TEXT    NOT NULL,        -- JSON object of strings
    created INTEGER NOT NULL,
    told    INTEGER
) STRICT;
CREATE INDEX notice_untold ON notice (id) WHERE told IS NULL;
CREATE INDEX notice_kind ON notice (kind, subject, created);

-- A hub that announces a feed's news by itself (WebSub), and how the subscription stands.
CREATE TABLE websub (
    feed_id  INTEGER PRIMARY KEY REFERENCES feed (id) ON DELETE CASCADE,
    hub      TEXT    NOT NULL,
    topic    TEXT    NOT NULL,
    callback TEXT    NOT NULL UNIQUE,  -- the unguessable part of our address for it
    secret   TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('asked', 'active', 'refused')),
    due      INTEGER NOT NULL,         -- when the hub is asked (again)
    expires  INTEGER,                  -- the lease's end
    failures INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX websub_due ON websub (due);
