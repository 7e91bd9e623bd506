// Where things lie on this machine: Hearth's home, the model caches, the program's own files.
#pragma once

#include <filesystem>
#include <string>

namespace hearth::platform {

/// An environment variable, or empty.
std::string environment(const char* name);

/// The user's home folder.
std::filesystem::path home_folder();

/// `$HEARTH_HOME`, default `~/.hearth`. May not exist yet.
std::filesystem::path hearth_home();

/// Where the Hub's tools keep what is theirs: `$HF_HOME`, else `$XDG_CACHE_HOME/huggingface`, else
/// `~/.cache/huggingface`. May not exist.
std::filesystem::path hub_home();

/// The Hugging Face cache: `$HF_HUB_CACHE`, else `hub` in hub_home(). May not exist.
std::filesystem::path hub_cache();

/// The file of the running program, links resolved.
std::filesystem::path program_file();

/// What is installed beside the program: `<prefix>/share/hearth` for `<prefix>/bin/hearth`.
std::filesystem::path share_folder();

}  // namespace hearth::platform
