// How does text become token ids, and what is each id?
#include "text/tokenizer.h"

#include <algorithm>
#include <hearth_bridge.h>
#include <utility>

#include "text/bridge_call.h"
#include "text/control_twin.h"
#include "text/piece_cache.h"
#include "text/tokenizer_files.h"

namespace hearth::text {
namespace {

constexpr std::size_t kCacheBytes = 32u << 20;
constexpr std::size_t kSmallestCachedPiece = 16;  // below, encoding is as fast as looking up

Result<std::vector<TokenId>> bridge_encode(const hearth_tokenizer* tokenizer, std::string_view text,
                                           bool add_special) {
  BridgeOutput output;
  const int status = hearth_tokenizer_encode(tokenizer, borrow(text), add_special, output.slot());
  TRY(check_bridge(status, output, ErrorCode::InvalidArgument));
  return output.ids();
}

std::optional<bool> flag(const json::object& config, std::string_view name) {
  const json::value* value = config.if_contains(name);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

/// Lets `add_bos_token` or `add_eos_token` of the configuration decide over one end of the frame.
void obey(std::optional<bool> wanted, std::optional<TokenId> token, std::vector<TokenId>& frame) {
  if (!wanted || !token) return;
  if (*wanted && frame.empty()) frame.push_back(*token);
  if (!*wanted && frame.size() == 1 && frame.front() == *token) frame.clear();
}

std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> serial = 0;
  return ++serial;
}

}  // namespace

struct Tokenizer::Parts {
  BridgeHandle<hearth_tokenizer> handle;
  Vocabulary vocabulary;
  json::object about;
  json::object config;
};

Tokenizer::Tokenizer(Parts parts)
    : serial_(next_serial()),
      handle_(std::move(parts.handle)),
      vocabulary_(std::move(parts.vocabulary)),
      special_tokens_(special_tokens_of(parts.config)) {
  if (PieceCache::is_exact(vocabulary_, parts.about)) {
    pieces_ = std::make_unique<PieceCache>(vocabulary_, kCacheBytes);
  }
}

Tokenizer::~Tokenizer() = default;

Result<std::shared_ptr<const Tokenizer>> Tokenizer::load(
    const std::filesystem::path& model_folder) {
  const TokenizerFiles files = TRY(read_tokenizer_files(model_folder));
  return TRY_IN((model_folder / "tokenizer.json").string(),
                from_json(files.tokenizer_json, files.config));
}

Result<std::shared_ptr<const Tokenizer>> Tokenizer::from_json(std::string_view tokenizer_json,
                                                              const json::object& config) {
  hearth_tokenizer* handle = nullptr;
  BridgeOutput output;
  const std::string late = late_tokens_of(config);
  const int status =
      hearth_tokenizer_create(borrow(tokenizer_json), borrow(late), &handle, output.slot());
  Parts parts{.handle = BridgeHandle<hearth_tokenizer>(handle), .config = config};
  TRY(check_bridge(status, output, ErrorCode::CorruptData));

  BridgeOutput listing;
  TRY(check_bridge(hearth_tokenizer_vocabulary(handle, listing.slot()), listing,
                   ErrorCode::CorruptData));
  BridgeOutput about;
  TRY(check_bridge(hearth_tokenizer_describe(handle, about.slot()), about, ErrorCode::CorruptData));
  const json::value description = TRY(base::parse_json(about.view()));
  parts.about = description.as_object();
  parts.vocabulary = TRY(Vocabulary::read(listing.view(), parts.about));

  std::shared_ptr<Tokenizer> tokenizer(new Tokenizer(std::move(parts)));
  TRY(tokenizer->learn_frame(config));
  return tokenizer;
}

/// Finds out what the post-processor puts around a text, by encoding one with and without it.
Result<void> Tokenizer::learn_frame(const json::object& config) {
  const std::vector<TokenId> bare = TRY(bridge_encode(handle_.get(), "a", false));
  const std::vector<TokenId> framed = TRY(bridge_encode(handle_.get(), "a", true));
  const auto middle = std::search(framed.begin(), framed.end(), bare.begin(), bare.end());
  if (middle == framed.end() && !bare.empty()) {
    return fail(ErrorCode::UnsupportedCapability,
                "the post-processor changes the text's own ids, which is not supported");
  }
  prefix_.assign(framed.begin(), middle);
  suffix_.assign(middle + static_cast<std::ptrdiff_t>(bare.size()), framed.end());
  obey(flag(config, "add_bos_token"), special_id("bos_token"), prefix_);
  obey(flag(config, "add_eos_token"), special_id("eos_token"), suffix_);
  return {};
}

Result<std::vector<TokenId>> Tokenizer::encode(std::string_view text, AddSpecialTokens add) const {
  std::vector<TokenId> ids = TRY(encode_whole(text));
  if (add == AddSpecialTokens::Yes) frame(ids);
  return ids;
}

Result<std::vector<TokenId>> Tokenizer::encode_whole(std::string_view text) const {
  if (pieces_ == nullptr) return bridge_encode(handle_.get(), text, false);
  std::vector<TokenId> ids;
  for (const PieceCache::Part& part : pieces_->split(text)) {
    if (part.token) {
      ids.push_back(*part.token);
      continue;
    }
    const std::vector<TokenId> piece = TRY(encode_piece(part.text));
    ids.insert(ids.end(), piece.begin(), piece.end());
  }
  return ids;
}

Result<std::vector<TokenId>> Tokenizer::encode_piece(std::string_view piece) const {
  if (piece.size() < kSmallestCachedPiece) return bridge_encode(handle_.get(), piece, false);
  if (auto known = pieces_->find(piece)) return *std::move(known);
  std::vector<TokenId> ids = TRY(bridge_encode(handle_.get(), piece, false));
  pieces_->keep(piece, ids);
  return ids;
}

/// A text that was written with its bos keeps just that one.
void Tokenizer::frame(std::vector<TokenId>& ids) const {
  const bool has_bos = prefix_.size() == 1 && !ids.empty() && ids.front() == prefix_.front();
  if (!has_bos) ids.insert(ids.begin(), prefix_.begin(), prefix_.end());
  ids.insert(ids.end(), suffix_.begin(), suffix_.end());
}

Result<std::vector<TokenId>> Tokenizer::encode_plain(std::string_view text) const {
  std::vector<TokenId> control;
  for (const AddedToken& token : vocabulary_.added()) control.push_back(token.id);
  return TRY(twin(control))->encode(text);
}

Result<std::string> Tokenizer::decode(std::span<const TokenId> ids, SkipSpecial skip) const {
  BridgeOutput output;
  const int status = hearth_tokenizer_decode(handle_.get(), ids.data(), ids.size(),
                                             skip == SkipSpecial::Yes, output.slot());
  TRY(check_bridge(status, output, ErrorCode::Internal));
  return output.text();
}

std::optional<TokenId> Tokenizer::special_id(const std::string& name) const {
  const auto found = special_tokens_.find(name);
  if (found == special_tokens_.end()) return std::nullopt;
  return token_id(found->second);
}

Result<std::shared_ptr<const ControlTwin>> Tokenizer::twin(
    std::span<const TokenId> control_tokens) const {
  const std::vector<TokenId> key(control_tokens.begin(), control_tokens.end());
  const std::scoped_lock lock(twin_mutex_);
  auto& known = twins_[key];
  if (known == nullptr) {
    known = TRY_IN("build the twin tokenizer",
                   ControlTwin::build(handle_.get(), vocabulary_, control_tokens));
  }
  return known;
}

}  // namespace hearth::text
