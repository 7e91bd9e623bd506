// Header and data of a saved prompt's file, and the hash over both.
#include "engine/prompts/prompt_file.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/id.h"
#include "base/json.h"
#include "base/sha256.h"
#include "engine/page_pool.h"

namespace hearth::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "hearth saved prompt 1";
constexpr std::string_view kTokens = "tokens";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kIdDigits = 32;
constexpr std::uint64_t kMaxHeader = 64'000'000;

std::string zeros() {
  return std::string(kHashDigits, '0');
}

// The header's first member, so that the hash has a place that is known: after its key.
constexpr std::string_view kHashKey = R"({"__metadata__":{"sha256":")";

struct Header {
  std::string text;    ///< as in the file
  json::object table;  ///< the same, read
  std::string hash;    ///< what it says
};

json::object entry(std::string_view dtype, const json::array& shape, std::uint64_t begin,
                   std::uint64_t bytes) {
  return {{"dtype", dtype}, {"shape", shape}, {"data_offsets", {begin, begin + bytes}}};
}

std::string header_text(const PromptContent& content) {
  const SavedPrompt& prompt = content.prompt;
  json::object table;
  table["__metadata__"] = {{"sha256", zeros()},
                           {"format", kFormat},
                           {"name", prompt.name},
                           {"model", prompt.model},
                           {"fingerprint", prompt.fingerprint},
                           {"identity", prompt.identity},
                           {"salt", prompt.salt},
                           {"created", std::to_string(prompt.created_s)}};
  std::uint64_t end = prompt.tokens.size() * sizeof(TokenId);
  table[kTokens] = entry("U32", json::array{prompt.tokens.size()}, 0, end);
  for (const CacheTensor& tensor : content.tensors) {
    json::array shape(tensor.shape.begin(), tensor.shape.end());
    table[(tensor.of_pages ? "pages." : "state.") + tensor.name] =
        entry(tensor.dtype, shape, end, tensor.bytes.size());
    end += tensor.bytes.size();
  }
  std::string text = json::serialize(table);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

std::string length_of(const std::string& header) {
  std::string bytes;
  for (unsigned shift = 0; shift < 64; shift += 8)
    bytes.push_back(static_cast<char>(std::uint64_t{header.size()} >> shift & 0xFF));
  return bytes;
}

std::span<const std::byte> bytes_of(const std::vector<TokenId>& tokens) {
  return std::as_bytes(std::span(tokens));
}

std::string hash_of(const std::string& header, const PromptContent& content) {
  base::Sha256 hash;
  hash.add(length_of(header)).add(header).add(bytes_of(content.prompt.tokens));
  for (const CacheTensor& tensor : content.tensors) hash.add(tensor.bytes);
  return hash.hex();
}

void write(std::ofstream& file, std::span<const std::byte> bytes) {
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::unexpected<Error> damaged(const fs::path& path, std::string_view why) {
  return fail(ErrorCode::CorruptData, "{}: is no saved prompt, or a damaged one: {}",
              path.filename().string(), why);
}

/// An open file whose header was read.
struct OpenFile {
  std::ifstream stream;
  std::uint64_t size = 0;
  Header header;

  std::uint64_t data_begin() const { return 8 + header.text.size(); }
};

Result<OpenFile> open_file(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error))
    return fail(ErrorCode::NotFound, "{}: there is no such file", path.filename().string());
  OpenFile file{.stream = std::ifstream(path, std::ios::binary), .header = {}};
  file.size = fs::file_size(path, error);
  if (error || !file.stream)
    return fail(ErrorCode::Io, "{}: cannot be opened", path.filename().string());
  std::array<unsigned char, 8> prefix{};
  file.stream.read(reinterpret_cast<char*>(prefix.data()), prefix.size());
  std::uint64_t length = 0;
  for (std::size_t i = prefix.size(); i > 0; --i) length = length << 8 | prefix[i - 1];
  if (!file.stream || length > kMaxHeader || length + 8 > file.size)
    return damaged(path, "its header does not end within it");
  Header& header = file.header;
  header.text.resize(length);
  file.stream.read(header.text.data(), static_cast<std::streamsize>(length));
  auto table = base::parse_json(header.text);
  if (!file.stream || !table || !table->is_object() || !header.text.starts_with(kHashKey) ||
      header.text.size() < kHashKey.size() + kHashDigits)
    return damaged(path, "its header is not as Hearth writes it");
  header.table = std::move(table->get_object());
  header.hash = header.text.substr(kHashKey.size(), kHashDigits);
  return file;
}

/// Where a tensor lies, counted from the end of the header.
struct Place {
  std::string dtype;
  std::vector<std::int32_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::optional<Place> place_of(const json::value& value, std::uint64_t data_bytes) {
  const json::object* entry = value.if_object();
  if (entry == nullptr) return std::nullopt;
  try {
    Place place{.dtype = json::value_to<std::string>(entry->at("dtype")),
                .shape = json::value_to<std::vector<std::int32_t>>(entry->at("shape"))};
    place.begin = entry->at("data_offsets").at(0).to_number<std::uint64_t>();
    place.end = entry->at("data_offsets").at(1).to_number<std::uint64_t>();
    if (place.begin > place.end || place.end > data_bytes || place.shape.empty())
      return std::nullopt;
    return place;
  } catch (const std::exception&) {  // a member is missing or of another kind
    return std::nullopt;
  }
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<std::vector<std::byte>> read_at(OpenFile& file, const Place& place, const fs::path& path) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(place.end - place.begin));
  file.stream.seekg(static_cast<std::streamoff>(file.data_begin() + place.begin));
  file.stream.read(reinterpret_cast<char*>(bytes.data()),
                   static_cast<std::streamsize>(bytes.size()));
  if (!file.stream) return damaged(path, "it ends early");
  return bytes;
}

