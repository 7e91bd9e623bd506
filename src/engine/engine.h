// The narrow door to a loaded model: submit a request, read its events, drop the handle to cancel.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::engine {

using TokenId = std::uint32_t;

/// What a loaded model is. Fixed from load to unload.
struct ModelInfo {
  std::string name;          ///< as the library calls it
  std::string architecture;  ///< `model_type`: llama, qwen2, qwen3 ...
  std::uint64_t parameters = 0;
  std::uint64_t weight_bytes = 0;  ///< as held in memory
  std::string quantisation;        ///< "8-bit, group 64", "bf16" ...
  std::uint32_t vocabulary = 0;
  std::uint32_t context_length = 0;  ///< tokens, as served
  std::vector<TokenId> end_tokens;
  bool has_chat_template = false;
  bool can_think = false;                  ///< the template reacts to enable_thinking
  std::vector<std::string> adapters = {};  ///< names of those that requests may choose
  std::string fingerprint;  ///< hash of weights, quantisation and build: `system_fingerprint`
};

/// A conversation, to be rendered by the model's own template.
struct ChatInput {
  json::array messages;    ///< role, content ... as the template expects them
  json::object variables;  ///< enable_thinking and the like
  bool add_generation_prompt = true;
  bool continue_last = false;  ///< the last message is the assistant's and is continued
};
struct TextInput {
  std::string text;  ///< raw prompt: control tokens in it are read as such
};
struct TokenInput {
  std::vector<TokenId> tokens;
};
using Input = std::variant<ChatInput, TextInput, TokenInput>;

/// What makes one token likelier or less likely.
struct TokenBias {
  std::variant<TokenId, std::string> token;  ///< a text stands for every token it is read as
  double bias = 0;                           ///< added to the logit; minus infinity: never
};

/// The steps that narrow the choice of a token. Each sees what the one before has left, as
/// probabilities that add up to 1.
enum class SamplerStep : std::uint8_t {
  Penalties,    ///< repetition, presence, frequency: always the first, they change the logits
  TopNSigma,    ///< tokens within so many standard deviations of the best logit
  TypicalP,     ///< the most typical tokens until their probabilities reach it
  TopP,         ///< the likeliest tokens until their probabilities reach it
  MinP,         ///< tokens at least so many times as likely as the likeliest
  Xtc,          ///< at times without the likeliest: of those above a threshold only the last stays
  TopK,         ///< so many of the likeliest
  Temperature,  ///< divides the logits of what is left
};

/// How tokens are drawn. Unset fields are filled from generation_config.json, then from the
/// defaults named here.
struct Sampling {
  std::optional<double> temperature;         ///< 0: greedy. Default 1.
  std::optional<double> top_p;               ///< (0, 1]; default 1
  std::optional<int> top_k;                  ///< 0: off; default 0
  std::optional<double> min_p;               ///< [0, 1]; default 0
  std::optional<double> repetition_penalty;  ///< > 0; default 1
  std::optional<double> presence_penalty;    ///< default 0
  std::optional<double> frequency_penalty;   ///< default 0
  std::optional<int>
      repetition_window;  ///< tokens looked back; 0: off, -1: all; default 20 (all three penalties)
  std::optional<std::uint64_t> seed;      ///< unset: random
  std::optional<double> typical_p;        ///< (0, 1]; default 1
  std::optional<double> top_n_sigma;      ///< >= 0; 0: off; default 0
  std::optional<double> xtc_probability;  ///< [0, 1]: how often it acts; default 0
  std::optional<double> xtc_threshold;  ///< [0, 1]; above 0.5 nothing is ever left out; default 0.1
  /// Which steps apply, in this order; one that is not named does not. Default: as listed in
  /// SamplerStep, which for the filters they share is mlx-lm's order.
  std::optional<std::vector<SamplerStep>> samplers;
};

/// Who goes first. Waiting makes up for it: 0.1 per second, so a low request draws level with fresh
/// normal ones after 10 s and with high ones after 20 s.
enum class Priority : std::uint8_t { High, Normal, Low };

