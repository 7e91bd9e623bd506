// hearth convert MODEL: make models for MLX, packed or plain, here or in a server's queue.
#include "convert/convert.h"

#include <cstdio>
#include <optional>
#include <system_error>

#include "app/open_library.h"
#include "app/server.h"
#include "base/json.h"
#include "cli/auto_bits.h"
#include "cli/cli.h"
#include "cli/conversion_display.h"
#include "cli/conversion_json.h"
#include "cli/conversion_options.h"
#include "cli/gguf_output.h"
#include "cli/measure.h"
#include "cli/queue_conversions.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "convert/auto_recipe.h"
#include "platform/machine.h"
#include "platform/paths.h"
#include "quality/report.h"
#include "services/conversions/conversion_presets.h"
#include "services/conversions/plan_conversion.h"

namespace hearth::cli {
namespace {

namespace fs = std::filesystem;

struct ConvertInput {
  std::vector<std::string> models;
  std::string out;
  std::string preset;
  services::ConversionOptions given;  ///< by flags
  fs::path adapter;
  bool in_place = false;
  bool delete_source = false;
  bool force = false;
  OutputFormat format;
  MeasureInput measure;
  bool queue = false;
  bool dry_run = false;
  bool as_json = false;

  bool to_gguf() const { return format.to == "gguf"; }
};

/// One of the models: what is to be done with it.
struct Order {
  const ConvertInput& input;
  services::ConversionOptions chosen;  ///< by the preset and by flags
  convert::Options options;
  std::string name;  ///< of the source

