// Plans a conversion, and carries it out file by file.
#include "convert/convert.h"

#include <algorithm>
#include <exception>
#include <mlx/memory.h>
#include <optional>
#include <system_error>
#include <utility>

#include "base/sha256.h"
#include "convert/arrange.h"
#include "convert/consumed_source.h"
#include "convert/low_rank_addition.h"
#include "convert/model_files.h"
#include "convert/opened_model.h"
#include "convert/packing_plan.h"
#include "convert/pretty_json.h"
#include "convert/shards.h"
#include "convert/stamps.h"
#include "convert/state.h"
#include "convert/summary.h"
#include "convert/target_folder.h"
#include "convert/weight_writer.h"
#include "nn/file.h"
#include "platform/machine.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kShardLimit = std::uint64_t{5} << 30;
constexpr std::uint64_t kShardLimitInPlace = std::uint64_t{1} << 30;
constexpr std::uint64_t kSpareBytes = std::uint64_t{64} << 20;  // for tokenizer and the like
constexpr std::size_t kMlxCacheBytes = std::size_t{64} << 20;
constexpr std::string_view kFormat = "1";  // of the state file: another one starts over

std::string doing(const Options& options) {
  return fmt::format("convert {}", name_of(options.source));
}

/// What an adapter is read from.
std::vector<fs::path> adapter_files(const fs::path& folder) {
  std::vector<fs::path> files = files_in(folder);
  std::erase_if(files, [](const fs::path& file) {
    return file.extension() != ".safetensors" && file.filename() != "adapter_config.json";
  });
  return files;
}

/// Names what the output depends on: the files that are read as they are now, and every tensor
/// planned.
std::string fingerprint(const Options& options, const OpenedModel& model,
                        const std::vector<Shard>& shards) {
  base::Sha256 hash;
  hash.add(kFormat).add(base::write_json(model.raw_config));
  for (const std::string& file : stamps(model.files)) hash.add(file);
  if (!options.adapter.empty()) {
    hash.add(options.adapter.string());
    for (const std::string& file : stamps(adapter_files(options.adapter))) hash.add(file);
  }
  for (const Shard& shard : shards) hash.add(shard.header());
  return hash.hex();
}

std::uint64_t shard_limit(const Options& options) {
  if (options.file_bytes != 0) return options.file_bytes;
  return options.in_place ? kShardLimitInPlace : kShardLimit;
}

std::string read_card(const fs::path& folder) {
  constexpr std::uint64_t kCardLimit = 4'000'000;
  const auto file = nn::File::open(folder / "README.md");
  if (!file) return {};
  auto text = file->text(kCardLimit);
  return text ? *std::move(text) : std::string();
}

}  // namespace

struct Conversion::Parts {
  Options options;
  fs::path source;  // the folder to read, which is another where the source is partly gone
  OpenedModel model;
  Arrangement arrangement;
  PackingPlan packing;
  std::vector<Shard> shards;
  LastUses uses;
  std::string fingerprint;
  Summary summary;
  SideFiles side;
  std::int64_t done = 0;  // numbers

  void look_at_disk();
  Result<void> check() const;
  Result<void> check_source(const Shard& shard, const fs::path& hidden) const;
  Result<void> write_shards(const TargetFolder& target,
                            const std::function<bool(const Progress&)>& go_on);
  Result<void> write_shard(const Shard& shard, State& state, const fs::path& folder,
                           const std::function<bool(const Progress&)>& go_on);
  Result<void> write_side_files(const fs::path& folder) const;
};

