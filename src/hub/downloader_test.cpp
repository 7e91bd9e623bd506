// Snapshots from the fake Hub, with everything that can go wrong on the way.
#include "hub/downloader.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "base/sha256.h"
#include "hub/fake_hub.h"
#include "hub/snapshot.h"

namespace hearth::hub::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Each;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kLarge = 3'000'001;
constexpr std::size_t kBlock = PartMap::kBlockBytes;

class Downloads : public ::testing::Test {
 protected:
  Downloads() {
    hub_.add("config.json", R"({"model_type":"qwen3"})", false);
    hub_.add("sub/empty.txt", "", false);
    hub_.add("model.safetensors", large_, true);
  }

  Result<Snapshot> pull(const ProgressListener& listener = [](const Progress&) { return true; }) {
    const auto places = hub_.places();
    const auto plan = TRY(plan_snapshot(places, {.repository = "org/model"}));
    return fetch_snapshot(places, plan, options_, listener);
  }
  void expect_whole(const Result<Snapshot>& snapshot) {
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    EXPECT_EQ(read_file(snapshot->folder / "config.json"), R"({"model_type":"qwen3"})");
    EXPECT_EQ(read_file(snapshot->folder / "sub/empty.txt"), "");
    EXPECT_TRUE(read_file(snapshot->folder / "model.safetensors") == large_);
    EXPECT_EQ(partial_files(), 0U);
  }
  /// Of all blobs, or of one.
  std::size_t partial_files(const std::string& blob = "") const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(blobs()))
      count += entry.path().filename().string().contains(blob + ".hearth-") ? 1 : 0;
    return count;
  }
  fs::path blobs() const { return hub_.cache.path() / "models--org--model/blobs"; }

  const std::string large_ = noise(kLarge, 1);
  FakeHub hub_;
  DownloadOptions options_ = quick_options();
};

TEST_F(Downloads, ASnapshotIsWholeAndNotFetchedAgain) {
  hub_.token = "hf_secret";
  const auto snapshot = pull();
  expect_whole(snapshot);
  EXPECT_EQ(read_file(hub_.cache.path() / "models--org--model/refs/main"), FakeHub::kCommit);
  EXPECT_TRUE(fs::is_symlink(snapshot->folder / "sub/empty.txt"));
  EXPECT_EQ(hub_.sent(), kLarge);
  EXPECT_EQ(snapshot->fetched, kLarge + 22);
  EXPECT_GT(hub_.asked_storage().size(), 2U) << "large files come in parts";
  EXPECT_THAT(hub_.asked_storage(), Each(Field(&Asked::authorization, "")));
  EXPECT_THAT(hub_.asked_hub(), Each(Field(&Asked::authorization, "Bearer hf_secret")));
  const auto again = pull();
  expect_whole(again);
  EXPECT_EQ(again->fetched, 0U);
  EXPECT_EQ(hub_.sent(), kLarge);
}

TEST_F(Downloads, CutLinesGoOnWhereTheyEnded) {
  unsigned cuts = 0;
  hub_.storage_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    const unsigned number = cuts++;
    if (number > 20) return std::nullopt;
    return cut(hub_.content(request), (number * 7919) % 200'000);
  };
  const auto snapshot = pull();
  expect_whole(snapshot);
  EXPECT_EQ(snapshot->fetched, kLarge + 22) << "no byte came twice";
}

TEST_F(Downloads, BusyAndBrokenServersAreAskedAgain) {
  int number = 0;
  const auto busy = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.starts_with("/api/") || number >= 6) return std::nullopt;
    return http::text("", number++ % 2 == 0 ? 429 : 503);
  };
  hub_.storage_fault = hub_.hub_fault = busy;
  expect_whole(pull());
}

TEST_F(Downloads, ExpiredAddressesAreAskedForAnew) {
  hub_.signature_uses = 1;
  expect_whole(pull());
  std::set<std::string> addresses;
  for (const auto& asked : hub_.asked_storage()) addresses.insert(asked.path);
  EXPECT_GT(addresses.size(), 2U);
}

TEST_F(Downloads, AStorageThatAlwaysRefusesIsGivenUp) {
  hub_.signature_uses = 0;
  const auto snapshot = pull();
  ASSERT_FALSE(snapshot);
  EXPECT_EQ(snapshot.error().code, ErrorCode::Forbidden);
  EXPECT_THAT(snapshot.error().message, HasSubstr("model.safetensors"));
}

TEST_F(Downloads, WrongContentIsFetchedOnceMoreAndThenRefused) {
  bool heals = true;
  int damaged = 0;
  hub_.storage_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    auto response = hub_.content(request);
    if (heals && damaged++ > 0) return response;
    std::get<std::string>(response.body).back() ^= 1;
    return response;
  };
  expect_whole(pull());
  hub_.change([&] { heals = false; });
  fs::remove_all(hub_.cache.path());
  const auto refused = pull();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::CorruptData);
  EXPECT_THAT(refused.error().message, HasSubstr("model.safetensors"));
  EXPECT_EQ(partial_files(base::Sha256().add(large_).hex()), 0U)
      << "others may have been on their way";
  EXPECT_FALSE(fs::exists(hub_.cache.path() / "models--org--model/refs/main"));
}

TEST_F(Downloads, AnotherLengthIsRefused) {
  hub_.storage_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    auto response = hub_.content(request);
    if (response.status == 206) response.headers.set("Content-Range", "bytes 0-9/10");
    return response;
  };
  const auto refused = pull();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::CorruptData);
  EXPECT_THAT(refused.error().message, HasSubstr("has 10 bytes on the server"));
}

