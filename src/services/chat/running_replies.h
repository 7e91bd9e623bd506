// Who can be cancelled by name.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hearth::services {

/// The replies under way, each under one or more names (the request's id, the answer's id). Names
/// need not be unique: several choices of an answer share theirs. Any thread.
class RunningReplies {
 public:
  RunningReplies();

  /// Ends a reply. @returns false where it had ended already.
  using Cancel = std::function<bool()>;

  /// Takes a reply in until the result is destroyed. `cancel` may be called from any thread, and
  /// once more just after that.
  std::shared_ptr<void> add(std::vector<std::string> names, Cancel cancel);

  /// Cancels all that run under a name. @returns how many did.
  std::size_t cancel(const std::string& name);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace hearth::services
