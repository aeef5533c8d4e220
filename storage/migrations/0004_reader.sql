-- The reader: a newspaper that lives in the chat.

-- "Important" alerts are offered once, under the third digest; who ever chose is asked no more.
ALTER TABLE subscriber ADD COLUMN digests INTEGER NOT NULL DEFAULT 0;  -- sent so far
ALTER TABLE subscriber ADD COLUMN important_offered INTEGER NOT NULL DEFAULT 0;
UPDATE subscriber SET important_offered = 1 WHERE alerts <> 'off';