/// How a request stands among others. Set by the server, never by a request's body.
struct Standpoint {
  Priority priority = Priority::Normal;
  std::string client = {};  ///< API key or connection: clients get equal shares; may be empty
  std::optional<std::uint32_t> deadline_ms = {};  ///< from submit; then it fails with Timeout
};

/// An adapter that a request chooses.
struct AdapterChoice {
  std::variant<std::uint32_t, std::string> adapter;  ///< its place in ModelInfo::adapters, or name
  double scale = 1;                                  ///< of what it adds; 0: nothing
};

struct Request {
  std::string id;  ///< for logs and errors
  Input input;
  Standpoint standpoint = {};
  Sampling sampling;
  std::optional<std::uint32_t> max_tokens;  ///< unset: the rest of the context
  std::vector<std::string> stop;            ///< matched on text, at most 16, not returned
  bool ignore_eos = false;
  std::vector<TokenId> stop_tokens = {};   ///< end the reply as its end tokens do
  std::uint32_t min_tokens = 0;            ///< before so many nothing but max_tokens ends the reply
  std::vector<TokenBias> logit_bias = {};  ///< of one token named twice both count
  std::optional<std::uint32_t> logprobs = {};  ///< asks for reports with so many likeliest, 0..20
  bool echo = false;                           ///< the prompt's text comes first, as content
  std::optional<std::uint32_t> time_limit_ms = {};  ///< from the first token on, then Length
  std::optional<std::uint32_t> context_length =
      {};                      ///< less than the model's own, for this request
  bool raw_reasoning = false;  ///< reasoning stays in the content, with the marks around it
  bool report_ids = false;     ///< deltas name the tokens that were sampled
  bool whole = false;          ///< nobody watches: text may come all at once, with the last event
  std::vector<AdapterChoice> adapters = {};  ///< all add; requests with different ones share steps
  bool reuse_prefix = true;                  ///< false: the whole prompt is computed
  std::string cache_salt = {};  ///< only prompts of the same salt share what is computed
  /// The prompt is the beginning of later ones and is saved on disk under this name, which may be
  /// empty; a token is drawn, but nothing is answered. See prompts/prompt_folder.h.
  std::optional<std::string> keep = {};
};

enum class FinishReason { Stop, StopString, Length, ContextFull };

struct Usage {
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0;
  std::uint32_t completion_tokens = 0;  ///< sampled, with the end token and reasoning
  std::uint32_t reasoning_tokens = 0;
};

/// What kept the rest of a prompt from being found in the prefix cache.
enum class PrefixRule : std::uint8_t {
  Hit,              ///< nothing: all that could be reused was
  NoEarlierPrompt,  ///< no prompt that is remembered begins like this one
  Differs,          ///< the most similar earlier prompt has another token at `position`
  Evicted,          ///< it was computed, but its memory was needed since
  Salt,             ///< the same tokens, but computed with another adapter or image
  NoSnapshot,       ///< recurrent model: no state was kept at `position`
  Off,              ///< the prefix cache is switched off, or the request declined it
};
std::string_view name(PrefixRule rule);

/// Where and why the beginning of a prompt was no longer taken from the cache.
struct PrefixReport {
  PrefixRule rule = PrefixRule::Hit;
  std::uint32_t position = 0;  ///< tokens that both prompts have in common
  std::string here = {};       ///< text around that position in this prompt
  std::string earlier = {};    ///< and in the earlier one
};

struct Timings {
  double queue_ms = 0;   ///< from submit to the first step that holds this request
  double prompt_ms = 0;  ///< from there to the first token
  double decode_ms = 0;  ///< from the first token to the last
};

