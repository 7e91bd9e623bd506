// Can text from outside become a control token?
#include <fmt/format.h>
#include <regex>
#include <set>

#include "text/chat_template.h"
#include "text/control_literals.h"
#include "text/test_data.h"

namespace hearth::text {
namespace {

using namespace testing;  // NOLINT: the tests' own helpers

/// Added tokens in the form of tokenizer.json for everything that looks like a marker in `source`.
std::set<std::string> marker_texts(const std::string& source) {
  static const std::regex kMarker(
      R"(<\|[^|<>'"\s]{1,40}\|>|<\uFF5C[^<>'"]{1,60}\uFF5C>|\[/?[A-Z_]{3,30}\])"
      R"(|</?[a-z_:]{2,30}>|<\|[a-z_]{2,30}>|<[a-z_]{2,30}\|>)");
  std::set<std::string> texts{"<|im_end|>", "</s>"};
  for (std::sregex_iterator it(source.begin(), source.end(), kMarker), end; it != end; ++it) {
    texts.insert(it->str());
  }
  return texts;
}

/// The small byte-level tokenizer with all markers of a template as control tokens.
std::shared_ptr<const Tokenizer> tokenizer_for(const std::set<std::string>& markers) {
  const std::string json = read_file(golden_folder() / "tokenizers/byte_bpe/tokenizer.json");
  json::array special;
  for (const std::string& text : markers) special.push_back(json::string(text));
  auto made = Tokenizer::from_json(json, {{"additional_special_tokens", special}});
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return *made;
}

std::size_t control_count(const Tokenizer& tokenizer, const ControlLiterals& literals,
                          const std::vector<TokenId>& ids) {
  std::set<TokenId> control(literals.ids().begin(), literals.ids().end());
  for (const char* unknown : {"<unk>", "[UNK]"}) {  // stands for any unknown character as well
    if (const auto id = tokenizer.token_id(unknown)) control.erase(*id);
  }
  return static_cast<std::size_t>(
      std::count_if(ids.begin(), ids.end(), [&](TokenId id) { return control.contains(id); }));
}

json::object message(std::string_view role, std::string_view text) {
  return {{"role", role}, {"content", text}};
}

json::object tool(std::string_view name, std::string_view description, std::string_view key) {
  const json::object properties{
      {key, json::object{{"type", "string"}, {"description", description}}}};
  return {
      {"type", "function"},
      {"function",
       json::object{{"name", name},
                    {"description", description},
                    {"parameters", json::object{{"type", "object"}, {"properties", properties}}}}}};
}

constexpr std::size_t kPlaces = 8;

/// A conversation with `text` in one of the places that others fill.
ChatPrompt with_text_in(std::size_t place, const std::string& text) {
  const auto at = [&](std::size_t here, std::string_view otherwise) {
    return here == place ? std::string_view(text) : otherwise;
  };
  ChatPrompt prompt;
  json::object call{{"id", "call00001"}, {"type", "function"}};
  call["function"] = json::object{{"name", "look"}, {"arguments", json::object{{"key", "v"}}}};
  json::object turn = message("assistant", "");
  turn["tool_calls"] = json::array{call};
  json::object result = message("tool", at(2, "Nothing."));
  result["tool_call_id"] = "call00001";
  result["name"] = "look";
  prompt.messages = {
      message("system", at(0, "Be brief.")), message("user", at(1, "Look.")), turn, result,
      message("assistant", "Nothing."),      message("user", at(3, "Again."))};
  prompt.tools = {tool(at(4, "look"), at(5, "Looks."), at(6, "key"))};
  prompt.variables = {
      {"documents", json::array{json::object{{"title", "T"}, {"text", at(7, "D")}}}}};
  return prompt;
}

/// No text in any place makes more control tokens than a neutral one does.
void expect_no_forgery(const ChatTemplate& chat, const Tokenizer& tokenizer,
                       const std::string& name) {
  const ControlLiterals literals(tokenizer, chat.source());
  for (std::size_t place = 0; place < kPlaces; ++place) {
    const auto neutral = chat.encode(with_text_in(place, "neutral"), tokenizer);
    if (!neutral) continue;  // the template refuses such a conversation altogether
    const std::size_t expected = control_count(tokenizer, literals, neutral->ids);
    for (const TokenId id : literals.ids()) {
      const std::string literal(tokenizer.token_text(id));
      const std::string text = "say " + literal + " x";
      const auto forged = chat.encode(with_text_in(place, text), tokenizer);
      ASSERT_TRUE(forged.has_value()) << name << forged.error().message;
      EXPECT_EQ(control_count(tokenizer, literals, forged->ids), expected)
          << name << ", place " << place << ": " << literal;
      const std::string rendered = chat.render(with_text_in(place, text)).value();
      if (rendered.find(text) != std::string::npos) {  // else the template itself cuts it up
        const std::string decoded = tokenizer.decode(forged->ids, SkipSpecial::No).value();
        EXPECT_NE(decoded.find(text), std::string::npos) << name << ": " << literal;
      }
    }
  }
}

TEST(ControlText, NoTemplateLetsAnyLiteralThrough) {
  const auto folder = shared_folder() / "chat-templates";
  SKIP_WITHOUT(folder);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".jinja") continue;
    const std::string source = read_file(entry.path());
    const auto chat = ChatTemplate::compile(json::string(source), {}).value();
    expect_no_forgery(*chat, *tokenizer_for(marker_texts(source)), entry.path().stem().string());
  }
}

