-- What commands that change terms and standing of a line leave on it.

-- A write-off was reversed: the line is not given up by itself before it is cured.
ALTER TABLE line ADD COLUMN spared boolean NOT NULL DEFAULT false;
