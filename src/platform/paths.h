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

/// The Hugging Face cache: `$HF_HUB_CACHE`, else `$HF_HOME/hub`, else
/// `$XDG_CACHE_HOME/huggingface/hub`, else
/// `~/.cache/huggingface/hub`. May not exist.
std::filesystem::path hub_cache();

/// The file of the running program, links resolved.
std::filesystem::path program_file();

/// What is installed beside the program: `<prefix>/share/hearth` for `<prefix>/bin/hearth`.
std::filesystem::path share_folder();

}  // namespace hearth::platform
