// From what the user typed to a model folder.
#include <system_error>

#include "app/server.h"
#include "platform/paths.h"

namespace hearth::app {

namespace fs = std::filesystem;

services::LibraryFolders library_folders(const services::Settings& settings) {
  services::LibraryFolders folders{.hub_cache = platform::hub_cache(),
                                   .plain = {},
                                   .installed = platform::share_folder() / "models"};
  for (const std::string& folder : settings.model_folders) folders.plain.emplace_back(folder);
  folders.plain.push_back(platform::hearth_home() / "models");
  folders.plain.push_back(platform::home_folder() / ".lmstudio" / "models");
  folders.plain.push_back(platform::home_folder() / ".cache" / "lm-studio" / "models");
  const std::string ollama = platform::environment("OLLAMA_MODELS");
  folders.ollama =
      ollama.empty() ? platform::home_folder() / ".ollama" / "models" : fs::path(ollama);
  folders.ollama_views = platform::hearth_home() / "cache" / "ollama";
  return folders;
}

Result<services::ModelEntry> find_model(services::Library& library, const std::string& name) {
  std::error_code ignored;
  const bool like_path = name.starts_with('.') || name.starts_with('/') || name.ends_with('/');
  const bool folder = name.find('/') != std::string::npos && fs::is_directory(name, ignored);
  if (like_path || folder) return library.add_folder(name);
  return library.resolve(name);
}

Result<void> find_adapters(services::Library& library, const services::Settings& settings,
                           const std::string& first, services::Adapters& adapters) {
  for (const std::string& text : settings.adapters) {
    services::AdapterSetting setting = TRY_IN("--adapter", services::parse_adapter(text));
    std::string model = first;
    if (!setting.model.empty()) model = TRY_IN("--adapter", find_model(library, setting.model)).id;
    if (model.empty())
      return fail(ErrorCode::InvalidArgument,
                  "--adapter {}: no model is served that it could belong to; write "
                  "MODEL:NAME=FOLDER, or name a model with --model",
                  text);
    std::error_code ignored;
    const fs::path folder = fs::absolute(setting.folder, ignored);
    TRY(adapters.add({.model = std::move(model), .name = setting.name, .folder = folder}));
  }
  return {};
}

}  // namespace hearth::app
