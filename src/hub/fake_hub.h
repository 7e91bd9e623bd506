// For tests: a Hub on this machine, with a storage server beside it that can misbehave.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/temp_folder.h"
#include "http/server.h"
#include "hub/downloader.h"
#include "hub/places.h"

namespace hearth::hub::testing {

/// What a server was asked.
struct Asked {
  std::string path;  ///< with the query
  std::string range;
  std::string if_range;
  std::string authorization;
};

/// One model, `org/model`, at one commit; "main" means it. Files of LFS are redirected to the
/// storage, another server, by addresses that carry a signature.
class FakeHub {
 public:
  /// Answers in place of the usual; nothing: the usual after all. On I/O threads, one at a time.
  using Fault = std::function<std::optional<http::Response>(const http::Request&)>;

  FakeHub() = default;
  ~FakeHub();
  FakeHub(const FakeHub&) = delete;
  FakeHub& operator=(const FakeHub&) = delete;

  /// All that follows is set before places() is called, or within change().
  void add(const std::string& path, std::string content, bool lfs);
  Fault hub_fault;
  Fault storage_fault;
  std::size_t page_size = 1000;
  std::string token;          ///< that every question must carry; empty: none
  int signature_uses = 1000;  ///< answers that one signed address gives
  std::string etag = "\"storage-1\"";

  void change(const std::function<void()>& set) {
    const std::lock_guard lock(mutex_);
    set();
  }

  std::vector<Asked> asked_hub() const;
  std::vector<Asked> asked_storage() const;
  /// Bytes of content that the storage has sent.
  std::uint64_t sent() const;

  /// Begins to serve, the first time.
  Places places();
  /// What the storage usually answers, for a fault to change.
  http::Response content(const http::Request& request);

  static const std::string kCommit;
  base::testing::TempFolder cache;

 private:
  struct File {
    std::string content;
    std::string hash;
    std::string git_hash;
    bool lfs = false;
  };

  http::Response answer_hub(const http::Request& request);
  http::Response answer_storage(const http::Request& request);
  http::Response model_info() const;
  http::Response tree(const http::Request& request) const;
  http::Response resolve(const std::string& path);

  std::map<std::string, File> files_;
  mutable std::mutex mutex_;
  std::vector<Asked> asked_hub_;  // guarded by mutex_, as all that is asked for
  std::vector<Asked> asked_storage_;
  std::map<std::string, int> uses_;  // of each signature
  std::uint64_t sent_ = 0;
  std::unique_ptr<http::Server> hub_;
  std::unique_ptr<http::Server> storage_;
};

/// Sends the first bytes of an answer's body, then cuts the line or falls silent.
http::Response cut(http::Response whole, std::size_t bytes);
http::Response stall(http::Response whole, std::size_t bytes);

/// Options that lose no time.
DownloadOptions quick_options();

/// So many bytes that compress badly and repeat nowhere.
std::string noise(std::size_t bytes, unsigned seed);

std::string read_file(const std::filesystem::path& file);

}  // namespace hearth::hub::testing
