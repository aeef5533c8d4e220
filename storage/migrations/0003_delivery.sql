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
    done    INTEGER NOT NULL DEFAULT 0,
    confirmed  INTEGER,                  -- until then its author alone was shown it, and done = 1
    called_off INTEGER
) STRICT;
CREATE INDEX broadcast_open ON broadcast (id) WHERE done = 0;

-- A table's constraints cannot be altered: the ledger moves into a new one, each line with its id,
-- which buttons name. What a push owes is appended to the table and to three small indexes: a
-- reader's own pages, of which a ledger has as many as readers, are touched when it ends. So a
-- subscriber who is deleted is not followed by a foreign key: `storage.subscribers` does that.
CREATE TABLE delivery_new (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never again: an answer may be on its way
    subscriber_id INTEGER NOT NULL,
    kind          TEXT    GENERATED ALWAYS AS (
                  CASE WHEN story_id IS NOT NULL THEN 'push'
                       WHEN broadcast_id IS NOT NULL THEN 'broadcast'
                       ELSE 'digest' END) VIRTUAL,
    state         TEXT    NOT NULL CHECK (state IN
                  ('owed', 'claimed', 'sent', 'deferred', 'cancelled', 'empty', 'failed')),
    due           INTEGER NOT NULL,
    expires       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    push_id       INTEGER,           -- the push may be gone
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
INSERT INTO delivery_new (id, subscriber_id, state, due, expires, attempts, push_id, story_id,
                          article_id, slot_id, scheduled, since, sound, ended, reason, message_id,
                          layout, language, view, parts, stories)
SELECT id, subscriber_id, state, due, expires, attempts, push_id, story_id,
       article_id, slot_id, scheduled, since, sound, ended, reason, message_id,
       layout, language, view, parts, stories
FROM delivery ORDER BY id;
DROP TABLE delivery;
ALTER TABLE delivery_new RENAME TO delivery;
CREATE UNIQUE INDEX delivery_push ON delivery (story_id, subscriber_id) WHERE story_id IS NOT NULL;
CREATE UNIQUE INDEX delivery_digest ON delivery (subscriber_id, slot_id, scheduled)
    WHERE kind = 'digest';
CREATE UNIQUE INDEX delivery_broadcast ON delivery (broadcast_id, subscriber_id)
    WHERE broadcast_id IS NOT NULL;
CREATE INDEX delivery_push_due ON delivery (due) WHERE state = 'owed' AND kind = 'push';
CREATE INDEX delivery_digest_due ON delivery (due) WHERE state = 'owed' AND kind = 'digest';
CREATE INDEX delivery_broadcast_due ON delivery (due) WHERE state = 'owed' AND kind = 'broadcast';
CREATE INDEX delivery_merged ON delivery (due)
    WHERE state = 'owed' AND kind = 'digest' AND slot_id = 0;
CREATE INDEX delivery_digest_live ON delivery (subscriber_id, slot_id)
    WHERE kind = 'digest' AND state IN ('owed', 'claimed');
CREATE INDEX delivery_owed ON delivery (subscriber_id) WHERE state = 'owed';
CREATE INDEX delivery_claimed ON delivery (id) WHERE state = 'claimed';
CREATE INDEX delivery_deferred ON delivery (subscriber_id) WHERE state = 'deferred';
CREATE INDEX delivery_told ON delivery (subscriber_id, ended, message_id) WHERE ended IS NOT NULL;
CREATE INDEX delivery_shown ON delivery (push_id) WHERE message_id IS NOT NULL;
CREATE INDEX delivery_ended ON delivery (ended) WHERE ended IS NOT NULL;

-- Whom a follow brings its news at once: the reader's news language, with a '!' before it where
-- only important news come so; NULL where nothing does. A push finds its readers by it alone, and
-- meets nobody else.
ALTER TABLE subscription ADD COLUMN audience TEXT;
CREATE VIEW reached AS
SELECT f.subscriber_id, f.kind, f.key,
       CASE WHEN s.state <> 'active' THEN NULL
            WHEN f.level IN ('now', 'sound') OR f.level = 'digest' AND s.alerts = 'on'
            THEN s.news_language
            WHEN f.level = 'digest' AND s.alerts = 'important' THEN '!' || s.news_language
       END AS audience
FROM subscription f JOIN subscriber s ON s.id = f.subscriber_id;
UPDATE subscription SET audience = (
    SELECT r.audience FROM reached r
    WHERE r.subscriber_id = subscription.subscriber_id
          AND r.kind = subscription.kind AND r.key = subscription.key);
CREATE INDEX subscription_audience ON subscription (kind, key, audience, subscriber_id, level)
    WHERE audience IS NOT NULL;
CREATE TRIGGER subscription_added AFTER INSERT ON subscription BEGIN
    UPDATE subscription SET audience = (
        SELECT r.audience FROM reached r
        WHERE r.subscriber_id = new.subscriber_id AND r.kind = new.kind AND r.key = new.key)
    WHERE subscriber_id = new.subscriber_id AND kind = new.kind AND key = new.key;
END;
CREATE TRIGGER subscription_changed AFTER UPDATE OF subscriber_id, kind, key, level ON subscription
BEGIN
    UPDATE subscription SET audience = (
        SELECT r.audience FROM reached r
        WHERE r.subscriber_id = new.subscriber_id AND r.kind = new.kind AND r.key = new.key)
    WHERE subscriber_id = new.subscriber_id AND kind = new.kind AND key = new.key;
END;
CREATE TRIGGER subscriber_changed AFTER UPDATE OF state, alerts, news_language ON subscriber
WHEN old.state <> new.state OR old.alerts <> new.alerts OR old.news_language <> new.news_language
BEGIN
    UPDATE subscription SET audience = (
        SELECT r.audience FROM reached r
        WHERE r.subscriber_id = subscription.subscriber_id
              AND r.kind = subscription.kind AND r.key = subscription.key)
    WHERE subscriber_id = new.id;
END;
CREATE INDEX mute_key ON mute (kind, key);

-- The plain index on what is followed served the old way of finding readers only.
DROP INDEX subscription_key;

-- What the nightly upkeep looks for: an imported archive is not walked to find what is old.
DROP INDEX article_stored;
CREATE INDEX article_prunable ON article (imported, stored);
CREATE INDEX mute_expires ON mute (expires) WHERE expires IS NOT NULL;
