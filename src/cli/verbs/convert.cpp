// hearth convert SOURCE: make a model for MLX, packed or plain.
#include "convert/convert.h"

#include <cstdio>
#include <optional>
#include <system_error>
#include <unistd.h>

#include "app/server.h"
#include "base/json.h"
#include "cli/auto_bits.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/gguf_output.h"
#include "cli/measure.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "convert/auto_recipe.h"
#include "platform/machine.h"
#include "platform/paths.h"
#include "quality/report.h"

namespace hearth::cli {
namespace {

namespace fs = std::filesystem;

constexpr int kInterrupted = 130;
constexpr int kPercent = 100;
constexpr double kTargetBpw = 4.5;
constexpr const char* kAuto = "auto";

struct ConvertInput {
  std::string model;
  std::string out;
  convert::Options options;
  OutputFormat format;
  MeasureInput measure;
  bool measures = false;
  std::optional<double> target_bpw;
  bool delete_source = false;
  bool dry_run = false;
  bool as_json = false;
};

/// What the new model's name ends in: "-4bit", "-mxfp4", "-mixed_3_6", "-4.5bpw", "-plain".
std::string suffix(const ConvertInput& input) {
  const convert::Options& options = input.options;
  if (!options.adapter.empty() && options.bits == 0 && options.recipe.empty()) return "-fused";
  if (options.dequantize || options.bits == 16)
    return options.dtype.empty() ? "-plain" : "-" + options.dtype;
  if (options.recipe == kAuto) return fmt::format("-{}bpw", input.target_bpw.value_or(kTargetBpw));
  if (!options.recipe.empty()) return "-" + options.recipe;
  if (options.mode != "affine") return "-" + options.mode;
  return fmt::format("-{}bit", options.bits == 0 ? 4 : options.bits);
}

std::string source_name(const convert::Options& options) {
  const fs::path named = options.base_model.empty() ? options.source : fs::path(options.base_model);
  return named.filename().string();
}

/// The new model's name. A GGUF file's own says how it is packed, which stays so where possible.
std::string usual_name(const ConvertInput& input) {
  const convert::Options& options = input.options;
  if (is_gguf_file(options.source)) {
    const bool asked = options.bits != 0 || options.mode != "affine" || !options.recipe.empty() ||
                       options.dequantize;
    return options.source.stem().string() + (asked ? suffix(input) : "-mlx");
  }
  return source_name(options) + suffix(input);
}

/// ORG/NAME of a model in the Hub's cache; empty elsewhere.
std::string hub_name(const services::ModelEntry& model) {
  const bool cached = model.folder.string().contains("/models--");
  return cached ? model.id : std::string();
}

void print_plain(const convert::Summary& summary) {
  if (summary.plain.empty()) return;
  fmt::print("\nThese matrices stay plain:\n");
  for (const convert::PlainLayers& layers : summary.plain)
    fmt::print("  {} {}{}: {}\n", layers.path, layers.shape,
               layers.count > 1 ? fmt::format(", {} of them", layers.count) : "", layers.reason);
}

void print_names(const char* heading, const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 6;
  if (names.empty()) return;
  fmt::print("\n{}\n", heading);
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) fmt::print("  {}\n", names[i]);
  if (names.size() > kShown) fmt::print("  and {} more\n", names.size() - kShown);
}

void print_summary(const convert::Summary& summary, const fs::path& target) {
  fmt::print("{}: {} weights, {}\n", target.filename().string(),
             grouped(static_cast<std::uint64_t>(summary.parameters)), summary.how);
  fmt::print("  {} become {} in {} file{}, {:.3f} bits per weight\n",
             size_text(summary.source_bytes), size_text(summary.target_bytes), summary.files,
             summary.files == 1 ? "" : "s", summary.bits_per_weight);
  fmt::print("  {} matrices are packed{}\n", summary.packed,
             summary.kept > 0 ? fmt::format(", {} stay packed as they are", summary.kept) : "");
  fmt::print("  disk: {} still to be written, {} needed at once, {} free\n",
             size_text(summary.left_bytes), size_text(summary.needed_bytes),
             size_text(summary.free_bytes));
  print_plain(summary);
  print_names("These tensors are no part of the language model and are left out:", summary.dropped);
  print_names("These files are not copied:", summary.left);
  if (summary.starts_over)
    fmt::print(
        "\nAn interrupted conversion lies there, of another source or with other options: "
        "starting over.\n");
  else if (summary.finished_files > 0)
    fmt::print("\nGoing on with an interrupted conversion: {} of {} files are done.\n",
               summary.finished_files, summary.files);
}

json::object to_json(const convert::Summary& summary, const fs::path& target) {
  json::array plain;
  for (const convert::PlainLayers& layers : summary.plain)
    plain.push_back(json::object{{"path", layers.path},
                                 {"shape", layers.shape},
                                 {"count", layers.count},
                                 {"reason", layers.reason}});
  return {{"folder", target.string()},
          {"how", summary.how},
          {"source_bytes", summary.source_bytes},
          {"bytes", summary.target_bytes},
          {"files", summary.files},
          {"needed_disk_bytes", summary.needed_bytes},
          {"finished_files", summary.finished_files},
          {"starts_over", summary.starts_over},
          {"parameters", summary.parameters},
          {"bits_per_weight", summary.bits_per_weight},
          {"packed", summary.packed},
          {"kept", summary.kept},
          {"plain", std::move(plain)},
          {"left_out", json::value_from(summary.dropped)},
          {"not_copied", json::value_from(summary.left)},
          {"peak_memory_bytes", platform::peak_resident_bytes()}};
}

/// A line that is written over on a terminal; elsewhere one for every tenth.
class ProgressLine {
 public:
  explicit ProgressLine(bool shown) : shown_(shown), terminal_(::isatty(STDOUT_FILENO) != 0) {}

