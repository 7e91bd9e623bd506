-- Tokens and keys of other services, each sealed for its place with the key in the home's own file.
CREATE TABLE secrets (
  name    TEXT    NOT NULL PRIMARY KEY,
  sealed  BLOB    NOT NULL,
  changed INTEGER NOT NULL  -- seconds since 1970
) STRICT;
