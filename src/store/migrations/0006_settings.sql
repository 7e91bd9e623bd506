-- Settings that were changed while a server ran: stronger than config.toml, weaker than flags.
CREATE TABLE settings (
  key   TEXT NOT NULL PRIMARY KEY,  -- as in config.toml: pool.memory
  value TEXT NOT NULL               -- as a flag would say it
) STRICT;
