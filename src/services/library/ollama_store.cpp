// Manifests become folders of links.
#include "services/library/ollama_store.h"

#include <algorithm>
#include <boost/describe.hpp>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "base/decode.h"
#include "base/id.h"
#include "base/log.h"
#include "base/safetensors_header.h"
#include "base/sha256.h"
#include "services/library/weight_facts.h"

namespace hearth::services {

namespace wire {
// Members are named as Ollama names them.
struct Layer {
  std::string mediaType;
  std::string digest;
  std::optional<std::string> name;
};
BOOST_DESCRIBE_STRUCT(Layer, (), (mediaType, digest, name))

struct Manifest {
  std::vector<Layer> layers;
};
BOOST_DESCRIBE_STRUCT(Manifest, (), (layers))
}  // namespace wire

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTensor = "application/vnd.ollama.image.tensor";
constexpr std::string_view kText = "application/vnd.ollama.image.json";
constexpr int kDepth = 4;  // host, namespace, name, tag
constexpr std::uint64_t kLongestManifest = std::uint64_t{16} << 20;

struct Link {
  std::string name;
  fs::path blob;
};

/// `sha256:` and 64 digits; anything else could name a file outside of the store.
std::optional<fs::path> blob_of(const fs::path& store, std::string_view digest) {
  constexpr std::string_view kPrefix = "sha256:";
  const std::string_view hex = digest.substr(std::min(kPrefix.size(), digest.size()));
  const bool fine = digest.starts_with(kPrefix) && hex.size() == 64 &&
                    hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!fine) return std::nullopt;
  return store / "blobs" / fmt::format("sha256-{}", hex);
}

/// A file's own name: no path, nothing hidden.
bool is_file_name(std::string_view name) {
  return !name.empty() && name.front() != '.' &&
         name.find_first_of("/\\") == std::string_view::npos;
}

/// The links of a model; nothing where it is none of safetensors under their own names.
std::optional<std::vector<Link>> links_of(const fs::path& store, std::string_view text) {
  const auto document = base::parse_json(text);
  if (!document) return std::nullopt;
  const auto manifest = base::decode<wire::Manifest>(*document);
  if (!manifest) return std::nullopt;
  std::vector<Link> links;
  bool configured = false;
  bool weighty = false;
  for (const wire::Layer& layer : manifest->layers) {
    const std::string name = layer.name.value_or("");
    const auto blob = blob_of(store, layer.digest);
    if (!blob || (layer.mediaType != kTensor && layer.mediaType != kText)) continue;
    if (layer.mediaType == kText) {
      if (!is_file_name(name)) continue;  // of a part of the model, such as draft/config.json
      configured |= name == "config.json";
      links.push_back({.name = name, .blob = *blob});
      continue;
    }
    const auto tensors = tensor_table(*blob);
    if (!tensors || !tensors->contains(name)) return std::nullopt;
    weighty = true;
    links.push_back(
        {.name = fmt::format("{}.safetensors", blob->filename().string()), .blob = *blob});
  }
  if (!configured || !weighty) return std::nullopt;
  return links;
}

/// Under another name first: a folder that is there is whole.
bool make_view(const fs::path& view, const std::vector<Link>& links) {
  const fs::path fresh = base::random_id(view.string() + ".new-", 8);
  std::error_code error;
  fs::create_directories(fresh, error);
  std::set<std::string> made_links;  // one tensor may be named twice
  for (const Link& link : links)
    if (!error && made_links.insert(link.name).second)
      fs::create_symlink(link.blob, fresh / link.name, error);
  if (!error) fs::rename(fresh, view, error);
  std::error_code unknown;
  const bool made = !error || fs::exists(view, unknown);  // perhaps by another program, just now
  if (!made)
    log_warn("library", "{} cannot be made ({}): a model of Ollama's is not shown", view.string(),
             error.message());
  fs::remove_all(fresh, error);
  return made;
}

std::string id_of(const fs::path& manifest) {
  const std::string tag = manifest.filename().string();
  const std::string name = manifest.parent_path().filename().string();
  const std::string space = manifest.parent_path().parent_path().filename().string();
  return fmt::format("ollama/{}{}{}", space == "library" ? "" : space + "-", name,
                     tag == "latest" ? "" : "-" + tag);
}

std::vector<fs::path> manifests_of(const fs::path& store) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator at(store / "manifests", error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unreadable;
    if (at.depth() == kDepth - 1 && at->is_regular_file(unreadable) &&
        at->file_size(unreadable) <= kLongestManifest)
      found.push_back(at->path());
  }
  std::ranges::sort(found);
  return found;
}

void drop_others(const fs::path& views, const std::set<fs::path>& kept) {
  std::vector<fs::path> gone;
  std::error_code error;
  for (fs::directory_iterator at(views, error), end; !error && at != end; at.increment(error))
    if (!at->path().filename().string().contains(".new-") && !kept.contains(at->path()))
      gone.push_back(at->path());
  for (const fs::path& folder : gone) fs::remove_all(folder, error);
}

}  // namespace

std::vector<OllamaModel> link_ollama_models(const fs::path& store, const fs::path& views) {
  std::vector<OllamaModel> models;
  std::set<fs::path> kept;
  for (const fs::path& manifest : manifests_of(store)) {
    std::ifstream in(manifest, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const fs::path view = views / base::Sha256().add(text).hex().substr(0, 16);
    std::error_code error;
    if (!fs::exists(view, error)) {
      const auto links = links_of(store, text);
      if (!links || !make_view(view, *links)) continue;
    }
    kept.insert(view);
    models.push_back({.id = id_of(manifest), .folder = view});
  }
  drop_others(views, kept);
  return models;
}

}  // namespace hearth::services
