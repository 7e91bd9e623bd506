-- What people said of models.
CREATE TABLE model_settings (
  model     TEXT    NOT NULL PRIMARY KEY,  -- id
  favourite INTEGER NOT NULL,
  note      TEXT    NOT NULL,
  preset    TEXT    NOT NULL,  -- JSON
  changed   INTEGER NOT NULL   -- seconds since 1970
) STRICT;
