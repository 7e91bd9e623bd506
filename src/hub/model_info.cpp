// The Hub's JSON, decoded.
#include "hub/model_info.h"

#include <algorithm>
#include <array>
#include <boost/describe.hpp>
#include <map>

#include "base/decode.h"
#include "http/url.h"
#include "hub/names.h"

namespace hearth::hub {
namespace wire {

// Members are named as the Hub names them.
struct Sibling {
  std::string rfilename;
};
BOOST_DESCRIBE_STRUCT(Sibling, (), (rfilename))

struct Safetensors {
  std::optional<std::uint64_t> total;
  std::optional<std::map<std::string, std::uint64_t>> parameters;  // by type
};
BOOST_DESCRIBE_STRUCT(Safetensors, (), (total, parameters))

struct Model {
  std::string id;
  std::optional<std::string> sha;
  std::optional<std::string> author;
  std::optional<std::uint64_t> downloads;
  std::optional<std::uint64_t> likes;
  std::optional<std::vector<std::string>> tags;
  std::optional<std::string> pipeline_tag;
  std::optional<std::string> library_name;
  std::optional<std::string> createdAt;
  std::optional<std::string> lastModified;
  std::optional<Safetensors> safetensors;
  std::optional<std::vector<Sibling>> siblings;
  std::optional<json::object> config;
};
BOOST_DESCRIBE_STRUCT(Model, (),
                      (id, sha, author, downloads, likes, tags, pipeline_tag, library_name,
                       createdAt, lastModified, safetensors, siblings, config))

struct Named {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name))

struct AccessToken {
  std::optional<std::string> displayName;
  std::optional<std::string> role;
};
BOOST_DESCRIBE_STRUCT(AccessToken, (), (displayName, role))

struct Auth {
  std::optional<AccessToken> accessToken;
};
BOOST_DESCRIBE_STRUCT(Auth, (), (accessToken))

struct Account {
  std::string name;
  std::optional<std::string> fullname;
  std::optional<std::vector<Named>> orgs;
  std::optional<Auth> auth;
};
BOOST_DESCRIBE_STRUCT(Account, (), (name, fullname, orgs, auth))

struct Lfs {
  std::string oid;
  std::uint64_t size = 0;
};
BOOST_DESCRIBE_STRUCT(Lfs, (), (oid, size))

struct Entry {
  std::string type;
  std::string path;
  std::string oid;
  std::optional<std::uint64_t> size;
  std::optional<Lfs> lfs;
};
BOOST_DESCRIBE_STRUCT(Entry, (), (type, path, oid, size, lfs))

}  // namespace wire

namespace {

constexpr std::size_t kGitDigits = 40;
constexpr std::size_t kSha256Digits = 64;

/// The document is a server's, not a client's: a fault in it is the server's.
template <class T>
Result<T> decode_answer(const json::value& document) {
  auto decoded = base::decode<T>(document);
  if (decoded) return decoded;
  return fail(ErrorCode::Upstream,
              "what answers is no Hub, or one that this version does not know: {}",
              decoded.error().message);
}

/// `gated` is false, "auto" or "manual".
bool flag_of(const json::value& document, std::string_view key) {
  const auto* value = document.is_object() ? document.get_object().if_contains(key) : nullptr;
  return value && (value->is_string() || (value->is_bool() && value->get_bool()));
}

/// Bytes of all weights, where every type is one that is known.
std::optional<std::uint64_t> weight_bytes(const std::optional<wire::Safetensors>& weights) {
  static constexpr auto kBytes =
      std::to_array<std::pair<std::string_view, std::uint64_t>>({{"F64", 8},
                                                                 {"I64", 8},
                                                                 {"U64", 8},
                                                                 {"F32", 4},
                                                                 {"I32", 4},
                                                                 {"U32", 4},
                                                                 {"F16", 2},
                                                                 {"BF16", 2},
                                                                 {"I16", 2},
                                                                 {"U16", 2},
                                                                 {"I8", 1},
                                                                 {"U8", 1},
                                                                 {"BOOL", 1},
                                                                 {"F8_E4M3", 1},
                                                                 {"F8_E5M2", 1},
                                                                 {"F8_E8M0", 1}});
  if (!weights || !weights->parameters) return std::nullopt;
  std::uint64_t bytes = 0;
  for (const auto& [type, count] : *weights->parameters) {
    const auto known = std::ranges::find(kBytes, type, [](const auto& row) { return row.first; });
    if (known == kBytes.end() || count > (std::uint64_t{1} << 50)) return std::nullopt;
    bytes += count * known->second;
  }
  return bytes;
}

ModelInfo model_of(wire::Model model, const json::value& document) {
  ModelInfo info{.id = std::move(model.id),
                 .commit = model.sha.value_or(""),
                 .author = model.author.value_or(""),
                 .gated = flag_of(document, "gated"),
                 .is_private = flag_of(document, "private"),
                 .downloads = model.downloads.value_or(0),
                 .likes = model.likes.value_or(0),
                 .tags = std::move(model.tags).value_or(std::vector<std::string>{}),
                 .task = model.pipeline_tag.value_or(""),
                 .library = model.library_name.value_or(""),
                 .created = model.createdAt.value_or(""),
                 .modified = model.lastModified.value_or(""),
                 .parameters = model.safetensors ? model.safetensors->total : std::nullopt,
                 .weight_bytes = weight_bytes(model.safetensors),
                 .files = {},
                 .config = std::move(model.config).value_or(json::object{})};
  if (model.siblings)
    for (auto& sibling : *model.siblings) info.files.push_back(std::move(sibling.rfilename));
  return info;
}

Result<RemoteFile> file_of(wire::Entry entry) {
  TRY(check_file_path(entry.path));
  RemoteFile file{.path = std::move(entry.path),
                  .bytes = entry.lfs ? entry.lfs->size : entry.size.value_or(0),
                  .git_hash = std::move(entry.oid),
                  .sha256 = {}};
  if (entry.lfs) {
    std::string_view hash = entry.lfs->oid;
    if (hash.starts_with("sha256:")) hash.remove_prefix(7);
    file.sha256 = std::string(hash);
  }
  // The hash becomes a file's name, too.
  if (is_hex(file.git_hash, kGitDigits) && (!file.sha256 || is_hex(*file.sha256, kSha256Digits)))
    return file;
  return fail(ErrorCode::CorruptData, "the Hub lists {} with a hash that is none", file.path);
}

void append(std::string& query, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  if (!query.empty()) query += '&';
  query += fmt::format("{}={}", name, http::percent_encoded(value));
}

}  // namespace

