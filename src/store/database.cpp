// Opening with all checks, and the thread that writes.
#include "store/database.h"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include "store/migrations.h"

namespace hearth::store {
namespace {

namespace fs = std::filesystem;

constexpr int kOwnerOnly = 0600;

/// SQLite would make it readable by all: it will hold what is private.
Result<void> make_file(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnerOnly);
  if (descriptor < 0)
    return fail(ErrorCode::Io, "{} cannot be opened: {}", file.string(),
                std::generic_category().message(errno));
  ::close(descriptor);
  return {};
}

Error damaged(const fs::path& file, std::string_view why) {
  return {.code = ErrorCode::CorruptData,
          .message = fmt::format(
              "{} is damaged ({}); nothing was changed. Move it away, and Hearth begins with an "
              "empty one: models on disk are not touched, but downloads under way, aliases and "
              "notes are in it. Copies from before updates lie beside it, if there were any",
              file.string(), why)};
}

/// @returns why the content cannot be trusted, empty if it can.
Result<std::string> fault_in(Connection& connection) {
  auto check = TRY(connection.prepare("PRAGMA quick_check(1)"));
  TRY(check.step());
  const std::string told = check.text(0);
  return told == "ok" ? std::string() : told;
}

Result<void> check(Connection& connection, const fs::path& file) {
  const auto fault = fault_in(connection);
  if (!fault && fault.error().code != ErrorCode::CorruptData)
    return fail_in(file.string(), fault.error());
  if (!fault) return fail(damaged(file, fault.error().message));
  if (!fault->empty()) return fail(damaged(file, *fault));
  const auto schema = TRY(schema_of(connection));
  if (schema > migrations().size())
    return fail(ErrorCode::UnsupportedArgument,
                "{} was written by a newer Hearth (schema {}, this one knows {}); nothing was "
                "changed. Start the newer one, or set HEARTH_HOME to another folder",
                file.string(), schema, migrations().size());
  return {};
}

/// A copy of the database as the older Hearth left it.
Result<void> keep_copy(Connection& connection, const fs::path& file) {
  const auto schema = TRY(schema_of(connection));
  if (schema == 0 || schema == migrations().size()) return {};
  const fs::path copy = fmt::format("{}.schema-{}", file.string(), schema);
  TRY(make_file(copy));
  return connection.copy_to(copy);
}

Result<Connection> open_writer(const fs::path& file) {
  TRY(make_file(file));
  auto writer = TRY_IN(file.string(), Connection::open(file, Connection::Access::ReadWrite));
  TRY(check(writer, file));
  TRY_IN(file.string(), writer.script("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"));
  TRY_IN(file.string(), keep_copy(writer, file));
  TRY_IN(file.string(), migrate(writer, migrations()));
  return writer;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const fs::path& file) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  auto writer = TRY(open_writer(file));
  auto reader = TRY_IN(file.string(), Connection::open(file, Connection::Access::ReadOnly));
  return std::unique_ptr<Database>(new Database(std::move(writer), std::move(reader)));
}

Result<std::unique_ptr<Database>> Database::in_memory() {
  auto writer = TRY(Connection::open(":memory:", Connection::Access::ReadWrite));
  TRY(migrate(writer, migrations()));
  return std::unique_ptr<Database>(new Database(std::move(writer), std::nullopt));
}

Database::Database(Connection writer, std::optional<Connection> reader)
    : writer_(std::move(writer)),
      reader_(std::move(reader)),
      thread_("store", [this] { work(); }) {}

Database::~Database() {
  jobs_.close();
}

Result<void> Database::run_write(const std::function<Result<void>(Connection&)>& body) {
  Job job{.body = &body, .done = {}};
  auto written = job.done.get_future();
  if (!jobs_.post(std::move(job)))
    return fail(ErrorCode::Cancelled, "the database is being closed");
  return written.get();
}

void Database::work() {
  while (auto job = jobs_.wait()) {
    job->done.set_value([&]() -> Result<void> {
      auto transaction = TRY(Transaction::begin(writer_));
      TRY((*job->body)(writer_));
      return transaction.commit();
    }());
  }
}

}  // namespace hearth::store
