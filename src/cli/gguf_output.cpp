// Flags, a summary and a line of progress.
#include "cli/gguf_output.h"

#include <cstdio>
#include <unistd.h>

#include "base/json.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/text_table.h"
#include "convert/gguf_export.h"
#include "platform/machine.h"

namespace hearth::cli {

namespace fs = std::filesystem;

namespace {

Result<void> check(const convert::Options& options) {
  const bool packs = options.bits != 0 || options.group != 0 || options.mode != "affine" ||
                     options.dequantize || options.requantize || !options.recipe.empty() ||
                     !options.dtype.empty();
  if (!packs) return {};
  return fail(ErrorCode::InvalidArgument,
              "--to gguf goes with --type (f32, f16, bf16, q8_0, q4_0), not with --bits, --group, "
              "--mode, --recipe, --dtype, --dequantize or --requantize");
}

void print_export(const convert::Summary& summary, const fs::path& target) {
  fmt::print("{}: {} weights, {}\n", target.filename().string(),
             grouped(static_cast<std::uint64_t>(summary.parameters)), summary.how);
  fmt::print("  {} become {}, {:.3f} bits per weight; {} of disk are free\n",
             size_text(summary.source_bytes), size_text(summary.target_bytes),
             summary.bits_per_weight, size_text(summary.free_bytes));
  for (const convert::PlainLayers& layers : summary.plain)
    fmt::print("  {} {}: {}\n", layers.path, layers.shape, layers.reason);
  for (const std::string& name : summary.dropped) fmt::print("  {} is left out\n", name);
  if (summary.starts_over)
    fmt::print("\nAn interrupted export lies there, of another source or type: starting over.\n");
  else if (summary.left_bytes < summary.target_bytes)
    fmt::print("\nGoing on with an interrupted export: {} are still to be written.\n",
               size_text(summary.left_bytes));
}

json::object export_json(const convert::Summary& summary, const fs::path& target) {
  json::array wide;
  for (const convert::PlainLayers& layers : summary.plain)
    wide.push_back(
        json::object{{"path", layers.path}, {"shape", layers.shape}, {"reason", layers.reason}});
  return {{"file", target.string()},
          {"how", summary.how},
          {"source_bytes", summary.source_bytes},
          {"bytes", summary.target_bytes},
          {"bytes_left", summary.left_bytes},
          {"starts_over", summary.starts_over},
          {"parameters", summary.parameters},
          {"bits_per_weight", summary.bits_per_weight},
          {"in_16_bits", std::move(wide)},
          {"left_out", json::value_from(summary.dropped)},
          {"peak_memory_bytes", platform::peak_resident_bytes()}};
}

Result<void> write(convert::GgufExport& work, bool as_json) {
  catch_interrupts();
  const bool shown = !as_json && ::isatty(STDOUT_FILENO) != 0;
  auto done = work.run([&](const convert::Progress& progress) {
    if (shown)
      fmt::print("\r\x1b[2K{:3} %  {}", progress.numbers * 100 / progress.all, progress.tensor);
    if (shown) std::fflush(stdout);
    return !interrupted();
  });
  if (shown) fmt::print("\r\x1b[2K");
  if (done || done.error().code != ErrorCode::Cancelled) return done;
  fmt::print(stderr, "Stopped. The same command goes on behind the tensors that are finished.\n");
  throw CLI::RuntimeError(kInterrupted);
}

}  // namespace

void add_output_format(CLI::App& verb, OutputFormat& format) {
  verb.add_option("--to", format.to, "mlx, or gguf: a file for llama.cpp [mlx]")
      ->type_name("NAME")
      ->check(CLI::IsMember({"mlx", "gguf"}));
  verb.add_option("--type", format.type, "Of a GGUF file: f32, f16, bf16, q8_0 or q4_0 [f16]")
      ->type_name("NAME");
}

bool is_gguf_file(const fs::path& path) {
  std::error_code ignored;
  return path.extension() == ".gguf" && fs::is_regular_file(path, ignored);
}

fs::path usual_gguf_file(const convert::Options& options, const OutputFormat& format) {
  const fs::path named = options.base_model.empty() ? options.source : fs::path(options.base_model);
  const fs::path name = is_gguf_file(named) ? named.stem() : named.filename();
  return fs::current_path() / fmt::format("{}-{}.gguf", name.string(), format.type);
}

Result<void> write_gguf(const convert::Options& options, const OutputFormat& format, bool dry_run,
                        bool as_json) {
  TRY(check(options));
  auto work = TRY(convert::GgufExport::make({.source = options.source,
                                             .target = options.target,
                                             .type = format.type,
                                             .force = options.force}));
  if (!as_json) print_export(work.summary(), options.target);
  if (!dry_run) TRY(write(work, as_json));
  if (as_json)
    fmt::print("{}\n", base::write_json(export_json(work.summary(), options.target)));
  else if (!dry_run)
    fmt::print("\nDone: {}\nMemory at its peak: {}\n", options.target.string(),
               size_text(platform::peak_resident_bytes()));
  return {};
}

}  // namespace hearth::cli
