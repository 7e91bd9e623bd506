// hearth convert --to gguf: a file for llama.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "convert/options.h"

namespace hearth::cli {

/// What the flags say of the format of the result.
struct OutputFormat {
  std::string to = "mlx";    ///< mlx or gguf
  std::string type = "f16";  ///< of a GGUF file's matrices
};

void add_output_format(CLI::App& verb, OutputFormat& format);

/// Whether the path is a file of that format, by its name.
bool is_gguf_file(const std::filesystem::path& path);

/// NAME-f16.gguf in the folder where the program was called: the file belongs to another program.
std::filesystem::path usual_gguf_file(const convert::Options& options, const OutputFormat& format);

/// Tells what will be done, and unless it is a dry run writes options.target.
/// @returns InvalidArgument for options that a GGUF file has not; what the export returns.
Result<void> write_gguf(const convert::Options& options, const OutputFormat& format, bool dry_run,
                        bool as_json);

}  // namespace hearth::cli