/// The request is accepted: the prompt is read, fits, and waits for its turn.
struct Admitted {
  std::uint32_t prompt_tokens = 0;
};
/// How much of the prompt has been computed; at most one per step.
struct PromptProgress {
  std::uint32_t computed = 0;
  std::uint32_t total = 0;
};
/// A token that could have come, and its chance: after biases and penalties, before all filters and
/// the temperature.
struct TokenChance {
  TokenId id = 0;
  std::string bytes;  ///< what it adds to a text; may be half a character
  float logprob = 0;  ///< natural logarithm; minus infinity for what is impossible
};
/// A token that came.
struct TokenReport {
  TokenId id = 0;
  std::string bytes;
  std::optional<float> logprob;  ///< none for the first token of an echoed prompt
  std::vector<TokenChance> top;  ///< as many as asked for, likeliest first
  std::uint32_t offset = 0;      ///< characters of the same kind that stand before it
};
/// Text, in order, always whole UTF-8 characters. `tokens` = sampled tokens it stands for (may be 0
/// or many).
struct TextDelta {
  enum class Kind { Content, Reasoning } kind = Kind::Content;
  std::string text;
  std::uint32_t tokens = 0;
  /// If asked for: the tokens whose text ends here. All reports of a kind make up its text, but for
  /// a last one that a stop string cut; tokens without text (ends, markers) have none.
  std::vector<TokenReport> reports = {};
  /// If asked for: all tokens sampled since the delta before, ends and markers included. The last
  /// delta may hold nothing else.
  std::vector<TokenId> ids = {};
};
/// The last event of a request that went well.
struct Finished {
  FinishReason reason = FinishReason::Stop;
  std::string stop_string;  ///< which one, with StopString
  Usage usage;
  Timings timings;
  double logprob = 0;  ///< the sum over all sampled tokens, where reports were asked for
  PrefixReport prefix = {};
  std::string kept = {};  ///< the id of the prompt that was saved, where that was asked for
};
/// The last event of a request that did not.
struct Failed {
  Error error;
};
using Event = std::variant<Admitted, PromptProgress, TextDelta, Finished, Failed>;

/// One running request. Events come in order and end with exactly one Finished or Failed.
/// Owner: one reader at a time. Destroying it cancels the request within one step.
class Generation {
 public:
  virtual ~Generation() = default;
  /// All events that are there, without waiting. Consecutive deltas of one kind may come merged.
  virtual std::vector<Event> drain() = 0;
  /// Sets who is told when drain() has something where it had nothing; called at once if it has.
  /// Any thread calls it; it may drain, and may destroy this object. Once the object is destroyed,
  /// or another `wake` is set, it is not called any more.
  virtual void on_ready(std::function<void()> wake) = 0;
  /// Blocks until there are events (command line, tests).
  virtual std::vector<Event> wait() = 0;
};

/// A request that waits for its turn.
struct QueuedRequest {
  std::string id;
  Priority priority = Priority::Normal;
  std::uint32_t prompt_tokens = 0;
  double waited_ms = 0;
};

/// One cell of the table of measured step times.
struct StepTime {
  std::uint32_t tokens = 0;  ///< computed in the step
  std::uint32_t depth = 0;   ///< tokens before each of them, on average
  double ms = 0;
};

/// The scheduler and the cache right now; counts are since load.
struct SchedulerStats {
  std::vector<std::uint32_t> waiting_by_priority = {0, 0, 0};  ///< high, normal, low
  std::vector<QueuedRequest> queue = {};  ///< those who come next, in order; at most 32
  std::uint32_t step_tokens = 0;          ///< of the latest step
  std::uint32_t step_decoding = 0;        ///< of them those that continued answers
  double step_ms = 0;                     ///< the latest step
  std::uint32_t pages_cached = 0;         ///< held by no request, kept for later ones
  std::uint32_t pages_free = 0;
  std::uint32_t windows_used = 0;    ///< pages of layers with a window, where these have their
  std::uint32_t windows_cached = 0;  ///< own: the four counts once more
  std::uint32_t windows_free = 0;
  std::uint32_t windows_total = 0;  ///< 0: pages serve all layers
  std::uint64_t lookup_tokens = 0;  ///< of prompts that were looked up in the cache
  std::uint64_t hit_tokens = 0;     ///< of them those that needed no computing
  std::uint64_t evictions = 0;      ///< cached pages that had to make room
  std::uint64_t preemptions = 0;    ///< requests that had to wait again
  std::uint32_t states_used = 0;    ///< recurrent models: slots of running requests
  std::uint32_t states_kept = 0;    ///< and of snapshots
  std::uint32_t states_total = 0;
  std::vector<StepTime> step_times = {};  ///< what steps take on this device
};

