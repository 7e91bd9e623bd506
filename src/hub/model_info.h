// What the Hub knows of a model, and what can be asked of its catalogue.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::hub {

struct ModelInfo {
  std::string id;
  std::string commit;  ///< empty where the Hub did not say (a search)
  std::string author;
  bool gated = false;  ///< its terms must be accepted first
  bool is_private = false;
  std::uint64_t downloads = 0;  ///< of the last month
  std::uint64_t likes = 0;
  std::vector<std::string> tags;
  std::string task;     ///< "text-generation" ...
  std::string library;  ///< "mlx" ...
  std::string created;  ///< as the Hub writes it: 2025-04-27T03:40:08.000Z
  std::string modified;
  std::optional<std::uint64_t> parameters;    ///< as counted from safetensors
  std::optional<std::uint64_t> weight_bytes;  ///< the same, in the types they are stored in
  std::vector<std::string> files;
  json::object config;
};

/// Whose token it is.
struct Account {
  std::string name;
  std::string full_name;
  std::vector<std::string> organisations;
  std::string token_name;
  std::string token_role;  ///< read, write, fineGrained
};

/// One file of a revision.
struct RemoteFile {
  std::string path;
  std::uint64_t bytes = 0;
  std::string git_hash;               ///< of the blob, or of the pointer where it lies in LFS
  std::optional<std::string> sha256;  ///< of the content, where it lies in LFS
};

/// What to look for. Empty members are not asked for; filters must all hold.
struct SearchQuery {
  std::string text;
  std::string author;
  std::vector<std::string> filters;  ///< tags: "mlx", "license:mit" ...
  std::string task;
  std::string app;  ///< "mlx-lm" ...
  /// trendingScore, downloads, likes, likes30d, createdAt, lastModified or num_parameters.
  std::string sort;
  bool ascending = false;
  int limit = 20;  ///< to 500
  /// What to tell of each model: downloads, likes, safetensors ...; empty: the Hub's choice.
  std::vector<std::string> expand;
};

struct SearchPage {
  std::vector<ModelInfo> models;
  std::string next;  ///< address of the next page, empty on the last
};

/// The query behind `/api/models?`. @returns InvalidArgument for a wrong sort or limit.
Result<std::string> query_text(const SearchQuery& query);

Result<Account> read_account(const json::value& document);

/// @returns Upstream naming the wrong fields: what answers is no Hub.
Result<ModelInfo> read_model(const json::value& document);
Result<std::vector<ModelInfo>> read_models(const json::value& document);
/// One page of a tree; folders are left out, and names and hashes are checked (CorruptData).
Result<std::vector<RemoteFile>> read_tree(const json::value& document);

}  // namespace hearth::hub
