-- Delivery at any size: a ledger that is cheap to fill, broadcasts, strikes, updates handled once.

-- When Telegram first said that there is no such chat; the second strike, a day later, pauses it.
ALTER TABLE subscriber ADD COLUMN missed INTEGER;

-- Updates received: `raw` is the update itself while its handler runs, so that a crash loses none;
-- then only the id stays, so that none is handled twice.
CREATE TABLE received (
    update_id INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    raw       TEXT,
    starts    INTEGER NOT NULL DEFAULT 0  -- processes that died with it and began again
) STRICT;

ALTER TABLE article ADD COLUMN missing INTEGER;  -- since when its page answers that it is not there
CREATE INDEX article_missing ON article (source_id, missing) WHERE missing IS NOT NULL;
ALTER TABLE push ADD COLUMN plain INTEGER NOT NULL DEFAULT 0;  -- its markup was refused

-- An operator's message to all readers, expanded like a push.
CREATE TABLE broadcast (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    text    TEXT    NOT NULL,
    author  INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    cursor  INTEGER NOT NULL DEFAULT 0,  -- the last subscriber looked at
    done    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX broadcast_open ON broadcast (id) WHERE done = 0;

-- A table's constraints cannot be altered: the ledger moves into a new one, each line with its id,
-- which buttons name.
CREATE TABLE delivery_new (
    id            INTEGER PRIMARY KEY,
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    kind          TEXT    NOT NULL CHECK (kind IN ('push', 'digest', 'broadcast')),
    state         TEXT    NOT NULL CHECK (state IN
                  ('owed', 'claimed', 'sent', 'deferred', 'cancelled', 'empty', 'failed')),
    due           INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    push_id       INTEGER REFERENCES push (id) ON DELETE SET NULL,
    story_id      INTEGER,
    article_id    INTEGER,
    broadcast_id  INTEGER,
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
INSERT INTO delivery_new (id, subscriber_id, kind, state, due, expires, attempts, push_id, story_id,
                          article_id, slot_id, scheduled, since, sound, ended, reason, message_id,
                          layout, language, view, parts, stories)
SELECT id, subscriber_id, kind, state, due, expires, attempts, push_id, story_id,
       article_id, slot_id, scheduled, since, sound, ended, reason, message_id,
       layout, language, view, parts, stories
FROM delivery ORDER BY id;
DROP TABLE delivery;
ALTER TABLE delivery_new RENAME TO delivery;
CREATE UNIQUE INDEX delivery_push ON delivery (subscriber_id, story_id) WHERE kind = 'push';
CREATE UNIQUE INDEX delivery_digest ON delivery (subscriber_id, slot_id, scheduled)
    WHERE kind = 'digest';
CREATE UNIQUE INDEX delivery_broadcast ON delivery (subscriber_id, broadcast_id)
    WHERE kind = 'broadcast';
CREATE INDEX delivery_due ON delivery (kind DESC, due) WHERE state = 'owed';
CREATE INDEX delivery_merged ON delivery (due)
    WHERE state = 'owed' AND kind = 'digest' AND slot_id = 0;
CREATE INDEX delivery_digest_live ON delivery (subscriber_id, slot_id)
    WHERE kind = 'digest' AND state IN ('owed', 'claimed');
CREATE INDEX delivery_claimed ON delivery (id) WHERE state = 'claimed';
CREATE INDEX delivery_deferred ON delivery (subscriber_id) WHERE state = 'deferred';
CREATE INDEX delivery_subscriber ON delivery (subscriber_id, ended);
CREATE INDEX delivery_of_push ON delivery (push_id) WHERE push_id IS NOT NULL;
CREATE INDEX delivery_ended ON delivery (ended) WHERE ended IS NOT NULL;
CREATE INDEX delivery_message ON delivery (subscriber_id, message_id)
    WHERE message_id IS NOT NULL;
