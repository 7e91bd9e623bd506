-- What was asked of the Hub, in the order of the queue; ended ones stay as history.
CREATE TABLE downloads (
  id         TEXT    NOT NULL PRIMARY KEY,
  repository TEXT    NOT NULL,
  revision   TEXT    NOT NULL,
  include    TEXT    NOT NULL,  -- JSON lists of patterns
  exclude    TEXT    NOT NULL,
  state      TEXT    NOT NULL CHECK (state IN ('pending', 'starting', 'downloading', 'paused',
                                               'completed', 'failed', 'cancelled')),
  place      INTEGER NOT NULL,  -- smaller ones go first
  commit_id  TEXT    NOT NULL,  -- empty until the Hub was asked
  folder     TEXT    NOT NULL,
  bytes      INTEGER NOT NULL,
  done       INTEGER NOT NULL,
  files      INTEGER NOT NULL,
  error_code TEXT    NOT NULL,  -- empty unless failed
  error      TEXT    NOT NULL,
  created    INTEGER NOT NULL,  -- seconds since 1970
  changed    INTEGER NOT NULL
) STRICT;
