// SQLite as this program uses it: connections, statements, transactions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hearth::store {

/// One query with its parameters and rows. One thread; not longer than its Connection.
class Statement {
 public:
  /// Sets parameter `index`, counted from 1.
  void bind(int index, std::string_view text);
  void bind(int index, std::int64_t number);
  void bind(int index, double number);
  void bind(int index, std::span<const std::byte> bytes);
  template <std::integral T>
  void bind(int index, T number) {
    bind(index, static_cast<std::int64_t>(number));
  }

  /// Sets all parameters, in order.
  template <class... Values>
  Statement& with(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  /// Goes to the next row; false after the last one. @returns Io, CorruptData
  Result<bool> step();
  /// For what has no rows that matter.
  Result<void> run();

  /// The present row's columns, counted from 0. NULL is 0 or empty.
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string text(int column) const;
  std::string blob(int column) const;

 private:
  friend class Connection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// An open database file. One thread at a time.
class Connection {
 public:
  enum class Access { ReadOnly, ReadWrite };

  /// @param file  `:memory:` makes one that is gone with the connection
  /// @returns     Io where it cannot be opened; CorruptData where it is no database
  static Result<Connection> open(const std::filesystem::path& file, Access access);

  Result<Statement> prepare(std::string_view sql);

  /// One statement with its parameters.
  template <class... Values>
  Result<void> run(std::string_view sql, const Values&... values) {
    auto statement = TRY(prepare(sql));
    return statement.with(values...).run();
  }

  /// Several statements without parameters.
  Result<void> script(const std::string& sql);

  /// Rows that the last statement changed.
  std::int64_t changes() const;

  /// Writes a copy of the whole database.
  Result<void> copy_to(const std::filesystem::path& file);

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Connection(sqlite3* database) : database_(database) {}
  std::unique_ptr<sqlite3, Close> database_;
};

/// Writes that become one: undone unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) {
    other.connection_ = nullptr;
  }
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

}  // namespace hearth::store
