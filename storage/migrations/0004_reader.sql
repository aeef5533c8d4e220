-- The reader: a newspaper that lives in the chat.

-- "Important" alerts are offered once, under the third digest; who ever chose is asked no more.
ALTER TABLE subscriber ADD COLUMN digests INTEGER NOT NULL DEFAULT 0;  -- sent so far
ALTER TABLE subscriber ADD COLUMN important_offered INTEGER NOT NULL DEFAULT 0;
UPDATE subscriber SET important_offered = 1 WHERE alerts <> 'off';
-- So is the rich layout, under the first text that it would bring in one message.
ALTER TABLE subscriber ADD COLUMN rich_offered INTEGER NOT NULL DEFAULT 0;

-- What a search found stays under its id, so that its pages never shift: JSON list of article ids,
-- best first, of which the first `whole` have all the words. `tried`: the words that were searched
-- for instead of `text`.
ALTER TABLE query ADD COLUMN found TEXT;
ALTER TABLE query ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
ALTER TABLE query ADD COLUMN tried TEXT NOT NULL DEFAULT '';

-- Indexed terms that a mistyped one may have meant: the index's own vocabulary counts each term's
-- occurrences, which takes seconds. Terms of articles that went stay.
CREATE TABLE word (
    term TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO word (term) SELECT term FROM search_terms WHERE length(term) BETWEEN 4 AND 30;

-- A search within topics.
CREATE INDEX article_of_topic ON article (topic, search_key);

-- Links that let people in have an author and a label, which those who came by them keep; who was
-- removed stays out until let in again. What is saved is listed from the newest.
ALTER TABLE person ADD COLUMN blocked INTEGER;                      -- since when
ALTER TABLE person ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE invitation ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;  -- how many it could let in
ALTER TABLE invitation ADD COLUMN author INTEGER;
ALTER TABLE invitation ADD COLUMN label TEXT NOT NULL DEFAULT '';
UPDATE invitation SET uses = uses_left;
CREATE INDEX saved_newest ON saved (person_id, saved, article_id);

-- A channel's edition, and what waits for its keeper's approval. `keeper` is the person who gets the
-- drafts, 0 for nobody. A draft hangs on its line of the ledger; `told` is what its message in the
-- keeper's chat says of it, `seen` the article's look there (see editions.py), and `outdated` that the
-- publisher changed what an editor had reworded.
CREATE TABLE edition (
    subscriber_id INTEGER PRIMARY KEY REFERENCES subscriber (id) ON DELETE CASCADE,
    mode     TEXT    NOT NULL DEFAULT 'off' CHECK (mode IN ('off', 'approval', 'auto')),
    keeper   INTEGER NOT NULL,
    username TEXT    NOT NULL DEFAULT '',
    linked   INTEGER,                   -- its discussion group
    warned   INTEGER NOT NULL DEFAULT 0 -- the keeper knows that the bot may not post
) STRICT;
CREATE TABLE draft (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
    delivery_id   INTEGER NOT NULL UNIQUE REFERENCES delivery (id) ON DELETE CASCADE,
    article_id    INTEGER NOT NULL,
    state         TEXT    NOT NULL DEFAULT 'waiting'
                  CHECK (state IN ('waiting', 'approved', 'skipped', 'expired')),
    words         TEXT    NOT NULL DEFAULT '',  -- the editor's, instead of the article's
    expires       INTEGER NOT NULL,
    person_id     INTEGER,                      -- whose chat shows it
    message_id    INTEGER,
    told          TEXT,
    seen          TEXT,
    outdated      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX draft_subscriber ON draft (subscriber_id);
CREATE INDEX draft_open ON draft (id) WHERE told IS NULL OR told IN ('waiting', 'approved');
CREATE INDEX draft_waiting ON draft (expires) WHERE state = 'waiting';
CREATE INDEX draft_outdated ON draft (id) WHERE outdated = 1;

-- The message in its author's chat that says how far a broadcast is; 0 where that is gone, NULL where
-- it has said the end.
ALTER TABLE broadcast ADD COLUMN message_id INTEGER;