Result<SavedPrompt> read_head(OpenFile& file, const fs::path& path) {
  const json::object& table = file.header.table;
  const json::value* notes = table.if_contains("__metadata__");
  if (notes == nullptr || !notes->is_object() || text_at(notes->get_object(), "format") != kFormat)
    return damaged(path, "its format is another one");
  const json::object& metadata = notes->get_object();
  const json::value* found = table.if_contains(kTokens);
  const auto place = found ? place_of(*found, file.size - file.data_begin()) : std::nullopt;
  if (!place || place->dtype != "U32" || place->begin != 0 || place->end % sizeof(TokenId) != 0)
    return damaged(path, "it names no tokens");
  const auto bytes = TRY(read_at(file, *place, path));
  SavedPrompt prompt{.id = {},
                     .name = text_at(metadata, "name"),
                     .model = text_at(metadata, "model"),
                     .fingerprint = text_at(metadata, "fingerprint"),
                     .identity = text_at(metadata, "identity"),
                     .salt = text_at(metadata, "salt"),
                     .created_s = std::atoll(text_at(metadata, "created").c_str()),
                     .bytes = file.size,
                     .tokens = std::vector<TokenId>(bytes.size() / sizeof(TokenId))};
  std::memcpy(prompt.tokens.data(), bytes.data(), bytes.size());
  if (prompt.tokens.empty() || prompt.tokens.size() % kPageTokens != 0)
    return damaged(path, "its tokens fill no whole pages");
  prompt.id = prompt_id(prompt);
  return prompt;
}

/// What follows the tokens, in the order of the file.
Result<std::vector<CacheTensor>> read_tensors(OpenFile& file, std::uint64_t begin,
                                              const fs::path& path) {
  const std::uint64_t data_bytes = file.size - file.data_begin();
  std::vector<CacheTensor> tensors;
  for (const auto& member : file.header.table) {
    const std::string_view key = member.key();
    const bool of_pages = key.starts_with("pages.");
    if (!of_pages && !key.starts_with("state.")) continue;
    auto place = place_of(member.value(), data_bytes);
    if (!place || place->begin != begin) return damaged(path, "its tensors do not lie in a row");
    begin = place->end;
    tensors.push_back({.name = std::string(key.substr(key.find('.') + 1)),
                       .dtype = std::move(place->dtype),
                       .shape = std::move(place->shape),
                       .bytes = TRY(read_at(file, *place, path)),
                       .of_pages = of_pages});
  }
  if (begin != data_bytes) return damaged(path, "it is longer than its tensors");
  return tensors;
}

}  // namespace

std::string prompt_id(const SavedPrompt& prompt) {
  base::Sha256 hash;
  for (const std::string* text : {&prompt.fingerprint, &prompt.identity, &prompt.salt})
    hash.add(fmt::format("{}:{}", text->size(), *text));
  return hash.add(bytes_of(prompt.tokens)).hex().substr(0, kIdDigits);
}

Result<std::uint64_t> write_prompt(const fs::path& path, const PromptContent& content) {
  std::string header = header_text(content);
  header.replace(kHashKey.size(), kHashDigits, hash_of(header, content));
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  fs::path part = path;
  part += base::random_id(".part-", 8);
  std::ofstream file(part, std::ios::binary);
  file << length_of(header) << header;
  write(file, bytes_of(content.prompt.tokens));
  for (const CacheTensor& tensor : content.tensors) write(file, tensor.bytes);
  file.close();
  const bool whole = !file.fail();
  const std::uint64_t size = whole ? fs::file_size(part, error) : 0;
  if (whole && !error) fs::rename(part, path, error);
  if (whole && !error) return size;
  std::error_code ignored;
  fs::remove(part, ignored);
  return fail(ErrorCode::Io, "the saved prompt cannot be written to {}: {}",
              path.parent_path().string(),
              error ? error.message() : "the disk may be full, or the folder not writable");
}

Result<SavedPrompt> read_prompt_head(const fs::path& path) {
  OpenFile file = TRY(open_file(path));
  return read_head(file, path);
}

Result<PromptContent> read_prompt(const fs::path& path) {
  OpenFile file = TRY(open_file(path));
  PromptContent content{.prompt = TRY(read_head(file, path)), .tensors = {}};
  content.tensors = TRY(read_tensors(file, content.prompt.tokens.size() * sizeof(TokenId), path));
  std::string header = file.header.text;
  header.replace(kHashKey.size(), kHashDigits, zeros());
  if (hash_of(header, content) != file.header.hash)
    return damaged(path, "its content is not what was written (the SHA-256 differs)");
  return content;
}

}  // namespace hearth::engine
