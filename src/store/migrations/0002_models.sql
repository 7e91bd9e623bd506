-- What was read of model folders: believed as long as the stamp of the folder is the same.
CREATE TABLE model_index (
  folder TEXT NOT NULL PRIMARY KEY,
  stamp  TEXT NOT NULL,
  facts  TEXT NOT NULL  -- JSON
) STRICT;

-- Further names that people gave to models.
CREATE TABLE aliases (
  alias TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
  model TEXT NOT NULL
) STRICT;
