// Applies a family's layout rules, one kind of rule after another.
#include "convert/arrange.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "convert/name_order.h"
#include "models/fields.h"
#include "nn/weights.h"

namespace hearth::convert {

namespace {

using Weights = std::map<std::string, Weight>;

constexpr auto kTowers = std::to_array<std::string_view>(
    {"vision_tower.", "vision_model.", "visual.", "multi_modal_projector.", "audio_tower.",
     "embed_vision.", "embed_audio.", "vision_embed_tokens."});

bool has_part(std::string_view name, const std::vector<std::string_view>& parts) {
  return std::ranges::any_of(parts, [&](auto part) { return name.contains(part); });
}

void rename(std::string& name, std::string_view from, std::string_view to) {
  const bool anchored = from.starts_with('^');
  if (anchored) from.remove_prefix(1);
  const std::size_t at = anchored ? (name.starts_with(from) ? 0 : name.npos) : name.find(from);
  if (at != name.npos) name.replace(at, from.size(), to);
}

/// One model's arranging.
class Arranger {
 public:
  Arranger(SourceTensors& source, const models::Config& config)
      : source_(source),
        config_(config),
        // A wrapper's language model has a type of its own, which the rules go by.
        rules_(layout_rules(config.text_type)) {}

  Result<Arrangement> run() {
    TRY(take_all());
    TRY(stack_experts());
    for (const auto& [ending, to] : rules_.halves) TRY(split_pairs(ending, to));
    for (const auto& [ending, to] : rules_.whole) rename_endings(ending, to);
    if (rules_.latents) TRY(split_latents());
    shape_small_ones();
    Arrangement done{.weights = {}, .dropped = std::move(dropped_)};
    for (auto& [name, weight] : weights_) done.weights.push_back(std::move(weight));
    std::ranges::sort(done.weights, comes_before, &Weight::name);
    return done;
  }

 private:
  Result<void> take_all();
  std::optional<std::string> arranged_name(std::string name) const;
  bool beyond_layers(std::string_view name) const;
  Result<void> stack_experts();
  Result<void> stack(const std::string& name, const std::map<int, std::string>& experts);
  Result<void> split_pairs(std::string_view ending, std::string_view to);
  Result<void> split_pair(const Weight& both, const std::string& place, std::string_view kind);
  void rename_endings(std::string_view ending, std::string_view to);
  Result<void> split_latents();
  void shape_small_ones();