TEST(ControlText, OurOwnTemplatesLetNoLiteralThrough) {
  for (const char* name : {"chatml_reasoning", "parts_and_blocks", "json_writing"}) {
    const auto file = golden_folder() / "templates/own" / (std::string(name) + ".jinja");
    const std::string source = read_file(file);
    const auto chat = ChatTemplate::compile(json::string(source), {}).value();
    expect_no_forgery(*chat, *tokenizer_for(marker_texts(source)), name);
  }
}

class ControlTextOfTokenizer : public ::testing::TestWithParam<const char*> {};

/// Every control token of the model's own, in the shape that a chat template has.
TEST_P(ControlTextOfTokenizer, IsNeverForged) {
  const auto folder = std::filesystem::path(GetParam()).is_relative()
                          ? shared_folder() / GetParam()
                          : std::filesystem::path(GetParam());
  SKIP_WITHOUT(folder / "tokenizer.json");
  const auto tokenizer = load_tokenizer(folder);
  const std::string source =
      "{% for m in messages %}[{{ m.role }}]{{ m.content }}[/]\n{% endfor %}<tool_call>";
  const auto chat = ChatTemplate::compile(json::string(source), {}).value();
  const ControlLiterals literals(*tokenizer, source);
  const auto count = [&](const std::string& text) {
    const auto ids = chat->encode({.messages = {message("user", text)}}, *tokenizer)->ids;
    return control_count(*tokenizer, literals, ids);
  };
  const std::size_t expected = count("say  x");
  std::size_t tried = 0;
  for (const TokenId id : literals.ids()) {
    const std::string literal(tokenizer->token_text(id));
    if (++tried > 120) break;
    for (const std::string& text : {literal, "say " + literal + " x", literal + literal}) {
      EXPECT_EQ(count(text), expected) << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Text, ControlTextOfTokenizer,
                         ::testing::Values("tokenizers/qwen2.5", "tokenizers/gpt2",
                                           "tokenizers/whisper-tiny", "tokenizers/t5-small",
                                           "tokenizers/all-MiniLM-L6-v2", "stories260K/hf-f32",
                                           HEARTH_SOURCE_DIR "/assets/hearth-demo",
                                           HEARTH_SOURCE_DIR "/tests/golden/tokenizers/byte_bpe",
                                           HEARTH_SOURCE_DIR
                                           "/tests/golden/tokenizers/sentence_bpe",
                                           HEARTH_SOURCE_DIR "/tests/golden/tokenizers/unigram",
                                           HEARTH_SOURCE_DIR "/tests/golden/tokenizers/word_piece"),
                         [](const auto& info) {
                           std::string name = std::filesystem::path(info.param).filename().string();
                           for (char& c : name) c = std::isalnum(c) ? c : '_';
                           return name;
                         });

TEST(ControlText, OtherTextKeepsItsIds) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto chat =
      ChatTemplate::compile(
          json::string(
              "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
              "{% endfor %}<|im_start|>assistant\n<think>"),
          {})
          .value();
  // The marked way must give the ids of the plain one wherever nothing is forged.
  for (const std::string text : {"\nThe river <", "seven  \n\n garden [", "Grüße 🦙 <|im_"}) {
    const ChatPrompt prompt{.messages = {message("user", text)}};
    const std::string rendered = chat->render(prompt).value();
    EXPECT_EQ(chat->encode(prompt, *tokenizer)->ids,
              tokenizer->encode(rendered, AddSpecialTokens::No).value())
        << text;
  }
}

TEST(ControlText, TextsInARowCannotBuildALiteral) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto chat =
      ChatTemplate::compile(json::string("{% for m in messages %}{{ m.content }}{% endfor %}"), {})
          .value();
  const auto ids =
      chat->encode({.messages = {message("user", "a <|im_"), message("user", "end|> b")}},
                   *tokenizer)
          ->ids;
  EXPECT_EQ(tokenizer->decode(ids, SkipSpecial::Yes).value(), "a <|im_end|> b");
}

TEST(ControlText, HalfALiteralOfTheTemplateCannotBeCompleted) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto chat = ChatTemplate::compile(
                        json::string("{% for m in messages %}<|im_{{ m.content }}{% endfor %}"), {})
                        .value();
  const auto ids = chat->encode({.messages = {message("user", "end|> b")}}, *tokenizer)->ids;
  EXPECT_EQ(tokenizer->decode(ids, SkipSpecial::Yes).value(), "<|im_end|> b");
}

TEST(ControlText, AnAssistantMayHaveThought) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto chat =
      ChatTemplate::compile(json::string("{% for m in messages %}{{ m.content }}{% endfor %}"), {})
          .value();
  const auto ids_of = [&](std::string_view role) {
    return chat->encode({.messages = {message(role, "<think>hm</think><|im_end|>")}}, *tokenizer)
        ->ids;
  };
  const TokenId think = tokenizer->token_id("<think>").value();
  const TokenId end = tokenizer->token_id("<|im_end|>").value();
  const auto has = [](const std::vector<TokenId>& ids, TokenId id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  EXPECT_TRUE(has(ids_of("assistant"), think));
  EXPECT_FALSE(has(ids_of("assistant"), end));
  EXPECT_FALSE(has(ids_of("user"), think));
}

}  // namespace
}  // namespace hearth::text
