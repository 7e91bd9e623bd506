// The one database of Hearth: opened, checked, brought up to date, and who may write.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/mailbox.h"
#include "base/result.h"
#include "base/thread.h"
#include "store/connection.h"

namespace hearth::store {

/// All writes run on one thread, one after another, each in a transaction; reads run beside them,
/// on the thread that asks. Several processes may share the file. Any thread, but not one that
/// must not wait for a disk.
class Database {
 public:
  /// Opens the file, or makes it (readable by its owner alone). A database of an older Hearth is
  /// brought up to date; before that a copy of it is written beside it.
  /// @returns CorruptData where it is damaged, UnsupportedArgument where a newer Hearth wrote it,
  ///          Io where it cannot be opened. The file is left as it is then.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file);
  /// One that keeps nothing beyond the process.
  static Result<std::unique_ptr<Database>> in_memory();

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs `body(Connection&)`, which returns a Result, on the writing thread in a transaction, and
  /// waits for it; an Error undoes it. Not from within another body.
  template <class Body>
  std::invoke_result_t<Body&, Connection&> write(Body body) {
    std::optional<std::invoke_result_t<Body&, Connection&>> result;
    const auto written = run_write([&](Connection& connection) -> Result<void> {
      result = body(connection);
      if (!*result) return fail(result->error());
      return {};
    });
    if (!written) return fail(written.error());
    return std::move(*result);
  }

  /// Runs `body(Connection&)` on this thread; it sees the latest committed state.
  template <class Body>
  std::invoke_result_t<Body&, Connection&> read(Body body) {
    if (!reader_) return write(std::move(body));
    const std::lock_guard lock(mutex_);
    return body(*reader_);
  }

 private:
  struct Job {
    const std::function<Result<void>(Connection&)>* body;
    std::promise<Result<void>> done;
  };

  Database(Connection writer, std::optional<Connection> reader);
  Result<void> run_write(const std::function<Result<void>(Connection&)>& body);
  void work();

  Connection writer_;  // of the thread, once it runs
  std::mutex mutex_;
  std::optional<Connection> reader_;  // guarded by mutex_; none: the writer reads
  base::Mailbox<Job> jobs_;
  base::Thread thread_;
};

/// `$HEARTH_HOME/hearth.db` by its usual name.
inline constexpr const char* kDatabaseFile = "hearth.db";

}  // namespace hearth::store