  SourceTensors& source_;
  const models::Config& config_;
  const LayoutRules& rules_;
  Weights weights_;
  std::vector<std::string> dropped_;
};

/// The name inside the language model, without a wrapper's prefix; nothing for another tower's.
std::optional<std::string> inner_name(std::string name, bool nested) {
  if (!nested) return name;
  for (const std::string_view tower : kTowers)
    if (name.starts_with(tower) || name.starts_with("model." + std::string(tower))) return {};
  rename(name, "^model.language_model.", "model.");
  rename(name, "^language_model.", "");
  return name;
}

/// MLX keeps a wrapper's language model under this prefix; Gemma 3n's lies inside `model`.
std::string wrapped(const std::string& name, const models::Config& config) {
  if (!config.nested) return name;
  if (config.model_type != "gemma3n") return "language_model." + name;
  std::string inside = name;
  rename(inside, "^model.", "model.language_model.");
  return inside;
}

bool Arranger::beyond_layers(std::string_view name) const {
  constexpr std::string_view kLayers = "model.layers.";
  if (!name.starts_with(kLayers)) return false;
  name.remove_prefix(kLayers.size());
  int layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  return error == std::errc{} && layer >= config_.layers;
}

std::optional<std::string> Arranger::arranged_name(std::string stored) const {
  auto name = inner_name(std::move(stored), config_.nested);
  if (!name || name->contains("rotary_emb.inv_freq") || beyond_layers(*name)) return {};
  if (config_.tied_head && name->starts_with("lm_head.")) return {};
  if (has_part(*name, rules_.dropped)) return {};
  for (const auto& [from, to] : rules_.renamed) {
    if (from == "^" && name->starts_with(to)) continue;
    rename(*name, from, to);
  }
  return wrapped(*name, config_);
}

Result<void> Arranger::take_all() {
  std::vector<std::string> turned;
  for (const auto& [stored, tensor] : source_.all()) {
    const auto name = arranged_name(stored);
    if (!name) {
      dropped_.push_back(stored);
      continue;
    }
    const auto ends = [&](auto ending) { return stored.ends_with(ending); };
    if (std::ranges::any_of(rules_.turned, ends) && tensor.kind == StoredTensor::Kind::Plain)
      turned.push_back(stored);
    weights_[*name] = Weight{.name = *name, .shape = {}, .ranges = {{.tensor = stored}}};
  }
  // A model in MLX's layout has these matrices the right way round already.
  const bool done = std::ranges::any_of(
      source_.all(), [](const auto& item) { return item.first.starts_with("model.h."); });
  if (!done)
    for (const std::string& name : turned) TRY(source_.turn(name));
  for (auto& [name, weight] : weights_) {
    weight.shape = source_.at(weight.ranges[0].tensor).shape;
    weight.ranges[0].count = weight.rows();
  }
  return {};
}

Result<void> Arranger::stack_experts() {
  if (rules_.experts.empty()) return {};
  constexpr std::string_view kExperts = ".experts.";
  std::map<std::string, std::map<int, std::string>> stacks;  // name → expert → name of its part
  for (const auto& [name, weight] : weights_) {
    const std::size_t at = name.find(kExperts);
    if (at == name.npos) continue;
    const char* digits = name.data() + at + kExperts.size();
    int expert = 0;
    const auto [end, error] = std::from_chars(digits, name.data() + name.size(), expert);
    if (error != std::errc{} || *end != '.') continue;
    const std::string rest(end + 1);  // w1.weight
    const std::string part = rest.substr(0, rest.find('.'));
    for (const auto& [from, to] : rules_.experts)
      if (part == from)
        stacks[fmt::format("{}.switch_mlp.{}{}", name.substr(0, at), to, rest.substr(part.size()))]
              [expert] = name;
  }
  for (const auto& [name, experts] : stacks) TRY(stack(name, experts));
  return {};
}

Result<void> Arranger::stack(const std::string& name, const std::map<int, std::string>& experts) {
  Weight whole{.name = name, .shape = {}, .ranges = {}};
  int expected = 0;
  for (const auto& [expert, part] : experts) {
    if (expert != expected++)
      return fail(ErrorCode::CorruptData, "\"{}\": expert {} is missing (an interrupted download?)",
                  name, expected - 1);
    const Weight& weight = weights_.at(part);
    if (whole.shape.empty()) whole.shape = weight.shape;
    if (weight.shape != whole.shape)
      return fail(ErrorCode::CorruptData, "\"{}\" has the shape {}, but other experts have {}",
                  weight.ranges[0].tensor, nn::shape_text(weight.shape),
                  nn::shape_text(whole.shape));
    whole.ranges.push_back(weight.ranges[0]);
  }
  whole.shape.insert(whole.shape.begin(), expected);
  for (const auto& [expert, part] : experts) weights_.erase(part);
  weights_[name] = std::move(whole);
  return {};
}

Result<void> Arranger::split_pairs(std::string_view ending, std::string_view to) {
  const std::string bias = std::string(ending) + "_bias";
  std::vector<std::pair<std::string, bool>> found;
  for (const auto& [name, weight] : weights_) {
    if (name.ends_with(ending)) found.emplace_back(name, false);
    if (name.ends_with(bias)) found.emplace_back(name, true);
  }
  // A hybrid with experts keeps its shared layers as they are.
  const bool experts = std::ranges::any_of(
      weights_, [](const auto& item) { return item.first.contains(".block_sparse_moe."); });
  if (experts && ending.starts_with(".shared_mlp.")) return {};
  for (const auto& [name, is_bias] : found) {
    const Weight both = weights_.at(name);
    const std::size_t cut = is_bias ? bias.size() : ending.size();
    const std::string place = name.substr(0, name.size() - cut) + std::string(to);
    TRY(split_pair(both, place, is_bias ? ".bias" : ".weight"));
    weights_.erase(name);
  }
  return {};
}

Result<void> Arranger::split_pair(const Weight& both, const std::string& place,
                                  std::string_view kind) {
  const bool bias = kind == ".bias";
  const std::size_t axes = bias ? 1 : 2;  // the last one of a bias counts rows
  if (both.shape.size() < axes || both.shape.end()[bias ? -1 : -2] % 2 != 0)
    return fail(ErrorCode::CorruptData, "tensor \"{}\" {} cannot be split into gate and up",
                both.ranges[0].tensor, nn::shape_text(both.shape));
  const int all = both.shape.end()[bias ? -1 : -2];
  mx::Shape shape = both.shape;
  shape.end()[bias ? -1 : -2] = all / 2;
  const std::int64_t matrices = both.elements() / (std::int64_t{all} * (bias ? 1 : both.width()));
  for (const bool up : {false, true}) {
    Weight half{.name = place + (up ? "up_proj" : "gate_proj") + std::string(kind),
                .shape = shape,
                .ranges = {}};
    RowRange range = both.ranges[0];
    range.width = bias ? 1 : 0;
    if (rules_.in_turns) {
      range.first = up ? 1 : 0;
      range.step = 2;
      range.count = matrices * all / 2;
      half.ranges.push_back(range);
    } else {
      for (std::int64_t matrix = 0; matrix < matrices; ++matrix) {
        range.first = matrix * all + (up ? all / 2 : 0);
        range.count = all / 2;
        half.ranges.push_back(range);
      }
    }
    weights_[half.name] = std::move(half);
  }
  return {};
}

void Arranger::rename_endings(std::string_view ending, std::string_view to) {
  std::vector<std::string> names;
  for (const auto& [name, weight] : weights_)
    if (name.ends_with(ending) &&
        !weights_.contains(name.substr(0, name.size() - ending.size()) + std::string(to)))
      names.push_back(name);
  const bool halves = std::ranges::any_of(
      weights_, [](const auto& item) { return item.first.contains(".shared_mlp.input_linear."); });
  if (halves && ending.starts_with(".shared_mlp.")) return;
  for (const std::string& name : names) {
    auto node = weights_.extract(name);
    node.key() = name.substr(0, name.size() - ending.size()) + std::string(to);
    node.mapped().name = node.key();
    weights_.insert(std::move(node));
  }
}

/// [H * (plain + value), R] becomes keys [H, R, plain] and values [H, value, R].
Result<void> Arranger::split_latents() {
  models::Fields fields = config_.fields();
  const int plain = fields.integer("qk_nope_head_dim");
  const int value = fields.integer("v_head_dim");
  TRY(fields.finish());
  constexpr std::string_view kEnding = "kv_b_proj.weight";
  std::vector<std::string> names;
  for (const auto& [name, weight] : weights_)
    if (name.ends_with(kEnding)) names.push_back(name);
  for (const std::string& name : names) {
    const Weight both = weights_.at(name);
    const int heads = config_.heads;
    if (both.shape.size() != 2 || both.shape[0] != heads * (plain + value))
      return fail(ErrorCode::CorruptData, "tensor \"{}\" {} is not {} heads of {} + {} rows",
                  both.ranges[0].tensor, nn::shape_text(both.shape), heads, plain, value);
    const int rank = both.shape[1];
    const std::string place = name.substr(0, name.size() - kEnding.size());
    Weight keys{.name = place + "embed_q.weight",
                .shape = {heads, rank, plain},
                .ranges = {},
                .turned = true};
    Weight values{
        .name = place + "unembed_out.weight", .shape = {heads, value, rank}, .ranges = {}};
    for (int head = 0; head < heads; ++head) {
      RowRange range = both.ranges[0];
      range.first = std::int64_t{head} * (plain + value);
      range.count = plain;
      keys.ranges.push_back(range);
      range.first += plain;
      range.count = value;
      values.ranges.push_back(range);
    }
    weights_.erase(name);
    weights_[keys.name] = keys;
    weights_[values.name] = values;
  }
  return {};
}

/// Convolutions [C, 1, N] become [C, N, 1]; where they were not yet, norms lack their one.
void Arranger::shape_small_ones() {
  constexpr auto kNorms = std::to_array<std::string_view>(
      {".input_layernorm.weight", ".post_attention_layernorm.weight", "model.norm.weight",
       ".q_norm.weight", ".k_norm.weight"});
  bool turned = false;
  for (auto& [name, weight] : weights_) {
    const bool convolution = name.ends_with("conv1d.weight") || name.ends_with("conv.weight");
    if (convolution && weight.shape.size() == 3 && weight.shape[1] == 1 && weight.shape[2] != 1) {
      weight.ranges[0].width = 1;
      weight.ranges[0].count = weight.elements();
      std::swap(weight.shape[1], weight.shape[2]);
      turned = true;
    }
  }
  if (!rules_.one_in_norms || !turned) return;
  for (auto& [name, weight] : weights_)
    if (weight.shape.size() == 1 &&
        std::ranges::any_of(kNorms, [&](auto ending) { return name.ends_with(ending); }))
      weight.added = 1.0F;
}

}  // namespace

Result<Arrangement> arrange(SourceTensors& source, const models::Config& config) {
  return Arranger(source, config).run();
}

}  // namespace hearth::convert