TEST_F(Downloads, RefusalsSayWhy) {
  hub_.storage_fault = [](const http::Request&) { return http::text("", 416); };
  EXPECT_EQ(pull().error().code, ErrorCode::CorruptData);
  const auto gate = [](const http::Request& request) -> std::optional<http::Response> {
    if (!request.target.contains("/resolve/")) return std::nullopt;
    auto response = http::text("", 403);
    response.headers.add("X-Error-Code", "GatedRepo");
    return response;
  };
  hub_.change([&] { hub_.hub_fault = gate; });
  const auto gated = pull();
  ASSERT_FALSE(gated);
  EXPECT_EQ(gated.error().code, ErrorCode::Forbidden);
  EXPECT_THAT(gated.error().message, HasSubstr("/org/model, then enter a token"));
}

TEST_F(Downloads, AStorageWithoutRangesGivesTheFileAsAWhole) {
  hub_.storage_fault = [&](http::Request request) -> std::optional<http::Response> {
    request.headers.remove("range");
    return hub_.content(request);
  };
  expect_whole(pull());
}

TEST_F(Downloads, AnotherETagBeginsAnew) {
  int number = 0;
  hub_.storage_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    if (number++ == 1) hub_.etag = "\"storage-2\"";
    return hub_.content(request);
  };
  options_.connections = 1;
  expect_whole(pull());
  const auto asked = hub_.asked_storage();
  EXPECT_EQ(asked.at(1).if_range, "\"storage-1\"");
  EXPECT_EQ(asked.back().if_range, "") << "from here on the hash alone decides";
}

TEST_F(Downloads, ServersThatDoNotAgreeOnAnETagAreNoHindrance) {
  int number = 0;
  hub_.storage_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    hub_.etag = fmt::format("\"{}\"", number++);
    return hub_.content(request);
  };
  expect_whole(pull());
}

TEST_F(Downloads, WhatIsDamagedOnDiskIsFetchedAnew) {
  options_.bytes_per_s = 1'000'000;
  ASSERT_FALSE(pull([](const Progress& progress) { return progress.done < 3 * kBlock; }));
  for (const auto& entry : fs::directory_iterator(blobs()))
    if (entry.path().extension() == ".hearth-part")
      std::fstream(entry.path()).write("other bytes, as after a power cut", 33);
  options_.bytes_per_s = 0;
  expect_whole(pull());
}

TEST_F(Downloads, WithoutLinksTheFilesThemselvesLieInTheSnapshot) {
  const auto places = hub_.places();
  const auto plan = plan_snapshot(places, {.repository = "org/model"});
  ASSERT_TRUE(plan) << plan.error().message;
  const auto cache = ModelCache::open(places.cache, plan->repository, Links::None);
  const auto all = [](const Progress&) { return true; };
  for (const std::uint64_t wanted : {kLarge + 22, std::size_t{0}}) {
    const auto fetched = download(places, *cache, plan->files, options_, all);
    ASSERT_TRUE(fetched) << fetched.error().message;
    EXPECT_EQ(*fetched, wanted);
  }
  EXPECT_FALSE(fs::is_symlink(plan->folder / "model.safetensors"));
  EXPECT_TRUE(read_file(plan->folder / "model.safetensors") == large_);
}

TEST_F(Downloads, SilentLinesAreDropped) {
  int number = 0;
  hub_.storage_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    if (number++ > 0) return std::nullopt;
    return stall(hub_.content(request), 0);
  };
  options_.stall_timeout = std::chrono::seconds(1);
  expect_whole(pull());
}

TEST_F(Downloads, WhatIsStoppedGoesOnLater) {
  const auto stop_midway = [](const Progress& progress) { return progress.done < 3 * kBlock; };
  options_.bytes_per_s = 1'000'000;
  const auto stopped = pull(stop_midway);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(partial_files(), 2U);
  options_.bytes_per_s = 0;
  const auto snapshot = pull();
  expect_whole(snapshot);
  EXPECT_LE(snapshot->fetched, kLarge - 3 * kBlock);
}

TEST_F(Downloads, WhatIsStoppedMayGo) {
  options_.keep_partial = false;
  options_.bytes_per_s = 1'000'000;
  const auto stopped = pull([](const Progress& progress) { return progress.fetched == 0; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(partial_files(), 0U);
}

TEST_F(Downloads, AFullDiskIsToldBefore) {
  options_.free_bytes = [](const fs::path&) { return 1'000'000; };
  const auto refused = pull();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("has 0.00 GB free: 0.00 GB are missing"));
  EXPECT_THAT(hub_.asked_storage(), IsEmpty());
}

TEST_F(Downloads, TwoAtOnceFetchOnce) {
  hub_.add("second.safetensors", noise(1'500'000, 2), true);
  options_.bytes_per_s = 8'000'000;
  hub_.places();  // serves from here on
  Result<Snapshot> other = fail(ErrorCode::Internal, "not run");
  std::thread thread([&] { other = pull(); });
  const auto mine = pull();
  thread.join();
  expect_whole(mine);
  expect_whole(other);
  EXPECT_EQ(hub_.sent(), kLarge + 1'500'000);
}

TEST_F(Downloads, ProgressEndsWithEverything) {
  Progress last;
  std::vector<std::string> finished;
  expect_whole(pull([&](const Progress& progress) {
    EXPECT_GE(progress.done, last.done);
    last = progress;
    finished.insert(finished.end(), progress.finished.begin(), progress.finished.end());
    return true;
  }));
  EXPECT_EQ(last.done, last.bytes);
  EXPECT_EQ(last.files_done, 3U);
  EXPECT_EQ(finished.size(), 3U);
}

}  // namespace
}  // namespace hearth::hub::testing
