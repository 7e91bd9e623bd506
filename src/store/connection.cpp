// The C interface of SQLite, wrapped; its codes become Errors.
#include "store/connection.h"

#include <sqlite3.h>
#include <utility>

namespace hearth::store {
namespace {

constexpr int kWaitMs = 5000;  // for another program's write

std::unexpected<Error> sqlite_error(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_errcode(database);
  const std::string_view why = sqlite3_errmsg(database);
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
    return fail(ErrorCode::CorruptData, "{}: {}", doing, why);
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
    return fail(ErrorCode::Io, "{}: another program has been writing to it for {} s", doing,
                kWaitMs / 1000);
  return fail(ErrorCode::Io, "{}: {}", doing, why);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(),
                      SQLITE_TRANSIENT, SQLITE_UTF8);
}

void Statement::bind(int index, std::int64_t number) {
  sqlite3_bind_int64(statement_.get(), index, number);
}

void Statement::bind(int index, double number) {
  sqlite3_bind_double(statement_.get(), index, number);
}

void Statement::bind(int index, std::span<const std::byte> bytes) {
  sqlite3_bind_blob64(statement_.get(), index,
                      bytes.empty() ? static_cast<const void*>("") : bytes.data(), bytes.size(),
                      SQLITE_TRANSIENT);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_error(sqlite3_db_handle(statement_.get()), "the database");
}

Result<void> Statement::run() {
  while (TRY(step())) {
  }
  return {};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string Statement::text(int column) const {
  return blob(column);
}

std::string Statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, length);
}

void Connection::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<Connection> Connection::open(const std::filesystem::path& file, Access access) {
  const int flags = (access == Access::ReadOnly ? SQLITE_OPEN_READONLY
                                                : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX;
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  Connection connection(database);
  if (code != SQLITE_OK) return sqlite_error(database, "the database cannot be opened");
  sqlite3_busy_timeout(database, kWaitMs);
  TRY(connection.script("PRAGMA foreign_keys = ON"));
  return connection;
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK)
    return sqlite_error(database_.get(), "the database");
  return Statement(statement);
}

Result<void> Connection::script(const std::string& sql) {
  if (sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return sqlite_error(database_.get(), "the database");
  return {};
}

std::int64_t Connection::changes() const {
  return sqlite3_changes64(database_.get());
}

Result<void> Connection::copy_to(const std::filesystem::path& file) {
  auto copy = TRY(open(file, Access::ReadWrite));
  sqlite3_backup* backup =
      sqlite3_backup_init(copy.database_.get(), "main", database_.get(), "main");
  if (backup == nullptr) return sqlite_error(copy.database_.get(), file.string());
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK)
    return sqlite_error(copy.database_.get(), file.string());
  return {};
}

Result<Transaction> Transaction::begin(Connection& connection) {
  TRY(connection.script("BEGIN IMMEDIATE"));
  return Transaction(&connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr) return;
  const auto undone = connection_->script("ROLLBACK");
  static_cast<void>(undone);  // SQLite has rolled back by itself where this fails
}

Result<void> Transaction::commit() {
  TRY(connection_->script("COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace hearth::store
