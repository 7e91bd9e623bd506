// One model on disk, as the library knows it without loading it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth::services {

/// Who a model's folder belongs to: decides what deleting it means.
enum class ModelPlace {
  HubCache,   ///< shared with other tools of the Hub
  Folder,     ///< one of the user's folders
  Installed,  ///< came with the program
  Ollama,     ///< in Ollama's store, which belongs to it
  Named       ///< named by its path on the command line
};

struct ModelEntry {
  std::string id;  ///< `org/name`, or the folder's name
  std::vector<std::string> aliases;
  std::filesystem::path folder;
  ModelPlace place = ModelPlace::Folder;
  /// text, vision, embedding, reranker, speech-to-text or text-to-speech.
  std::string kind = "text";
  std::string architecture;  ///< config.json's model_type
  std::string quantisation;  ///< "8-bit, group 64", "bfloat16" ...
  std::uint32_t context_length = 0;
  std::uint64_t bytes = 0;               ///< of all files
  std::int64_t modified = 0;             ///< seconds since 1970
  std::uint64_t parameters = 0;          ///< weights counted unpacked; 0: not known
  std::uint64_t weight_bytes = 0;        ///< of the tensors, as stored
  std::uint64_t kv_bytes_per_token = 0;  ///< of layers that see everything, in 16 bits
  std::uint64_t kv_window_bytes = 0;     ///< at most, of layers with a sliding window
  std::uint64_t workspace_bytes = 0;     ///< of a step and of the process, estimated
  bool thinking = false;                 ///< its chat template can be told to think or not
  bool tools = false;                    ///< its chat template has a place for tools
  bool vision = false;                   ///< it has a tower for images
  std::string licence;                   ///< as its card says
  std::string unsupported;  ///< why this program cannot run it though nothing is wrong with it
  std::string fault;        ///< why it cannot be loaded, empty if nothing is known against it
};

/// What of a folder changes when a model in it changes: names, sizes and times of its files.
struct FolderStamp {
  std::string stamp;
  std::uint64_t bytes = 0;
  std::int64_t modified = 0;  ///< seconds since 1970
};

/// Looks at the files, opens none.
FolderStamp stamp_folder(const std::filesystem::path& folder);

/// Reads a model folder's config.json, headers, template and card. NotFound if there is no
/// config.json. A folder that is a model but damaged gives an entry with `fault` set.
/// @param files  the folder's stamp
Result<ModelEntry> read_model_folder(const std::filesystem::path& folder, std::string id,
                                     const FolderStamp& files);
/// With the folder's stamp as it is now.
Result<ModelEntry> read_model_folder(const std::filesystem::path& folder, std::string id);

/// What was read of the folder, as JSON: all but its name, place and aliases.
std::string write_facts(const ModelEntry& entry);
/// @returns CorruptData where another version wrote it: the folder is to be read anew
Result<ModelEntry> read_facts(const std::string& text);

}  // namespace hearth::services
