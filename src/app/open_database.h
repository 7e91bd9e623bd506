// The database in Hearth's home.
#pragma once

#include <memory>

#include "base/result.h"
#include "store/database.h"

namespace hearth::app {

/// Opens `$HEARTH_HOME/hearth.db`, or makes it. Where the home cannot be written the server shall
/// run all the same: a database in memory, and a warning.
/// @returns an error where it is damaged, or a newer Hearth's: nothing must be lost.
Result<std::unique_ptr<store::Database>> open_database();

}  // namespace hearth::app