Result<std::string> query_text(const SearchQuery& query) {
  static constexpr auto kSorts =
      std::to_array<std::string_view>({"", "trendingScore", "downloads", "likes", "likes30d",
                                       "createdAt", "lastModified", "num_parameters"});
  if (std::ranges::find(kSorts, query.sort) == kSorts.end())
    return fail(
        ErrorCode::InvalidArgument,
        "the Hub does not sort by \"{}\" (but by trendingScore, downloads, likes, likes30d, "
        "createdAt, lastModified, num_parameters)",
        query.sort);
  if (query.limit < 1 || query.limit > 500)
    return fail(ErrorCode::InvalidArgument, "the Hub shows 1 to 500 models at once, not {}",
                query.limit);
  std::string text;
  append(text, "search", query.text);
  append(text, "author", query.author);
  for (const std::string& filter : query.filters) append(text, "filter", filter);
  append(text, "pipeline_tag", query.task);
  append(text, "apps", query.app);
  append(text, "sort", query.sort);
  if (!query.sort.empty()) append(text, "direction", query.ascending ? "1" : "-1");
  append(text, "limit", std::to_string(query.limit));
  for (const std::string& member : query.expand) append(text, "expand", member);
  return text;
}

Result<Account> read_account(const json::value& document) {
  auto told = TRY(decode_answer<wire::Account>(document));
  Account account{.name = std::move(told.name),
                  .full_name = std::move(told.fullname).value_or(""),
                  .organisations = {},
                  .token_name = {},
                  .token_role = {}};
  if (told.orgs)
    for (wire::Named& organisation : *told.orgs)
      account.organisations.push_back(std::move(organisation.name));
  if (told.auth && told.auth->accessToken) {
    account.token_name = std::move(told.auth->accessToken->displayName).value_or("");
    account.token_role = std::move(told.auth->accessToken->role).value_or("");
  }
  return account;
}

Result<ModelInfo> read_model(const json::value& document) {
  return model_of(TRY(decode_answer<wire::Model>(document)), document);
}

Result<std::vector<ModelInfo>> read_models(const json::value& document) {
  auto models = TRY(decode_answer<std::vector<wire::Model>>(document));
  std::vector<ModelInfo> infos;
  infos.reserve(models.size());
  for (std::size_t i = 0; i < models.size(); ++i)
    infos.push_back(model_of(std::move(models[i]), document.get_array()[i]));
  return infos;
}

Result<std::vector<RemoteFile>> read_tree(const json::value& document) {
  auto entries = TRY(decode_answer<std::vector<wire::Entry>>(document));
  std::vector<RemoteFile> files;
  for (auto& entry : entries)
    if (entry.type == "file") files.push_back(TRY(file_of(std::move(entry))));
  return files;
}

}  // namespace hearth::hub
