// Queue, pool, library and processes, put together.
#include "app/open_conversions.h"

#include <utility>

#include "app/conversion_process.h"
#include "base/log.h"
#include "platform/paths.h"

namespace hearth::app {

std::filesystem::path converted_models() {
  return platform::hearth_home() / "models";
}

Result<std::unique_ptr<services::Conversions>> open_conversions(const services::Settings& settings,
                                                                store::Database& database,
                                                                services::Library& library,
                                                                services::Pool& pool) {
  using Row = store::ConversionRow;
  services::ConversionWorld world{
      .run = [](const Row& row, const services::JobHooks& hooks) -> Result<std::string> {
        return run_conversion(TRY(services::job_of(row)), hooks);
      },
      .reserve = [&pool](const Row& row) -> Result<std::shared_ptr<void>> {
        auto room =
            TRY(pool.reserve(fmt::format("the conversion of {}", row.model), row.memory_bytes));
        return std::make_shared<services::Pool::Reservation>(std::move(room));
      },
      .discard =
          [](const Row& row) {
            if (const auto done = discard_conversion(row.target); !done)
              log_warn("conversions", "what is left of {} stays there: {}", row.target,
                       done.error().message);
          },
      .completed = [&library](const Row&) { library.look_again(); }};
  return services::Conversions::open(database, settings.conversions_at_once, std::move(world));
}

}  // namespace hearth::app
