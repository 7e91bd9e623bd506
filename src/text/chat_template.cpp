// How do messages become the prompt that a model was trained on?
#include "text/chat_template.h"

#include <ctime>
#include <hearth_bridge.h>
#include <utility>

#include "base/clock.h"
#include "text/bridge_call.h"
#include "text/continued_message.h"
#include "text/control_literals.h"
#include "text/control_twin.h"
#include "text/template_files.h"

namespace hearth::text {
namespace {

std::int64_t local_seconds_now() {
  const std::time_t now = base::unix_seconds();
  std::tm local{};
  localtime_r(&now, &local);
  return static_cast<std::int64_t>(now) + local.tm_gmtoff;
}

/// Jinja2 gets none where there are no tools, but for templates that cannot take it.
json::value tools_or_none(const json::array& tools, const TemplateTraits& traits) {
  return tools.empty() && !traits.empty_tools ? json::value() : json::value(tools);
}

std::string_view text_at(const json::value& value, std::string_view key) {
  const json::object* object = value.if_object();
  const json::value* text = object != nullptr ? object->if_contains(key) : nullptr;
  return text != nullptr && text->is_string() ? std::string_view(text->get_string())
                                              : std::string_view();
}

/// What the conversation itself fills cannot be replaced by a request's variables.
Result<void> check_variables(const json::object& variables) {
  for (const char* name : {"messages", "tools", "add_generation_prompt"}) {
    if (!variables.contains(name)) continue;
    return std::unexpected(
        Error{.code = ErrorCode::InvalidArgument,
              .message = fmt::format("the template variable \"{}\" comes from the request's own "
                                     "field and cannot be set",
                                     name),
              .param = "chat_template_kwargs"});
  }
  return {};
}

Error refusal(std::string_view message) {
  return {
      .code = ErrorCode::InvalidArgument,
      .message = fmt::format("the model's chat template refuses this conversation: {}", message),
      .param = "messages"};
}

}  // namespace

ChatTemplate::ChatTemplate(TemplateOptions options) : options_(std::move(options)) {}
ChatTemplate::~ChatTemplate() = default;

Result<std::shared_ptr<const ChatTemplate>> ChatTemplate::load(
    const std::filesystem::path& model_folder, const Tokenizer& tokenizer) {
  const json::value source = TRY(read_chat_template(model_folder));
  if (source.is_null()) return nullptr;
  TemplateOptions options;
  options.special_tokens = tokenizer.special_tokens();
  return TRY_IN(fmt::format("the chat template in {}", model_folder.string()),
                compile(source, std::move(options)));
}

Result<std::shared_ptr<const ChatTemplate>> ChatTemplate::compile(const json::value& source,
                                                                  TemplateOptions options) {
  std::shared_ptr<ChatTemplate> made(new ChatTemplate(std::move(options)));
  if (source.is_string()) {
    TRY(made->add("default", source.get_string()));
  } else if (const json::array* named = source.if_array()) {
    for (const json::value& entry : *named) {
      TRY(made->add(std::string(text_at(entry, "name")), text_at(entry, "template")));
    }
  }
  if (made->templates_.empty()) {
    return fail(ErrorCode::CorruptData, "there is no text in the chat template");
  }
  made->probe();
  return made;
}

Result<void> ChatTemplate::add(std::string name, std::string_view source) {
  const TemplateLimits& limits = options_.limits;
  const hearth_template_limits bridge_limits{
      .fuel = limits.fuel,
      .recursion = limits.recursion,
      .output_bytes = limits.output_bytes,
      .wall_ms = static_cast<std::uint64_t>(limits.wall.count())};
  hearth_template* handle = nullptr;
  BridgeOutput output;
  const int status = hearth_template_create(borrow(source), bridge_limits, &handle, output.slot());
  TRY(check_bridge(status, output, ErrorCode::CorruptData));
  templates_.push_back({std::move(name), BridgeHandle<hearth_template>(handle)});
  source_ += source;
  return {};
}

void ChatTemplate::probe() {
  traits_ = probe_template([this](const json::array& messages, const json::value& tools) {
    return render_raw(messages, tools, {}, true);
  });
  markers_ = reasoning_markers_of(source_);
  const json::array hello{json::object{{"role", "user"}, {"content", "Hello"}}};
  const json::value no_tools = tools_or_none({}, traits_);
  const auto with = render_raw(hello, no_tools, {{"enable_thinking", true}}, true);
  const auto without = render_raw(hello, no_tools, {{"enable_thinking", false}}, true);
  thinking_supported_ = with && without && *with != *without;
}

/// Models with several templates have one for tools.
const ChatTemplate::Named& ChatTemplate::choose(bool with_tools) const {
  const std::string_view wanted = with_tools ? "tool_use" : "default";
  const Named* chosen = &templates_.front();
  for (const Named& named : templates_) {
    if (named.name == "default") chosen = &named;
  }
  for (const Named& named : templates_) {
    if (named.name == wanted) chosen = &named;
  }
  return *chosen;
}

std::int64_t ChatTemplate::local_seconds() const {
  return options_.local_seconds ? options_.local_seconds() : local_seconds_now();
}

Result<std::string> ChatTemplate::render_raw(const json::array& messages, const json::value& tools,
                                             const json::object& variables,
                                             bool add_generation_prompt) const {
  json::object context{{"messages", messages},
                       {"tools", tools},
                       {"documents", nullptr},
                       {"add_generation_prompt", add_generation_prompt}};
  for (const auto& [name, text] : options_.special_tokens) context[name] = text;
  for (const auto& member : variables) context[member.key()] = member.value();
  const std::string text = json::serialize(context);
  BridgeOutput output;
  const bool with_tools = tools.is_array() && !tools.get_array().empty();
  const int status = hearth_template_render(choose(with_tools).handle.get(), borrow(text),
                                            local_seconds(), output.slot());
  if (status == HEARTH_REFUSED) return std::unexpected(refusal(output.view()));
  TRY_IN("the model's chat template fails on this conversation",
         check_bridge(status, output, ErrorCode::InvalidArgument));
  return output.text();
}

Result<ChatTemplate::Adapted> ChatTemplate::adapted(const ChatPrompt& prompt) const {
  TRY(check_roles(prompt.messages));
  TRY(check_variables(prompt.variables));
  return Adapted{adapt({prompt.messages, prompt.tools}, traits_), prompt.variables};
}

Result<std::string> ChatTemplate::render(const ChatPrompt& prompt) const {
  return render(TRY(adapted(prompt)), prompt);
}

Result<std::string> ChatTemplate::render(const Adapted& adapted, const ChatPrompt& prompt) const {
  const json::value tools = tools_or_none(adapted.conversation.tools, traits_);
  json::array messages = adapted.conversation.messages;
  if (!prompt.continue_last) {
    return render_raw(messages, tools, adapted.variables, prompt.add_generation_prompt);
  }
  TRY(tag_last_message(messages));
  return cut_at_tag(TRY(render_raw(messages, tools, adapted.variables, false)));
}

Result<EncodedChat> ChatTemplate::encode(const ChatPrompt& prompt,
                                         const Tokenizer& tokenizer) const {
  Adapted adapted = TRY(this->adapted(prompt));
  const Guard guard = this->guard(tokenizer);
  const bool marked =
      guard.always_marked || guard.literals->found_in(adapted.conversation, adapted.variables);
  EncodedChat encoded;
  if (!marked) {
    const std::string text = TRY(render(adapted, prompt));
    encoded.ids = TRY(tokenizer.encode(text, AddSpecialTokens::No));
    encoded.opens_reasoning = opens_reasoning(own_end(text, adapted, prompt));
    return encoded;
  }
  guard.literals->mark(adapted.conversation, adapted.variables, guard.always_marked);
  const std::string text = TRY(render(adapted, prompt));
  const auto twin = TRY(tokenizer.twin(guard.literals->ids()));
  encoded.ids = TRY(twin->encode(guard.literals->spell(text)));
  encoded.opens_reasoning = opens_reasoning(own_end(text, adapted, prompt));
  return encoded;
}

/// The part of a prompt that no user wrote and that decides how the reply begins.
std::string_view ChatTemplate::own_end(std::string_view rendered, const Adapted& adapted,
                                       const ChatPrompt& prompt) {
  if (prompt.continue_last) return rendered;
  return after_last_message(rendered, adapted.conversation.messages);
}

bool ChatTemplate::opens_reasoning(std::string_view rendered) const {
  return markers_ && ends_in_reasoning(rendered, *markers_);
}

ChatTemplate::Guard ChatTemplate::guard(const Tokenizer& tokenizer) const {
  const std::scoped_lock lock(guard_mutex_);
  if (guard_.tokenizer == tokenizer.serial()) return guard_;
  guard_.literals = std::make_shared<ControlLiterals>(tokenizer, source_);
  guard_.always_marked = ends_open_before_content(*guard_.literals);
  guard_.tokenizer = tokenizer.serial();
  return guard_;
}

/// Whether the template writes half a literal right before a content, which a user could complete.
bool ChatTemplate::ends_open_before_content(const ControlLiterals& literals) const {
  constexpr std::string_view kSentinel = "\uFDD4sentinel\uFDD5";
  json::array messages;
  for (const std::string_view role : {"system", "user", "assistant", "user"}) {
    messages.push_back(json::object{{"role", role}, {"content", kSentinel}});
  }
  const Conversation probe = adapt({messages, {}}, traits_);
  const auto rendered = render_raw(probe.messages, tools_or_none({}, traits_), {}, true);
  if (!rendered) return true;  // nothing is known: the slower way is always right
  for (std::size_t at = rendered->find(kSentinel); at != std::string::npos;
       at = rendered->find(kSentinel, at + 1)) {
    if (literals.ends_open(std::string_view(*rendered).substr(0, at))) return true;
  }
  return false;
}

}  // namespace hearth::text
