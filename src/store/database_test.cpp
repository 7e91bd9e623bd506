// What a database survives: other programs, updates, damage, and being from the future.
#include "store/database.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <thread>

#include "base/testing/temp_folder.h"
#include "store/downloads.h"
#include "store/migrations.h"

namespace hearth::store {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct World {
  base::testing::TempFolder folder;
  fs::path file = folder.path() / "hearth.db";

  std::string bytes() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

std::int64_t count(Database& database) {
  return *database.read([](Connection& connection) -> Result<std::int64_t> {
    auto row = TRY(connection.prepare("SELECT count(*) FROM downloads"));
    TRY(row.step());
    return row.integer(0);
  });
}

TEST(Database, KeepsWhatWasWrittenAndIsPrivate) {
  World world;
  const DownloadRow row{.id = "a",
                        .repository = "org/model",
                        .revision = "main",
                        .include = {"*.json", "quote\".txt"},
                        .exclude = {},
                        .state = DownloadState::Paused,
                        .place = -3,
                        .bytes = std::uint64_t{1} << 40,
                        .error = "weiß nicht"};
  ASSERT_TRUE(Downloads(**Database::open(world.file)).put({row}));
  auto database = Database::open(world.file);
  ASSERT_TRUE(database) << database.error().message;
  const auto rows = Downloads(**database).list();
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().include, row.include);
  EXPECT_EQ(rows->front().state, DownloadState::Paused);
  EXPECT_EQ(rows->front().place, -3);
  EXPECT_EQ(rows->front().bytes, row.bytes);
  EXPECT_EQ(rows->front().error, row.error);
  EXPECT_EQ(fs::status(world.file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Database, UndoesAWriteThatFails) {
  World world;
  const auto database = *Database::open(world.file);
  const auto failed = database->write([](Connection& connection) -> Result<void> {
    TRY(connection.run("DELETE FROM downloads"));
    TRY(connection.run("INSERT INTO downloads (id) VALUES (?)", "half"));
    return {};
  });
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("NOT NULL"));
  EXPECT_EQ(count(*database), 0);
  EXPECT_TRUE(Downloads(*database).put({{.id = "a"}})) << "and goes on after it";
}

TEST(Database, TwoProgramsWriteBesideEachOther) {
  World world;
  const auto one = *Database::open(world.file);
  const auto two = *Database::open(world.file);
  constexpr int kRows = 50;
  const auto fill = [](Database& database, const std::string& prefix) {
    for (int i = 0; i < kRows; ++i)
      EXPECT_TRUE(Downloads(database).put({{.id = prefix + std::to_string(i)}}));
  };
  std::thread other([&] { fill(*two, "two-"); });
  fill(*one, "one-");
  other.join();
  EXPECT_EQ(count(*one), 2 * kRows);
  EXPECT_EQ(count(*two), 2 * kRows);
}

TEST(Database, DamageIsToldAndTheFileLeftAlone) {
  World world;
  world.folder.write("hearth.db", std::string(8192, 'x'));
  const std::string before = world.bytes();
  const auto opened = Database::open(world.file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::CorruptData);
  EXPECT_THAT(opened.error().message, HasSubstr("Move it away"));
  EXPECT_EQ(world.bytes(), before);
}

TEST(Database, APageThatWasOverwrittenIsFound) {
  World world;
  {
    const auto database = *Database::open(world.file);
    std::vector<DownloadRow> rows;
    rows.reserve(200);
    for (int i = 0; i < 200; ++i)
      rows.push_back({.id = std::to_string(i), .error = std::string(200, 'e')});
    ASSERT_TRUE(Downloads(*database).put(rows));
  }
  std::fstream(world.file, std::ios::binary | std::ios::in | std::ios::out)
          .seekp(std::streamoff{2} * 4096)
      << std::string(4096, '\xee');
  const auto opened = Database::open(world.file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::CorruptData);
}

TEST(Database, OneOfANewerHearthIsRefusedAndLeftAlone) {
  World world;
  {
    auto connection = *Connection::open(world.file, Connection::Access::ReadWrite);
    ASSERT_TRUE(connection.script("CREATE TABLE future (x); PRAGMA user_version = 999"));
  }
  const std::string before = world.bytes();
  const auto opened = Database::open(world.file);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::UnsupportedArgument);
  EXPECT_THAT(opened.error().message, HasSubstr("newer Hearth (schema 999"));
  EXPECT_EQ(world.bytes(), before);
}

TEST(Database, AFolderThatCannotBeWrittenIsAnError) {
  World world;
  world.folder.write("file", "");
  const auto opened = Database::open(world.folder.path() / "file" / "hearth.db");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Io);
}

