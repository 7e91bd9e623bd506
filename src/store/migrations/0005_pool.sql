-- What is kept of models in memory: who stays there, who is loaded at start, what they really take.
CREATE TABLE pool_models (
  model      TEXT    NOT NULL PRIMARY KEY,  -- id
  pinned     INTEGER NOT NULL,
  preload    INTEGER NOT NULL,
  keep_alive TEXT    NOT NULL,  -- seconds, -1 for ever; empty: as for all models
  stamp      TEXT    NOT NULL,  -- of the files that were measured
  base_bytes INTEGER NOT NULL,  -- measured, without keys and values; 0: never
  peak_bytes INTEGER NOT NULL   -- the most it ever took
) STRICT;