  void show(const convert::Progress& progress) {
    const auto share = progress.all > 0 ? progress.numbers * kPercent / progress.all : kPercent;
    const auto step = terminal_ ? share : share / 10 * 10;
    if (!shown_ || step == last_) return;
    last_ = step;
    if (terminal_)
      fmt::print("\r\x1b[2K{:3} %  {}  {}", step, progress.file, progress.tensor);
    else
      fmt::print("{:3} %\n", step);
    std::fflush(stdout);
  }
  void end() const {
    if (shown_ && terminal_ && last_ >= 0) fmt::print("\r\x1b[2K");
  }

 private:
  bool shown_;
  bool terminal_;
  std::int64_t last_ = -1;
};

Result<void> write(convert::Conversion& conversion, bool as_json) {
  catch_interrupts();
  ProgressLine line(!as_json);
  auto done = conversion.run([&](const convert::Progress& progress) {
    line.show(progress);
    return !interrupted();
  });
  line.end();
  if (done || done.error().code != ErrorCode::Cancelled) return done;
  fmt::print(stderr, "Stopped. The same command goes on from the files that are finished.\n");
  throw CLI::RuntimeError(kInterrupted);
}

/// Holds the new model against its source, and keeps the figures with it.
Result<quality::Comparison> measure_result(const ConvertInput& input, const std::string& name) {
  const MeasuredModel source{.folder = input.options.source, .name = name};
  const fs::path& made = input.options.target;
  auto found = TRY_IN("the model is converted, but not measured",
                      measure(source, {.folder = made, .name = made.filename().string()},
                              input.measure, input.as_json));
  TRY(quality::keep(found, name, text_name(input.measure)));
  return found;
}

void print_done(const ConvertInput& input) {
  const fs::path& target = input.options.target;
  fmt::print("\nDone: {}\nMemory at its peak: {}\nTry:  hearth run {} \"Hello\"\n", target.string(),
             size_text(platform::peak_resident_bytes()),
             input.out.empty() ? target.filename().string() : target.string());
}

/// Finds the source and names the target. @returns what the source is called.
Result<std::string> find_folders(const GivenFlags& flags, ConvertInput& input) {
  const auto settings = TRY(settings_from(flags));
  services::Library library(app::library_folders(settings));
  convert::Options& options = input.options;
  std::error_code ignored;
  if (is_gguf_file(input.model)) {  // a link to it is followed as it is: its target has no ending
    options.source = fs::absolute(input.model, ignored);
  } else if (fs::is_directory(input.model, ignored)) {
    options.source = fs::canonical(input.model, ignored);
  } else {
    const auto model = TRY(app::find_model(library, input.model));
    options.source = model.folder;
    options.base_model = hub_name(model);
  }
  const bool to_gguf = input.format.to == "gguf";
  options.target = !input.out.empty() ? fs::absolute(input.out, ignored)
                   : to_gguf          ? usual_gguf_file(options, input.format)
                                      : platform::hearth_home() / "models" / usual_name(input);
  if (!options.adapter.empty()) options.adapter = fs::weakly_canonical(options.adapter, ignored);
  return source_name(options);
}

/// What goes with what.
Result<void> check(const ConvertInput& input) {
  const convert::Options& options = input.options;
  if (input.target_bpw && options.recipe != kAuto)
    return fail(ErrorCode::InvalidArgument, "--target-bpw goes with --recipe auto");
  const bool to_gguf = input.format.to == "gguf";
  if (to_gguf &&
      (input.measures || options.in_place || !options.adapter.empty() || options.recipe == kAuto))
    return fail(ErrorCode::InvalidArgument,
                "--to gguf goes with none of --measure, --adapter, --recipe auto and "
                "--in-place-space; convert for MLX first");
  if (input.measures && is_gguf_file(options.source))
    return fail(ErrorCode::InvalidArgument,
                "--measure needs a source that can be run, and a GGUF file cannot; convert it with "
                "--bits 16 first, then measure what is made of that");
  if (!options.in_place) return {};
  if (input.measures || options.recipe == kAuto)
    return fail(ErrorCode::InvalidArgument,
                "--in-place-space goes with neither --measure nor --recipe auto: both need the "
                "whole source");
  if (!input.delete_source && !input.dry_run)
    return fail(ErrorCode::InvalidArgument,
                "--in-place-space removes the weight files of {} one by one as they have been "
                "converted, and they cannot be brought back; add --delete-source to agree to that, "
                "or --dry-run to see what it needs",
                options.source.string());
  return {};
}

/// Measures the result if that is wanted, and tells what there is.
Result<void> tell(const ConvertInput& input, const std::string& name, json::object out) {
  out["peak_memory_bytes"] = platform::peak_resident_bytes();
  if (!input.as_json) print_done(input);
  if (input.measures) {
    const auto measured = TRY(measure_result(input, name));
    out["measured"] = quality::to_json(measured);
    if (!input.as_json)
      fmt::print("\n{}", comparison_text(measured, name, input.options.target.filename().string(),
                                         text_name(input.measure)));
  }
  if (input.as_json) fmt::print("{}\n", base::write_json(out));
  return {};
}

Result<void> run(const GivenFlags& flags, ConvertInput input) {
  const std::string name = TRY(find_folders(flags, input));
  TRY(check(input));
  convert::Options& options = input.options;
  if (input.format.to == "gguf")
    return write_gguf(options, input.format, input.dry_run, input.as_json);
  std::optional<json::object> chosen;
  if (options.recipe == kAuto)
    chosen = TRY(choose_auto_bits(options, input.target_bpw.value_or(kTargetBpw), input.as_json));
  auto conversion = TRY(convert::Conversion::make(options));
  const convert::Summary& summary = conversion.summary();
  if (!input.as_json) print_summary(summary, options.target);
  json::object out = to_json(summary, options.target);
  if (chosen) out["recipe"] = *chosen;
  if (input.dry_run) {
    if (input.as_json) fmt::print("{}\n", base::write_json(out));
    return {};
  }
  TRY(write(conversion, input.as_json));
  if (chosen) convert::forget_measurements(options.target);
  return tell(input, name, std::move(out));
}

void add_options(CLI::App& verb, ConvertInput& input) {
  convert::Options& options = input.options;
  verb.add_option("MODEL", input.model,
                  "Name or folder, as Hugging Face or MLX has it, or a GGUF file")
      ->required();
  verb.add_option("--out", input.out, "Folder to make [NAME-4bit and the like in ~/.hearth/models]")
      ->type_name("FOLDER");
  verb.add_option("--bits", options.bits, "2, 3, 4, 5, 6 or 8; 16 packs nothing [4]")
      ->type_name("NUMBER");
  verb.add_option("--group", options.group, "Weights that share a scale: 32, 64 or 128 [64]")
      ->type_name("NUMBER");
  verb.add_option("--mode", options.mode, "affine, mxfp4, nvfp4 or mxfp8 [affine]")
      ->type_name("NAME");
  verb.add_option("--recipe", options.recipe,
                  "mixed_2_6, mixed_3_4, mixed_3_6 or mixed_4_6: more bits where they count most; "
                  "auto: measured, to --target-bpw")
      ->type_name("NAME");
  verb.add_option("--target-bpw", input.target_bpw,
                  "With --recipe auto: bits per weight of the whole model [4.5]")
      ->type_name("NUMBER");
  verb.add_option("--adapter", options.adapter, "LoRA adapter that becomes part of the weights")
      ->type_name("FOLDER");
  verb.add_option("--dtype", options.dtype,
                  "Of what is not packed: bfloat16, float16 or float32 [as config.json says]")
      ->type_name("NAME");
  verb.add_flag("--dequantize", options.dequantize, "Make plain weights of packed ones");
  verb.add_flag("--requantize", options.requantize, "Unpack what is packed, and pack it anew");
  add_output_format(verb, input.format);
  verb.add_flag("--in-place-space", options.in_place,
                "Remove the source's weight files one by one as they have been converted");
  verb.add_flag("--delete-source", input.delete_source,
                "Agree to that: the source cannot be used any more then");
  verb.add_flag("--force", options.force, "Replace a model that is there already");
  verb.add_flag("--measure", input.measures, "Then measure what was lost, as hearth compare does");
  add_measure_options(verb, input.measure);
  verb.add_flag("--dry-run", input.dry_run, "Only tell what would be done");
  verb.add_flag("--json", input.as_json, "Print JSON");
}

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("convert", "Make a model for MLX, with fewer bits");
  const auto input = std::make_shared<ConvertInput>();
  add_options(*verb, *input);
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  verb->callback([flags, input] { finish(run(*flags, *input)); });
}

}  // namespace hearth::cli
