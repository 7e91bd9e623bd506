// Facts about the machine.
#include "api/admin/system.h"

#include <filesystem>
#include <unistd.h>

#include "api/admin/in_background.h"
#include "base/json.h"
#include "platform/machine.h"
#include "platform/paths.h"

namespace hearth::api::admin {
namespace {

void add_disk(json::array& disks, std::string_view what, const std::filesystem::path& folder) {
  if (folder.empty()) return;
  disks.push_back(json::object{{"what", what},
                               {"folder", folder.string()},
                               {"free_bytes", platform::free_disk_bytes(folder.string())}});
}

http::Response describe_machine(const Services& services) {
  const platform::Processor processor = platform::processor();
  const platform::Memory memory = platform::memory();
  const std::uint64_t budget = services.pool.limits().rules.budget_bytes;
  json::array disks;
  add_disk(disks, "models", services.library.folders().hub_cache);
  add_disk(disks, "home", platform::hearth_home());
  for (const auto& folder : services.library.folders().plain) add_disk(disks, "models", folder);
  return http::json(base::write_json(
      json::object{{"version", services.version},
                   {"process", static_cast<std::int64_t>(::getpid())},
                   {"processor", json::object{{"name", processor.model},
                                              {"cores", processor.cores},
                                              {"features", json::value_from(processor.features)}}},
                   {"memory", json::object{{"total_bytes", memory.total_bytes},
                                           {"available_bytes", memory.available_bytes},
                                           {"model_budget_bytes", budget},
                                           {"server_bytes", platform::resident_bytes(::getpid())}}},
                   {"disks", std::move(disks)}}));
}

}  // namespace

http::Route system(const Services& services) {
  return {http::Method::Get, "/admin/api/system", [services](const http::Request&) {
            return in_background(services.tasks,
                                 [services](const auto&) { return describe_machine(services); });
          }};
}

}  // namespace hearth::api::admin