TEST(Database, InMemoryReadsWhatItWrote) {
  const auto database = *Database::in_memory();
  ASSERT_TRUE(Downloads(*database).put({{.id = "a"}}));
  EXPECT_EQ(count(*database), 1);
}

TEST(Migrations, EveryOlderSchemaIsBroughtUpToDateAndKept) {
  for (std::size_t schema = 1; schema < migrations().size(); ++schema) {
    World world;
    {
      auto connection = *Connection::open(world.file, Connection::Access::ReadWrite);
      ASSERT_TRUE(migrate(connection, migrations().first(schema)));
      ASSERT_TRUE(
          connection.run("INSERT INTO downloads VALUES ('old', 'org/model', 'main', '[]', '[]', "
                         "'paused', 1, '', '', 0, 0, 0, '', '', 5, 6)"));
    }
    const auto database = Database::open(world.file);
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_EQ(Downloads(**database).list()->front().id, "old");
    auto copy = *Connection::open(fmt::format("{}.schema-{}", world.file.string(), schema),
                                  Connection::Access::ReadOnly);
    EXPECT_EQ(*schema_of(copy), schema);
  }
}

TEST(Migrations, TimesOfModelsMoveIntoTheirPresets) {
  auto connection = *Connection::open(":memory:", Connection::Access::ReadWrite);
  ASSERT_TRUE(migrate(connection, migrations().first(6)));
  ASSERT_TRUE(connection.script(R"(
      INSERT INTO pool_models VALUES ('a', 1, 0, '60', '', 0, 0), ('b', 0, 0, '-1', '', 0, 0),
                                     ('c', 0, 1, '', '', 0, 0);
      INSERT INTO model_settings VALUES ('b', 1, 'dear', '{"top_k":4}', 9);)"));
  ASSERT_TRUE(migrate(connection, migrations()));
  auto row = *connection.prepare("SELECT model, note, preset FROM model_settings ORDER BY model");
  ASSERT_TRUE(*row.step());
  EXPECT_EQ(row.text(0), "a");
  EXPECT_EQ(row.text(2), R"({"keep_alive":"60"})");
  ASSERT_TRUE(*row.step());
  EXPECT_EQ(row.text(1), "dear");
  EXPECT_EQ(row.text(2), R"({"top_k":4,"keep_alive":"-1"})");
  EXPECT_FALSE(*row.step());
  auto pins = *connection.prepare("SELECT sum(pinned), sum(preload), count(*) FROM pool_models");
  ASSERT_TRUE(*pins.step());
  EXPECT_EQ(pins.integer(0), 1);
  EXPECT_EQ(pins.integer(1), 1);
  EXPECT_EQ(pins.integer(2), 3);
}

TEST(Migrations, OneThatFailsLeavesTheSchemaBeforeIt) {
  auto connection = *Connection::open(":memory:", Connection::Access::ReadWrite);
  const auto steps = std::to_array<Migration>(
      {{"0001_good", "CREATE TABLE a (x)"}, {"0002_bad", "CREATE TABLE b (x); nonsense"}});
  const auto done = migrate(connection, steps);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("0002_bad"));
  EXPECT_EQ(*schema_of(connection), 1U);
  EXPECT_TRUE(connection.script("CREATE TABLE b (x)")) << "half of a step is undone";
}

}  // namespace
}  // namespace hearth::store
