// The library with what it remembers.
#pragma once

#include <memory>

#include "base/result.h"
#include "services/library/library.h"
#include "services/settings/settings.h"
#include "store/database.h"

namespace hearth::app {

/// What a library needs to know: the database, and what this program can run.
services::LibraryKnowledge library_knowledge(store::Database* database);

/// For the command line: a library that works without its database where that cannot be opened,
/// and says so on standard error.
class OpenLibrary {
 public:
  explicit OpenLibrary(const services::Settings& settings);

  services::Library& library() { return *library_; }
  /// @returns why there is none
  Result<store::Database*> database();

 private:
  Result<std::unique_ptr<store::Database>> database_;
  std::unique_ptr<services::Library> library_;
};

}  // namespace hearth::app