Conversion::Conversion(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Conversion::Conversion(Conversion&&) noexcept = default;
Conversion::~Conversion() = default;

const Summary& Conversion::summary() const {
  return parts_->summary;
}

void Conversion::Parts::look_at_disk() {
  const fs::path hidden = TargetFolder::hidden_place(options.target);
  const State state = State::read(hidden, fingerprint);
  summary.starts_over = state.replaced();
  summary.left_bytes = kSpareBytes;
  for (const Shard& shard : shards)
    if (state.seems_done(shard.file))
      ++summary.finished_files;
    else
      summary.left_bytes += shard.file_bytes();
  summary.needed_bytes = options.in_place
                             ? kSpareBytes + uses.peak_bytes(shards, summary.finished_files)
                             : summary.left_bytes;
  summary.free_bytes = platform::free_disk_bytes(hidden.string());
}

Result<void> Conversion::Parts::check() const {
  TRY(TargetFolder::check(options.source, options.target, options.force));
  if (options.in_place)
    TRY(ConsumedSource::check(options.source, TargetFolder::hidden_place(options.target)));
  if (arrangement.weights.empty())
    return fail(ErrorCode::CorruptData, "there are no weights in it");
  const bool packs = !options.dequantize && options.bits != kPlainBits;
  if (packs && summary.packed == 0 && summary.kept > 0 && !model.gguf)
    return fail(ErrorCode::InvalidArgument,
                "it is packed already; --requantize packs it anew, --dequantize makes plain "
                "weights");
  if (packs && summary.packed == 0 && summary.kept == 0) {
    const std::string why = summary.plain.empty()
                                ? std::string("it has no matrices")
                                : fmt::format("{} {}: {}", summary.plain[0].path,
                                              summary.plain[0].shape, summary.plain[0].reason);
    return fail(ErrorCode::InvalidArgument, "nothing in it can be packed so ({})", why);
  }
  if (options.dequantize && !model.gguf &&
      std::ranges::none_of(model.tensors.all(), [](const auto& item) {
        return item.second.packed() || item.second.kind == StoredTensor::Kind::Fp8;
      }))
    return fail(ErrorCode::InvalidArgument, "it is not packed, so there is nothing to dequantize");
  return {};
}

Result<Conversion> Conversion::make(const Options& options) {
  try {
    auto parts = std::make_unique<Parts>();
    parts->options = options;
    // A model that is fused stays as it is otherwise, unless more is asked for.
    const bool only_fuses = !options.adapter.empty() && options.bits == 0 &&
                            options.recipe.empty() && options.mode == "affine" &&
                            !options.requantize && !options.dequantize;
    if (only_fuses) parts->options.bits = kPlainBits;
    const bool gguf = is_gguf(options.source);
    if (gguf && options.in_place)
      return fail(ErrorCode::UnsupportedArgument,
                  "{}: a GGUF file is one file, so nothing of it can be removed on the way; "
                  "convert without --in-place-space",
                  doing(options));
    parts->source =
        ConsumedSource::readable(options.source, TargetFolder::hidden_place(options.target));
    parts->model =
        TRY_IN(doing(options), gguf ? open_gguf(parts->options) : open_model(parts->source));
    OpenedModel& model = parts->model;
    parts->arrangement =
        TRY_IN(doing(options), gguf ? arrange_gguf(model.tensors, model.config, *model.gguf)
                                    : arrange(model.tensors, model.config));
    auto& weights = parts->arrangement.weights;
    if (!options.adapter.empty())
      TRY_IN(doing(options), plan_fusion(options.adapter, model.config, weights));
    parts->packing = TRY_IN(
        doing(options), PackingPlan::make(parts->options, model.config, weights, model.tensors));
    parts->shards = plan_shards(weights, parts->packing, model.tensors, shard_limit(options));
    if (options.in_place) parts->uses = last_uses(parts->shards, weights, model.tensors);
    parts->fingerprint = fingerprint(options, model, parts->shards);
    parts->summary =
        summarise(parts->options, parts->arrangement, parts->packing, parts->shards, model.tensors);
    if (!gguf) parts->side = side_files(options.source);
    parts->summary.left = parts->side.left;
    TRY_IN(doing(options), parts->check());
    parts->look_at_disk();
    if (parts->summary.starts_over && parts->source != options.source)
      return fail(ErrorCode::InvalidArgument,
                  "{}: an interrupted conversion has removed a part of the source already; it goes "
                  "on only with the options that it began with",
                  doing(options));
    return Conversion(std::move(parts));
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", doing(options), error.what());
  }
}

Result<void> Conversion::Parts::write_shard(const Shard& shard, State& state,
                                            const fs::path& folder,
                                            const std::function<bool(const Progress&)>& go_on) {
  ShardFile file = TRY(ShardFile::create(folder / shard.file));
  TRY(file.append(shard.header()));
  for (const std::size_t index : shard.weights) {
    const Weight& weight = arrangement.weights[index];
    TRY(write_weight(model.tensors, weight, packing.at(index), file, [&](std::int64_t numbers) {
      done += numbers;
      return go_on(
          {.numbers = done, .all = summary.parameters, .file = shard.file, .tensor = weight.name});
    }));
  }
  const std::uint64_t bytes = file.size();
  if (bytes != shard.file_bytes())
    return fail(ErrorCode::Internal, "{}: {} bytes were written, but {} were planned", shard.file,
                bytes, shard.file_bytes());
  return state.add(shard.file, bytes, TRY(file.finish()));
}

Result<void> Conversion::Parts::write_shards(const TargetFolder& target,
                                             const std::function<bool(const Progress&)>& go_on) {
  State state = State::read(target.hidden(), fingerprint);
  if (state.replaced()) TRY(target.clear());
  std::optional<ConsumedSource> consumed;
  if (options.in_place) consumed = TRY(ConsumedSource::open(options.source, target.hidden()));
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const Shard& shard = shards[i];
    if (!state.holds(shard.file)) {
      TRY(check_source(shard, target.hidden()));
      TRY(write_shard(shard, state, target.hidden(), go_on));
    } else {
      for (const std::size_t index : shard.weights) done += arrangement.weights[index].elements();
      if (!go_on({.numbers = done, .all = summary.parameters, .file = shard.file, .tensor = {}}))
        return fail(ErrorCode::Cancelled, "stopped");
    }
    if (!consumed) continue;
    for (const auto& [name, file] : uses.files)
      if (file.last_shard == i) TRY(consumed->consume(name));
  }
  return {};
}

