// Hashes and headers of a model's files.
#include "services/library/check_model.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>

#include "hub/content_hash.h"
#include "hub/names.h"
#include "services/library/weight_facts.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHashedPiece = std::size_t{1} << 20;

/// What a link of a snapshot promises of its content.
struct Promise {
  hub::HashKind kind;
  std::string hash;
};

std::optional<Promise> promise_of(const fs::path& file) {
  std::error_code error;
  if (!fs::is_symlink(file, error)) return std::nullopt;
  const std::string name = fs::read_symlink(file, error).filename().string();
  if (hub::is_hex(name, 64)) return Promise{hub::HashKind::Sha256, name};
  if (hub::is_hex(name, 40)) return Promise{hub::HashKind::GitBlob, name};
  return std::nullopt;
}

class Check {
 public:
  Check(const ModelEntry& model, const std::function<bool(std::uint64_t)>& go_on)
      : model_(model), go_on_(go_on) {}

  Result<std::vector<CheckedFile>> run() {
    std::error_code error;
    std::vector<fs::path> files;
    for (fs::recursive_directory_iterator at(model_.folder, error), end; !error && at != end;
         at.increment(error)) {
      std::error_code unreadable;
      if (!at->is_directory(unreadable)) files.push_back(at->path());
    }
    if (error) return fail(ErrorCode::Io, "{}: {}", model_.folder.string(), error.message());
    std::ranges::sort(files);
    std::vector<CheckedFile> checked;
    checked.reserve(files.size());
    for (const fs::path& file : files) checked.push_back(TRY(look_at(file)));
    if (!model_.fault.empty()) checked.push_back({.path = "", .fault = model_.fault});
    if (const auto headers = header_fault(); !headers.empty())
      checked.push_back({.path = "", .fault = headers});
    return checked;
  }

 private:
  Result<CheckedFile> look_at(const fs::path& file) {
    std::error_code error;
    CheckedFile checked{.path = file.lexically_relative(model_.folder).string()};
    const auto promise = promise_of(file);
    checked.bytes = fs::file_size(file, error);
    if (error) {
      checked.bytes = 0;
      checked.fault = "is missing";
    } else if (promise) {
      checked.proven = true;
      const auto hash = TRY(hash_of(file, promise->kind, checked.bytes));
      if (!hash)
        checked.fault = "cannot be read";
      else if (*hash != promise->hash)
        checked.fault = "is damaged: its hash is another";
    }
    return checked;
  }

  /// Nothing where the file cannot be read.
  Result<std::optional<std::string>> hash_of(const fs::path& file, hub::HashKind kind,
                                             std::uint64_t bytes) {
    hub::ContentHash hash(kind, bytes);
    std::ifstream in(file, std::ios::binary);
    std::vector<char> piece(kHashedPiece);
    std::uint64_t left = bytes;
    while (left > 0) {
      const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left, kHashedPiece));
      if (!in.read(piece.data(), static_cast<std::streamsize>(length)))
        return std::optional<std::string>();
      hash.add(std::as_bytes(std::span(piece).first(length)));
      left -= length;
      read_ += length;
      if (!go_on_(read_)) return fail(ErrorCode::Cancelled, "the check was stopped");
    }
    return std::optional(hash.hex());
  }

  std::string header_fault() const {
    const auto weights = weight_facts(model_.folder, {});
    return weights ? std::string() : weights.error().message;
  }

  const ModelEntry& model_;
  const std::function<bool(std::uint64_t)>& go_on_;
  std::uint64_t read_ = 0;
};

}  // namespace

Result<std::vector<CheckedFile>> check_model(const ModelEntry& model,
                                             const std::function<bool(std::uint64_t)>& go_on) {
  return Check(model, go_on).run();
}

Result<void> drop_faulty(const ModelEntry& model, const std::vector<CheckedFile>& files) {
  for (const CheckedFile& file : files) {
    if (file.fault.empty() || file.path.empty()) continue;
    const fs::path link = model.folder / file.path;
    std::error_code error;
    const fs::path blob = fs::weakly_canonical(link, error);
    if (fs::is_symlink(link, error)) fs::remove(blob, error);
    if (!error) fs::remove(link, error);
    if (error)
      return fail(ErrorCode::Io, "{} cannot be removed: {}", link.string(), error.message());
  }
  return {};
}

}  // namespace hearth::services
