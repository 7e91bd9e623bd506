// The pool as the server runs it: limits from the settings, measurements from the machine.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "services/library/adapters.h"
#include "services/library/library.h"
#include "services/pool/pool.h"
#include "services/settings/settings.h"
#include "services/shelf/shelf.h"
#include "store/database.h"

namespace hearth::app {

/// A pool that keeps what it learns in the database. Adapters, shelf and database outlive it.
Result<std::unique_ptr<services::Pool>> open_pool(const services::Settings& settings,
                                                  const services::Adapters& adapters,
                                                  const services::Shelf& shelf,
                                                  store::Database& database);

/// Models that are loaded at start because the database says so; unknown ones are told and left
/// out.
std::vector<services::ModelEntry> models_to_preload(const services::Library& library,
                                                    const services::Pool& pool);

}  // namespace hearth::app
