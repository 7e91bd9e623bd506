-- Models that are to be made of others, in the order of the queue; ended ones stay as history.
CREATE TABLE conversions (
  id           TEXT    NOT NULL PRIMARY KEY,
  model        TEXT    NOT NULL,  -- id of the source
  source       TEXT    NOT NULL,  -- its folder
  target       TEXT    NOT NULL,  -- the folder to make
  preset       TEXT    NOT NULL,  -- that was named; empty: none
  options      TEXT    NOT NULL,  -- JSON, those of the preset included
  replaces     INTEGER NOT NULL,  -- what stands at the target
  memory_bytes INTEGER NOT NULL,  -- that it takes at most
  state        TEXT    NOT NULL CHECK (state IN ('pending', 'running', 'completed', 'failed',
                                                 'cancelled')),
  begun        INTEGER NOT NULL,  -- a process was at it already
  place        INTEGER NOT NULL,  -- smaller ones go first
  error_code   TEXT    NOT NULL,  -- empty unless failed, or waiting for something
  error        TEXT    NOT NULL,
  result       TEXT    NOT NULL,  -- JSON; empty unless completed
  created      INTEGER NOT NULL,  -- seconds since 1970
  changed      INTEGER NOT NULL
) STRICT;

-- Sets of options that people gave names to.
CREATE TABLE conversion_presets (
  name        TEXT    NOT NULL PRIMARY KEY COLLATE NOCASE,
  description TEXT    NOT NULL,
  options     TEXT    NOT NULL,  -- JSON
  changed     INTEGER NOT NULL   -- seconds since 1970
) STRICT;