/// What the engine is doing right now, for metrics and `hearth ps`.
/// How often a kind of operation was computed by a path of the CPU's kernels, since the engine's
/// process began; path "generic" is MLX's own.
struct KernelCalls {
  std::string operation;
  std::string path;
  std::uint64_t calls = 0;
};

/// Where a model's memory goes, in bytes as its device's allocator counts them.
struct MemoryStats {
  std::uint64_t cache_bytes = 0;  ///< of keys, values and states, now
  std::uint64_t spare_bytes = 0;  ///< freed, and kept for the next step: not among the active ones
  std::uint64_t work_bytes = 0;   ///< the most beside the cache: weights and a step's numbers
  std::uint64_t request_bytes = 0;          ///< the most while the request ran that ended last
  std::uint64_t largest_request_bytes = 0;  ///< the most while any of them ran
};

struct EngineStats {
  std::uint32_t running = 0;
  std::uint32_t waiting = 0;
  std::uint32_t pages_used = 0;
  std::uint32_t pages_total = 0;
  std::uint64_t steps = 0;
  std::uint64_t prompt_tokens = 0;      ///< computed since load
  std::uint64_t completion_tokens = 0;  ///< sampled since load
  std::uint64_t active_bytes = 0;       ///< held by the device allocator
  std::uint64_t peak_bytes = 0;         ///< the most since load
  MemoryStats memory = {};
  SchedulerStats scheduler = {};
  std::vector<KernelCalls> kernels = {};  ///< without what never happened
};

/// A loaded model. Any thread may call; nothing here blocks for the device.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual const ModelInfo& model() const = 0;
  /// Starts a request. Errors that the request itself causes (a prompt longer than the context, a
  /// template that refuses) come as a Failed event, so that both implementations behave alike.
  virtual std::unique_ptr<Generation> submit(Request request) = 0;
  virtual EngineStats stats() const = 0;
  /// Set once the engine is gone for good (its process died); all further requests fail with
  /// EngineLost.
  virtual bool lost() const { return false; }
};

/// An adapter that is loaded beside the model.
struct AdapterSource {
  std::string name;  ///< by which requests choose it
  std::filesystem::path folder;
};

struct EngineOptions {
  std::filesystem::path folder;      ///< of the model
  std::string name;                  ///< for ModelInfo::name
  std::uint32_t context_length = 0;  ///< 0: the model's own
  /// Keys and values in 16, 8 or 4 bits; 0: as they are; none: in 16 where the CPU kernels attend.
  std::optional<std::uint32_t> kv_bits = 0;
  std::uint32_t max_sequences = 64;  ///< that run at once; others wait
  std::uint32_t tokens_per_step = 512;
  std::uint64_t kv_bytes = 0;        ///< for the KV pages; 0: what fits (see local/memory_plan.h)
  std::uint32_t max_waiting = 1024;  ///< requests in the queue; more are told to come later
  std::uint32_t token_interval_ms = 150;  ///< running answers get a token at least this often
  bool prefix_cache = true;               ///< computed prompts are kept for later ones
  bool batch_invariant = false;           ///< equal bits whatever else is in a step; slower
  bool measure_steps = false;             ///< learn step times in idle moments after loading
  std::filesystem::path step_times = {};  ///< where they are kept from run to run; empty: nowhere
  std::vector<AdapterSource> adapters = {};
  std::filesystem::path prompts = {};  ///< where saved prompts lie; empty: nowhere
  std::uint64_t prompts_bytes = 0;     ///< that they take at most, of all models; 0: none
};

}  // namespace hearth::engine
