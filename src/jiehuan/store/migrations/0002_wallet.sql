-- What goes through a partner: when to try again, what it said, and whose line it is.

-- `wanted`: 0 to be done, 1 to be ended.  `due_at`, real time: when to try next.  `partner`: what
-- the partner said that is needed again.  `reason`: a code, why it failed or is not known.
ALTER TABLE outbox
    ADD COLUMN wanted smallint NOT NULL DEFAULT 0 CHECK (wanted IN (0, 1)),
    ADD COLUMN due_at timestamptz NOT NULL DEFAULT '-infinity',
    ADD COLUMN sent_at timestamptz,
    ADD COLUMN partner json,
    ADD COLUMN reason text NOT NULL DEFAULT '';
CREATE INDEX outbox_due ON outbox (book, due_at) WHERE state < 4;
CREATE INDEX outbox_line ON outbox (book, line, id);

-- `number`: which of our orders the partner spoke of, as it wrote it.
ALTER TABLE inbox ADD COLUMN number text NOT NULL DEFAULT '';

-- Written once a line; without the id, for the reason given at line_next_event.
CREATE INDEX line_party ON line (book, party);
