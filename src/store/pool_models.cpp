// Reading and writing what is kept of models in memory.
#include "store/pool_models.h"

namespace hearth::store {

Result<std::vector<PoolModel>> PoolModels::list() {
  return database_.read([](Connection& connection) -> Result<std::vector<PoolModel>> {
    auto row =
        TRY(connection.prepare("SELECT model, pinned, preload, stamp, base_bytes, peak_bytes "
                               "FROM pool_models ORDER BY model"));
    std::vector<PoolModel> list;
    while (TRY(row.step()))
      list.push_back({.model = row.text(0),
                      .pinned = row.integer(1) != 0,
                      .preload = row.integer(2) != 0,
                      .stamp = row.text(3),
                      .base_bytes = static_cast<std::uint64_t>(row.integer(4)),
                      .peak_bytes = static_cast<std::uint64_t>(row.integer(5))});
    return list;
  });
}

Result<void> PoolModels::put(const PoolModel& row) {
  return database_.write([&](Connection& connection) {
    return connection.run("INSERT OR REPLACE INTO pool_models VALUES (?, ?, ?, ?, ?, ?)", row.model,
                          row.pinned, row.preload, row.stamp, row.base_bytes, row.peak_bytes);
  });
}

}  // namespace hearth::store
