// How do messages become the prompt that a model was trained on?
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/bridge_handle.h"
#include "text/reasoning_splitter.h"
#include "text/template_traits.h"
#include "text/tokenizer.h"

namespace hearth::text {

class ControlLiterals;

/// A conversation as the protocols give it; the template adapts it to what the model knows.
struct ChatPrompt {
  json::array messages;    ///< role, content, tool_calls ... in OpenAI's form
  json::array tools;       ///< function definitions in OpenAI's form
  json::object variables;  ///< enable_thinking, reasoning_effort, documents ... for the template
  bool add_generation_prompt = true;  ///< ends with the beginning of the assistant's turn
  bool continue_last = false;         ///< the last message is the assistant's and goes on
};

/// A prompt ready for the model.
struct EncodedChat {
  std::vector<TokenId> ids;
  bool opens_reasoning = false;  ///< the prompt ends inside a reasoning block
};

/// What a template may use up. Memory is bounded by the process that renders.
struct TemplateLimits {
  std::uint64_t fuel = 50'000'000;  ///< about one unit per instruction
  std::uint32_t recursion = 200;
  std::uint64_t output_bytes = 64'000'000;
  std::chrono::milliseconds wall{10'000};
};

/// What a template needs beside its source.
struct TemplateOptions {
  TemplateLimits limits;
  /// bos_token, eos_token ...: variables of every render.
  std::map<std::string, std::string> special_tokens;
  /// Local time for `strftime_now`, as seconds since 1970-01-01 00:00 in the same zone.
  /// Unset: this machine's clock and zone.
  std::function<std::int64_t()> local_seconds;
};

/// A model's chat template, compiled once. Immutable after load; any thread may use it.
/// Templates come from strangers and can eat memory: render only where that costs nobody else.
class ChatTemplate {
 public:
  /// Reads chat_template.jinja, else chat_template.json, else tokenizer_config.json.
  /// A model without a template gives a null pointer; a template that does not compile an error.
  static Result<std::shared_ptr<const ChatTemplate>> load(const std::filesystem::path& model_folder,
                                                          const Tokenizer& tokenizer);

  /// `source` is a template's text, or an array of {name, template} (default, tool_use ...).
  static Result<std::shared_ptr<const ChatTemplate>> compile(const json::value& source,
                                                             TemplateOptions options);
  ~ChatTemplate();

  /// The prompt as text. A template that refuses the conversation (`raise_exception`) gives
  /// InvalidArgument with its message; one that fails or uses up its limits says so.
  Result<std::string> render(const ChatPrompt& prompt) const;

  /// The prompt as ids, the same that the reference gives for it. No text that a user, a tool or a
  /// document wrote can become a control token. `tokenizer` is the model's own.
  Result<EncodedChat> encode(const ChatPrompt& prompt, const Tokenizer& tokenizer) const;

  /// Whether the variable `enable_thinking` changes the prompt.
  bool thinking_supported() const { return thinking_supported_; }
  /// What stands around reasoning; none where the model has none.
  const std::optional<ReasoningMarkers>& reasoning_markers() const { return markers_; }
  /// Whether a rendered prompt ends inside a reasoning block.
  bool opens_reasoning(std::string_view rendered) const;
  /// What the probes found out, and the conversation that render() therefore gives the template.
  const TemplateTraits& traits() const { return traits_; }
  /// All of the template's text, for those who look for markers in it.
  const std::string& source() const { return source_; }

 private:
  struct Named {
    std::string name;
    BridgeHandle<hearth_template> handle;
  };
  /// What is known about one tokenizer with this template.
  struct Guard {
    std::uint64_t tokenizer = 0;
    std::shared_ptr<const ControlLiterals> literals;
    bool always_marked = false;
  };
  struct Adapted {
    Conversation conversation;
    json::object variables;
  };

  explicit ChatTemplate(TemplateOptions options);
  Result<void> add(std::string name, std::string_view source);
  void probe();
  const Named& choose(bool with_tools) const;
  Result<Adapted> adapted(const ChatPrompt& prompt) const;
  Result<std::string> render(const Adapted& adapted, const ChatPrompt& prompt) const;
  Result<std::string> render_raw(const json::array& messages, const json::value& tools,
                                 const json::object& variables, bool add_generation_prompt) const;
  static std::string_view own_end(std::string_view rendered, const Adapted& adapted,
                                  const ChatPrompt& prompt);
  Guard guard(const Tokenizer& tokenizer) const;
  bool ends_open_before_content(const ControlLiterals& literals) const;
  std::int64_t local_seconds() const;

  TemplateOptions options_;
  std::vector<Named> templates_;
  std::string source_;
  TemplateTraits traits_;
  bool thinking_supported_ = false;
  std::optional<ReasoningMarkers> markers_;
  mutable std::mutex guard_mutex_;
  mutable Guard guard_;  ///< of the tokenizer used last; guarded by guard_mutex_
};

}  // namespace hearth::text