Result<void> Conversion::Parts::check_source(const Shard& shard, const fs::path& hidden) const {
  for (const std::size_t weight : shard.weights)
    for (const std::string& file : files_of(arrangement.weights[weight], model.tensors))
      if (ConsumedSource::gone(hidden, file))
        return fail(ErrorCode::CorruptData,
                    "{} was finished, but is damaged now, and {}, which it was made from, has been "
                    "removed; fetch the source again and start over",
                    shard.file, file);
  return {};
}

Result<void> Conversion::Parts::write_side_files(const fs::path& folder) const {
  TRY(copy_files(options.source, folder, side.copied));
  for (const auto& [name, text] : model.made_files) TRY(write_whole(folder / name, text));
  TRY(write_whole(folder / "model.safetensors.index.json", index_text(shards, summary.parameters)));
  const std::string how = fmt::format("Converted by Hearth for MLX: {}, {:.3f} bits per weight.",
                                      summary.how, summary.bits_per_weight);
  TRY(write_whole(folder / "README.md",
                  card_text(read_card(options.source), options.base_model, how)));
  // Last: only with its config does the folder look like a model.
  return write_whole(folder / "config.json", config_text(model.raw_config, model.generation,
                                                         packing.setting(arrangement.weights)));
}

Result<void> Conversion::run(const std::function<bool(const Progress&)>& go_on) {
  Parts& parts = *parts_;
  const std::string what = doing(parts.options);
  const Summary& summary = parts.summary;
  if (summary.needed_bytes > summary.free_bytes)
    return fail(ErrorCode::Io,
                "{}: it needs {} MB of disk, but there are {} MB free beside {}; make room or name "
                "another place with --out",
                what, summary.needed_bytes >> 20, summary.free_bytes >> 20,
                parts.options.target.string());
  try {
    mx::set_cache_limit(kMlxCacheBytes);
    TargetFolder target = TRY_IN(what, TargetFolder::open(parts.options.target));
    parts.done = 0;
    TRY_IN(what, parts.write_shards(target, go_on));
    TRY_IN(what, parts.write_side_files(target.hidden()));
    std::error_code ignored;
    fs::remove(target.hidden() / State::kFile, ignored);
    TRY_IN(what, target.publish());
    ConsumedSource::close(parts.options.target);
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "{}: {}", what, error.what());
  }
}

}  // namespace hearth::convert
