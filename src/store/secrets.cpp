// Reading and writing sealed secrets.
#include "store/secrets.h"

#include <span>

#include "base/clock.h"

namespace hearth::store {

Result<std::optional<std::string>> Secrets::find(const std::string& name) {
  return database_.read([&](Connection& connection) -> Result<std::optional<std::string>> {
    auto row = TRY(connection.prepare("SELECT sealed FROM secrets WHERE name = ?"));
    row.with(name);
    if (!TRY(row.step())) return std::optional<std::string>();
    return std::optional(row.blob(0));
  });
}

Result<void> Secrets::put(const std::string& name, const std::string& sealed) {
  return database_.write([&](Connection& connection) {
    return connection.run("INSERT OR REPLACE INTO secrets VALUES (?, ?, ?)", name,
                          std::as_bytes(std::span(sealed)), base::unix_seconds());
  });
}

Result<bool> Secrets::remove(const std::string& name) {
  return database_.write([&](Connection& connection) -> Result<bool> {
    TRY(connection.run("DELETE FROM secrets WHERE name = ?", name));
    return connection.changes() > 0;
  });
}

}  // namespace hearth::store
