-- How long a model stays in memory is part of its preset, and of that alone.
INSERT INTO model_settings (model, favourite, note, preset, changed)
SELECT model, 0, '', json_object('keep_alive', keep_alive), unixepoch()
FROM pool_models WHERE keep_alive <> ''
ON CONFLICT (model) DO UPDATE
SET preset = json_set(preset, '$.keep_alive', json_extract(excluded.preset, '$.keep_alive'));
ALTER TABLE pool_models DROP COLUMN keep_alive;