  bool measures() const { return chosen.measure.value_or(false); }
  bool finds_bits() const { return options.recipe == services::kAutoRecipe; }
  double target_bpw() const { return chosen.target_bpw.value_or(services::kUsualTargetBpw); }
};

std::string source_name(const convert::Options& options) {
  const fs::path named = options.base_model.empty() ? options.source : fs::path(options.base_model);
  return named.filename().string();
}

/// The new model's name. A GGUF file's own says how it is packed, which stays so where possible.
std::string usual_name(const Order& order) {
  const convert::Options& options = order.options;
  const bool asked = options.bits != 0 || options.mode != "affine" || !options.recipe.empty() ||
                     options.dequantize;
  if (is_gguf_file(options.source))
    return options.source.stem().string() + (asked ? name_suffix(order.chosen) : "-mlx");
  const bool only_fuses = !options.adapter.empty() && options.bits == 0 && options.recipe.empty();
  return source_name(options) + (only_fuses ? "-fused" : name_suffix(order.chosen));
}

/// Holds the new model against its source, and keeps the figures with it.
Result<quality::Comparison> measure_result(const Order& order) {
  const MeasuredModel source{.folder = order.options.source, .name = order.name};
  const fs::path& made = order.options.target;
  auto found = TRY_IN("the model is converted, but not measured",
                      measure(source, {.folder = made, .name = made.filename().string()},
                              order.input.measure, order.input.as_json));
  TRY(quality::keep(found, order.name, text_name(order.input.measure)));
  return found;
}

void print_done(const Order& order) {
  const fs::path& target = order.options.target;
  fmt::print("\nDone: {}\nMemory at its peak: {}\nTry:  hearth run {} \"Hello\"\n", target.string(),
             size_text(platform::peak_resident_bytes()),
             order.input.out.empty() ? target.filename().string() : target.string());
}

/// Finds the source and names the target.
Result<void> find_folders(const services::Settings& settings, const std::string& model,
                          Order& order) {
  services::Library library(app::library_folders(settings));
  convert::Options& options = order.options;
  const ConvertInput& input = order.input;
  std::error_code ignored;
  if (is_gguf_file(model)) {  // a link to it is followed as it is: its target has no ending
    options.source = fs::absolute(model, ignored);
  } else if (fs::is_directory(model, ignored)) {
    options.source = fs::canonical(model, ignored);
  } else {
    const auto found = TRY(app::find_model(library, model));
    options.source = found.folder;
    options.base_model = services::hub_name(found.id, found.folder);
  }
  if (!input.adapter.empty()) options.adapter = fs::weakly_canonical(input.adapter, ignored);
  options.target = !input.out.empty() ? fs::absolute(input.out, ignored)
                   : input.to_gguf()  ? usual_gguf_file(options, input.format)
                                      : platform::hearth_home() / "models" / usual_name(order);
  order.name = source_name(options);
  return {};
}

/// What goes with what.
Result<void> check(const Order& order) {
  const ConvertInput& input = order.input;
  const convert::Options& options = order.options;
  if (order.chosen.target_bpw && !order.finds_bits())
    return fail(ErrorCode::InvalidArgument, "--target-bpw goes with --recipe auto");
  if (input.to_gguf() &&
      (order.measures() || options.in_place || !options.adapter.empty() || order.finds_bits()))
    return fail(ErrorCode::InvalidArgument,
                "--to gguf goes with none of --measure, --adapter, --recipe auto and "
                "--in-place-space; convert for MLX first");
  if (order.measures() && is_gguf_file(options.source))
    return fail(ErrorCode::InvalidArgument,
                "--measure needs a source that can be run, and a GGUF file cannot; convert it with "
                "--bits 16 first, then measure what is made of that");
  if (!options.in_place) return {};
  if (order.measures() || order.finds_bits())
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
Result<void> tell(const Order& order, json::object out) {
  out["peak_memory_bytes"] = platform::peak_resident_bytes();
  const bool as_json = order.input.as_json;
  if (!as_json) print_done(order);
  if (order.measures()) {
    const auto measured = TRY(measure_result(order));
    out["measured"] = quality::to_json(measured);
    if (!as_json)
      fmt::print("\n{}",
                 comparison_text(measured, order.name, order.options.target.filename().string(),
                                 text_name(order.input.measure)));
  }
  if (as_json) fmt::print("{}\n", base::write_json(out));
  return {};
}

Result<void> convert_one(const services::Settings& settings, const std::string& model,
                         Order order) {
  const ConvertInput& input = order.input;
  convert::Options& options = order.options;
  TRY(find_folders(settings, model, order));
  TRY(check(order));
  if (input.to_gguf()) return write_gguf(options, input.format, input.dry_run, input.as_json);
  std::optional<json::object> chosen;
  if (order.finds_bits())
    chosen = TRY(choose_auto_bits(options, order.target_bpw(), input.as_json));
  auto conversion = TRY(convert::Conversion::make(options));
  const convert::Summary& summary = conversion.summary();
  if (!input.as_json) print_summary(summary, options.target);
  json::object out = to_json(summary, options.target);
  if (chosen) out["recipe"] = *chosen;
  if (input.dry_run) {
    if (input.as_json) fmt::print("{}\n", base::write_json(out));
    return {};
  }
  TRY(run_shown(conversion, input.as_json));
  if (chosen) convert::forget_measurements(options.target);
  return tell(order, std::move(out));
}

/// The preset's options, and over them what the flags say.
Result<services::ConversionOptions> choose(const services::Settings& settings,
                                           const ConvertInput& input) {
  if (input.preset.empty()) return input.given;
  auto preset = services::ConversionPresets(nullptr).find(input.preset);
  if (!preset) {  // it may be one of people's own
    app::OpenLibrary library(settings);
    preset = services::ConversionPresets(TRY(library.database())).find(input.preset);
  }
  return changed(TRY(std::move(preset)).options, input.given);
}

/// One after another; what goes wrong with one is told, and the others come all the same.
Result<void> convert_all(const services::Settings& settings, const ConvertInput& input) {
  Order order{.input = input, .chosen = TRY(choose(settings, input)), .options = {}, .name = {}};
  order.options = convert_options(order.chosen);
  order.options.in_place = input.in_place;
  order.options.force = input.force;
  if (input.models.size() == 1) return convert_one(settings, input.models.front(), order);
  if (!input.out.empty())
    return fail(ErrorCode::InvalidArgument, "--out names one model: it goes with a single source");
  std::size_t failed = 0;
  for (const std::string& model : input.models) {
    const auto done = convert_one(settings, model, order);
    std::fflush(stdout);
    if (done) continue;
    fmt::print(stderr, "hearth: {}\n", done.error().message);
    ++failed;
  }
  if (failed == 0) return {};
  return fail(ErrorCode::InvalidArgument, "{} of {} models were not converted", failed,
              input.models.size());
}

/// What only this process can do for its user.
Result<void> check_queue(const ConvertInput& input) {
  const bool here = !input.adapter.empty() || input.in_place || input.to_gguf() || input.dry_run ||
                    !input.measure.text.empty() || input.measure.tokens != 0;
  if (!here) return {};
  return fail(ErrorCode::InvalidArgument,
              "--queue goes with none of --adapter, --in-place-space, --to gguf, --text, --tokens "
              "and --dry-run; leave out --queue to convert here");
}

Result<void> run(const GivenFlags& flags, const ConvertInput& input) {
  const auto settings = TRY(settings_from(flags));
  if (!input.queue) return convert_all(settings, input);
  TRY(check_queue(input));
  return queue_conversions(settings,
                           {.models = input.models,
                            .name = input.out,
                            .preset = input.preset,
                            .options = input.given,
                            .replaces = input.force},
                           input.as_json);
}

void add_options(CLI::App& verb, ConvertInput& input) {
  verb.add_option("MODEL", input.models,
                  "Names or folders, as Hugging Face or MLX has them, or GGUF files")
      ->required();
  verb.add_option(
          "--out", input.out,
          "Folder to make [NAME-4bit and the like in ~/.hearth/models]; with --queue a name")
      ->type_name("FOLDER");
  verb.add_option("--preset", input.preset,
                  "Options by name: 4bit, 8bit, mixed-4-6, mxfp4, bf16 and others, or your own")
      ->type_name("NAME");
  add_conversion_options(verb, input.given);
  verb.add_option("--adapter", input.adapter, "LoRA adapter that becomes part of the weights")
      ->type_name("FOLDER");
  add_output_format(verb, input.format);
  verb.add_flag("--in-place-space", input.in_place,
                "Remove the source's weight files one by one as they have been converted");
  verb.add_flag("--delete-source", input.delete_source,
                "Agree to that: the source cannot be used any more then");
  verb.add_flag("--force", input.force, "Replace a model that is there already");
  add_measure_options(verb, input.measure);
  verb.add_flag("--queue", input.queue,
                "Have a running server do it, after what it converts already (hearth jobs)");
  verb.add_flag("--dry-run", input.dry_run, "Only tell what would be done");
  verb.add_flag("--json", input.as_json, "Print JSON");
}

}  // namespace

void add_convert(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("convert", "Make a model for MLX, with fewer bits");
  const auto input = std::make_shared<ConvertInput>();
  add_options(*verb, *input);
  const auto flags = add_setting_flags(*verb, {"models.folders", "server.host", "server.port"});
  verb->callback([flags, input] { finish(run(*flags, *input)); });
}

}  // namespace hearth::cli
