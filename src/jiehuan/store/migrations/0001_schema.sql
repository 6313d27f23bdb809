-- The books.  Column names and types of line .. day_total are those of core/columns.py.
--
-- `book` is first in every key and there are no foreign keys, sequences or triggers: a book is
-- the unit of locking, routing and distribution.  Days are dates: 0 is -infinity, NEVER infinity.
-- Rows that change often leave room in their page, so that an update touches no index.

-- The fence: one narrow row a book, compared and set by every transaction that writes the book.
CREATE TABLE book (
    book          smallint PRIMARY KEY,
    epoch         bigint NOT NULL DEFAULT 0,
    owner         text NOT NULL DEFAULT '',
    expires_at    timestamptz NOT NULL DEFAULT '-infinity',
    seq           bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    business_date date NOT NULL,
    currency      text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    clock         text NOT NULL CHECK (clock IN ('virtual', 'real')),
    opened_on     date NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000);

-- Reference: written once, read by every book, never in a transaction that moves money.

CREATE TABLE client (
    id   integer PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE terms (
    id      integer PRIMARY KEY,
    product smallint NOT NULL,
    name    text NOT NULL,
    version integer NOT NULL,
    from_on date NOT NULL,
    text    text NOT NULL,
    hash    bytea NOT NULL,
    UNIQUE (product, version),
    CONSTRAINT terms_hash_is_that_of_the_text CHECK (hash = sha256(convert_to(text, 'UTF8')))
);

CREATE TABLE policy (
    name    text NOT NULL,
    version integer NOT NULL,
    from_on date NOT NULL,
    text    text NOT NULL,
    hash    bytea NOT NULL,
    PRIMARY KEY (name, version),
    CONSTRAINT policy_hash_is_that_of_the_text CHECK (hash = sha256(convert_to(text, 'UTF8')))
);

CREATE TABLE model (
    name    text NOT NULL,
    version integer NOT NULL,
    from_on date NOT NULL,
    bytes   bytea NOT NULL,
    hash    bytea NOT NULL,
    PRIMARY KEY (name, version),
    CONSTRAINT model_hash_is_that_of_the_bytes CHECK (hash = sha256(bytes))
);

-- People and businesses.  Personal data only as ciphertext, looked up by a blind index.

CREATE TABLE party (
    book smallint NOT NULL,
    id   bigint NOT NULL,
    kind smallint NOT NULL,
    PRIMARY KEY (book, id)
);

CREATE TABLE vault (
    book        smallint NOT NULL,
    party       bigint NOT NULL,
    field       smallint NOT NULL,
    ciphertext  bytea NOT NULL,
    blind_index bytea,
    PRIMARY KEY (book, party, field)
);
CREATE UNIQUE INDEX vault_blind_index ON vault (book, field, blind_index)
    WHERE blind_index IS NOT NULL;

-- State: follows from the journal, kept for speed.

CREATE TABLE line (
    book            smallint NOT NULL,
    id              bigint NOT NULL CHECK (id >= 0),
    party           bigint NOT NULL,
    terms           integer NOT NULL,
    product         smallint NOT NULL,
    status          smallint NOT NULL,
    cycle_day       smallint NOT NULL,
    limit_minor     bigint NOT NULL CHECK (limit_minor >= 0),
    used_minor      bigint NOT NULL,
    held_minor      bigint NOT NULL CHECK (held_minor >= 0),
    overpaid_minor  bigint NOT NULL CHECK (overpaid_minor >= 0),
    cycle_minor     bigint NOT NULL CHECK (cycle_minor >= 0),
    unbilled_minor  bigint NOT NULL CHECK (unbilled_minor >= 0),
    fresh_minor     bigint NOT NULL CHECK (fresh_minor >= 0),
    charges_minor   bigint NOT NULL CHECK (charges_minor >= 0),
    loans_open      integer NOT NULL CHECK (loans_open >= 0),
    opened_on       date NOT NULL,
    cut_on          date NOT NULL,
    due_on          date NOT NULL,
    balance_minor   bigint NOT NULL,
    issued_minor    bigint NOT NULL,
    due_minor       bigint NOT NULL,
    minimum_minor   bigint NOT NULL,
    repaid_minor    bigint NOT NULL,
    adjusted_on     date NOT NULL,
    past_due_on     date NOT NULL,
    bucket          smallint NOT NULL CHECK (bucket BETWEEN 0 AND 6),
    next_event_at   integer NOT NULL,
    position        integer NOT NULL,
    version         bigint NOT NULL,
    PRIMARY KEY (book, id),
    CONSTRAINT line_principal_has_parts CHECK (used_minor >= cycle_minor + unbilled_minor + fresh_minor)
) WITH (fillfactor = 70);
-- Without the id: the server would use it, by skipping, to look lines up.
CREATE INDEX line_next_event ON line (book, next_event_at);

CREATE TABLE due (
    book        smallint NOT NULL,
    line        bigint NOT NULL,
    due_on      date NOT NULL,
    unmet_minor bigint NOT NULL CHECK (unmet_minor >= 0),
    PRIMARY KEY (book, line, due_on)
) WITH (fillfactor = 80);

CREATE TABLE loan (
    book               smallint NOT NULL,
    line               bigint NOT NULL,
    no                 bigint NOT NULL,
    kind               smallint NOT NULL,
    terms              integer NOT NULL,
    rate_ppm           integer NOT NULL CHECK (rate_ppm >= 0),
    source             bigint NOT NULL,
    opened_on          date NOT NULL,
    unbilled_minor     bigint NOT NULL CHECK (unbilled_minor >= 0),
    billed_minor       bigint NOT NULL CHECK (billed_minor >= 0),
    carried_minor      bigint NOT NULL CHECK (carried_minor >= 0),
    interest_num       bigint NOT NULL,
    penalty_num        bigint NOT NULL,
    interest_due_minor bigint NOT NULL CHECK (interest_due_minor >= 0),
    fee_due_minor      bigint NOT NULL CHECK (fee_due_minor >= 0),
    penalty_due_minor  bigint NOT NULL CHECK (penalty_due_minor >= 0),
    interest_new_minor bigint NOT NULL,
    penalty_new_minor  bigint NOT NULL,
    reckoned_on        date NOT NULL,
    open               boolean NOT NULL,
    PRIMARY KEY (book, line, no)
) WITH (fillfactor = 80);
CREATE INDEX loan_open ON loan (book, line) WHERE open;

CREATE TABLE instalment (
    book                 smallint NOT NULL,
    line                 bigint NOT NULL,
    loan                 bigint NOT NULL,
    no                   smallint NOT NULL CHECK (no > 0),
    due_on               date NOT NULL,
    principal_minor      bigint NOT NULL,
    fee_minor            bigint NOT NULL,
    principal_paid_minor bigint NOT NULL,
    fee_paid_minor       bigint NOT NULL,
    billed               boolean NOT NULL,
    PRIMARY KEY (book, line, loan, no),
    CONSTRAINT instalment_principal_paid_is_part CHECK (principal_paid_minor BETWEEN 0 AND principal_minor),
    CONSTRAINT instalment_fee_paid_is_part CHECK (fee_paid_minor BETWEEN 0 AND fee_minor)
) WITH (fillfactor = 80);

CREATE TABLE hold (
    book         smallint NOT NULL,
    line         bigint NOT NULL,
    no           bigint NOT NULL,
    kind         smallint NOT NULL,
    state        smallint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    left_minor   bigint NOT NULL,
    merchant     bigint NOT NULL,
    expires_on   date NOT NULL,
    PRIMARY KEY (book, line, no),
    CONSTRAINT hold_left_is_part CHECK (left_minor BETWEEN 0 AND amount_minor)
) WITH (fillfactor = 80);
CREATE INDEX hold_held ON hold (book, line, expires_on) WHERE state = 1;

-- The journal: insert only.

CREATE TABLE command (
    book          smallint NOT NULL,
    seq           bigint NOT NULL CHECK (seq > 0),
    line          bigint NOT NULL,
    kind          smallint NOT NULL,
    effective_on  date NOT NULL,
    booked_on     date NOT NULL,
    client        integer NOT NULL,
    amount_minor  bigint NOT NULL,
    ref           bigint NOT NULL,
    terms         integer NOT NULL,
    count         smallint NOT NULL,
    flags         smallint NOT NULL,
    merchant      bigint NOT NULL,
    applied_minor bigint NOT NULL,
    outcome       smallint NOT NULL,
    key_hash      uuid NOT NULL,
    digest        uuid NOT NULL,
    booked_at     timestamptz NOT NULL,
    detail        json,
    PRIMARY KEY (book, seq),
    CONSTRAINT command_key UNIQUE (book, client, key_hash)
);
CREATE INDEX command_line ON command (book, line, seq);

CREATE TABLE transfer (
    book         smallint NOT NULL,
    seq          bigint NOT NULL,
    leg          smallint NOT NULL,
    line         bigint NOT NULL,
    debit        integer NOT NULL,
    credit       integer NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    effective_on date NOT NULL,
    booked_on    date NOT NULL,
    PRIMARY KEY (book, seq, leg),
    CONSTRAINT transfer_has_two_sides CHECK (debit <> credit)
);

CREATE TABLE statement (
    book          smallint NOT NULL,
    line          bigint NOT NULL,
    no            bigint NOT NULL,
    cut_on        date NOT NULL,
    due_on        date NOT NULL,
    balance_minor bigint NOT NULL,
    due_minor     bigint NOT NULL CHECK (due_minor >= 0),
    minimum_minor bigint NOT NULL,
    used_minor    bigint NOT NULL CHECK (used_minor >= 0),
    PRIMARY KEY (book, line, no),
    CONSTRAINT statement_minimum_is_part_of_due CHECK (minimum_minor BETWEEN 0 AND due_minor)
);

CREATE TABLE statement_item (
    book         smallint NOT NULL,
    line         bigint NOT NULL,
    no           bigint NOT NULL,
    item         smallint NOT NULL,
    for_on       date NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (book, line, no, item)
);

-- The score, outcome and reasons of a decision, and all that is needed to reach them again.
-- `id` is the seq of the command that it was made for.
CREATE TABLE decision (
    book           smallint NOT NULL,
    id             bigint NOT NULL CHECK (id > 0),
    line           bigint NOT NULL,
    kind           smallint NOT NULL,
    inputs         text NOT NULL,
    policy         text NOT NULL,
    policy_version integer NOT NULL,
    policy_hash    bytea NOT NULL,
    model_hash     bytea NOT NULL,
    score_ppm      integer NOT NULL,
    outcome        smallint NOT NULL,
    limit_minor    bigint NOT NULL CHECK (limit_minor >= 0),
    reasons        text NOT NULL,
    decided_on     date NOT NULL,
    PRIMARY KEY (book, id)
);
CREATE INDEX decision_line ON decision (book, line, id);

-- One row a commit that added to the journal; `hash` is over those rows and the hash before.
CREATE TABLE batch (
    book          smallint NOT NULL,
    first_seq     bigint NOT NULL CHECK (first_seq > 0),
    last_seq      bigint NOT NULL,
    hash          bytea NOT NULL CHECK (length(hash) = 32),
    previous_hash bytea NOT NULL CHECK (length(previous_hash) = 32),
    PRIMARY KEY (book, first_seq),
    CONSTRAINT batch_has_commands CHECK (last_seq >= first_seq)
);

-- The close of a day goes on in batches; `cursor` is the last line done in the present sweep.
CREATE TABLE day (
    book          smallint NOT NULL,
    business_date date NOT NULL,
    cursor        bigint NOT NULL DEFAULT 0,
    lines         bigint NOT NULL DEFAULT 0,
    commands      bigint NOT NULL DEFAULT 0,
    first_seq     bigint NOT NULL,
    closed        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (book, business_date)
) WITH (fillfactor = 50);

CREATE TABLE day_total (
    book             smallint NOT NULL,
    booked_on        date NOT NULL,
    product          smallint NOT NULL,
    interest_num     bigint NOT NULL,
    interest_slope   bigint NOT NULL,
    interest_dropped bigint NOT NULL,
    penalty_num      bigint NOT NULL,
    penalty_slope    bigint NOT NULL,
    penalty_dropped  bigint NOT NULL,
    undrawn_minor    bigint NOT NULL,
    PRIMARY KEY (book, booked_on, product)
) WITH (fillfactor = 50);

-- The world outside: what it is asked to do, and what it said, as it came.

CREATE TABLE outbox (
    book         smallint NOT NULL,
    id           bigint NOT NULL,
    line         bigint NOT NULL,
    kind         smallint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    state        smallint NOT NULL DEFAULT 1,
    attempts     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (book, id)
) WITH (fillfactor = 80);
CREATE INDEX outbox_unfinished ON outbox (book, id) WHERE state < 4;

CREATE TABLE inbox (
    book        smallint NOT NULL,
    id          bigint NOT NULL,
    channel     smallint NOT NULL,
    event       text NOT NULL,
    body        bytea NOT NULL,
    received_at timestamptz NOT NULL,
    outcome     smallint NOT NULL,
    PRIMARY KEY (book, id),
    UNIQUE (book, channel, event)
);
