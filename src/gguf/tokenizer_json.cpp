// Puts the tokenizer's files together.
#include "gguf/tokenizer_json.h"

#include <algorithm>
#include <vector>

#include "base/utf8.h"
#include "gguf/keys.h"
#include "gguf/merges.h"
#include "gguf/pre_tokenizers.h"
#include "gguf/vocabulary.h"

namespace hearth::gguf {

namespace {

/// Tokens that SentencePiece's users define are searched in the text as it is, with its spaces.
std::string added_text(const Vocabulary& vocabulary, std::size_t id, bool pieces) {
  const bool searched = pieces && vocabulary.kinds[id] == TokenKind::UserDefined;
  return searched ? with_spaces(vocabulary.texts[id]) : std::string(vocabulary.texts[id]);
}

json::array added_tokens(const Vocabulary& vocabulary, bool pieces) {
  json::array tokens;
  for (std::size_t id = 0; id < vocabulary.size(); ++id)
    if (vocabulary.added(id))
      tokens.push_back(json::object{{"id", id},
                                    {"content", added_text(vocabulary, id, pieces)},
                                    {"single_word", false},
                                    {"lstrip", false},
                                    {"rstrip", false},
                                    {"normalized", false},
                                    {"special", vocabulary.kinds[id] != TokenKind::UserDefined}});
  return tokens;
}

/// True where added tokens follow the others without a gap: they need no place in the model then.
bool added_come_last(const Vocabulary& vocabulary) {
  bool added = false;
  bool unused = false;
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    const bool here = vocabulary.added(id);
    const bool skipped = vocabulary.kinds[id] == TokenKind::Unused;
    if ((added && !here && !skipped) || (unused && !skipped)) return false;
    added = added || here;
    unused = unused || skipped;
  }
  return true;
}

json::object vocabulary_object(const Vocabulary& vocabulary, bool with_added, bool pieces) {
  json::object object;
  object.reserve(vocabulary.size());
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    if (vocabulary.kinds[id] == TokenKind::Unused) continue;
    if (!vocabulary.added(id))
      object[vocabulary.texts[id]] = id;
    else if (with_added)
      object[added_text(vocabulary, id, pieces)] = id;
  }
  return object;
}

json::array merge_list(const Merges& merges) {
  json::array list;
  list.reserve(merges.size());
  for (const auto& [left, right] : merges) list.push_back(json::array{left, right});
  return list;
}

/// Puts the beginning's and the end's token around a text; null where there are none.
json::value frame(const std::vector<std::pair<std::string, std::size_t>>& front,
                  const std::vector<std::pair<std::string, std::size_t>>& back) {
  if (front.empty() && back.empty()) return nullptr;
  json::array single;
  json::array pair;
  json::object named;
  for (const auto& [part, type] : {std::pair("A", 0), std::pair("B", 1)}) {
    const auto put = [&](const json::value& step) {
      if (type == 0) single.push_back(step);
      pair.push_back(step);
    };
    const auto put_all = [&](const auto& tokens) {
      for (const auto& [text, id] : tokens) {
        put({{"SpecialToken", {{"id", text}, {"type_id", type}}}});
        named[text] = {{"id", text}, {"ids", json::array{id}}, {"tokens", json::array{text}}};
      }
    };
    put_all(front);
    put({{"Sequence", {{"id", part}, {"type_id", type}}}});
    put_all(back);
  }
  return json::object{{"type", "TemplateProcessing"},
                      {"single", std::move(single)},
                      {"pair", std::move(pair)},
                      {"special_tokens", std::move(named)}};
}

json::object bpe_model(json::object vocabulary, const Merges& merges) {
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false},
          {"vocab", std::move(vocabulary)},
          {"merges", merge_list(merges)}};
}

class Maker {
 public:
  explicit Maker(const Metadata& metadata) : metadata_(metadata), keys_(metadata) {}

  Result<TokenizerFiles> run() {
    const std::string model = TRY(keys_.text("tokenizer.ggml.model"));
    vocabulary_ = TRY(read_vocabulary(metadata_));
    files_.tokenizer = {{"version", "1.0"},
                        {"truncation", nullptr},
                        {"padding", nullptr},
                        {"added_tokens", added_tokens(vocabulary_, model == "llama")}};
    if (model == "gpt2")
      TRY(bytes());
    else if (model == "llama")
      TRY(pieces());
    else
      return fail(ErrorCode::UnsupportedArgument,
                  "metadata \"tokenizer.ggml.model\" is \"{}\" (supported: gpt2, llama)", model);
    TRY(config());
    files_.chat_template = TRY(keys_.text("tokenizer.chat_template", std::string()));
    return std::move(files_);
  }

 private:
  using Framing = std::vector<std::pair<std::string, std::size_t>>;

  Result<void> bytes();
  Result<void> pieces();
  Result<json::value> framing(bool begins);
  Result<void> config();

  const Metadata& metadata_;
  Keys keys_;
  Vocabulary vocabulary_;
  TokenizerFiles files_;
};

/// BPE over bytes, each shown as a character of its own.
Result<void> Maker::bytes() {
  const std::string name = TRY(keys_.text("tokenizer.ggml.pre", std::string("default")));
  const PreTokenizer* way = find_pre_tokenizer(name);
  if (!way)
    return fail(ErrorCode::UnsupportedArgument,
                "metadata \"tokenizer.ggml.pre\" is \"{}\", of which it is not known how it cuts "
                "words (known: {})",
                name, pre_tokenizer_names());
  json::object& tokenizer = files_.tokenizer;
  tokenizer["normalizer"] = way->normalizer;
  tokenizer["pre_tokenizer"] = way->steps;
  tokenizer["post_processor"] = TRY(framing(way->adds_begin));
  tokenizer["decoder"] = json::object{{"type", "ByteLevel"},
                                      {"add_prefix_space", true},
                                      {"trim_offsets", true},
                                      {"use_regex", true}};
  json::object model =
      bpe_model(vocabulary_object(vocabulary_, !added_come_last(vocabulary_), false),
                TRY(read_merges(metadata_, vocabulary_)));
  model["ignore_merges"] = way->ignore_merges;
  tokenizer["model"] = std::move(model);
  return {};
}

/// SentencePiece's BPE: over characters, with bytes for those that it does not have.
Result<void> Maker::pieces() {
  const bool prefix = TRY(keys_.truth("tokenizer.ggml.add_space_prefix", true));
  json::object& tokenizer = files_.tokenizer;
  const json::object to_sign{
      {"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", kSpaceSign}};
  const json::object to_space{
      {"type", "Replace"}, {"pattern", {{"String", kSpaceSign}}}, {"content", " "}};
  json::array before{to_sign};
  json::array after{to_space, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}};
  if (prefix) {
    before.insert(before.begin(), json::object{{"type", "Prepend"}, {"prepend", kSpaceSign}});
    after.push_back(json::object{{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  tokenizer["normalizer"] = {{"type", "Sequence"}, {"normalizers", std::move(before)}};
  tokenizer["pre_tokenizer"] = nullptr;
  tokenizer["post_processor"] = TRY(framing(true));
  tokenizer["decoder"] = {{"type", "Sequence"}, {"decoders", std::move(after)}};
  json::object model =
      bpe_model(vocabulary_object(vocabulary_, true, true), TRY(merges_by_score(vocabulary_)));
  model["fuse_unk"] = true;
  model["byte_fallback"] = std::ranges::count(vocabulary_.kinds, TokenKind::Byte) > 0;
  if (const auto unknown = special_token(metadata_, "unknown", vocabulary_))
    model["unk_token"] = vocabulary_.texts[*unknown];
  tokenizer["model"] = std::move(model);
  return {};
}

Result<json::value> Maker::framing(bool begins) {
  const auto tokens = [&](std::string_view key, std::string_view name,
                          bool usual) -> Result<Framing> {
    if (!TRY(keys_.truth(key, usual))) return Framing();
    const auto id = special_token(metadata_, name, vocabulary_);
    if (!id) return Framing();
    return Framing{{std::string(vocabulary_.texts[*id]), *id}};
  };
  const auto front = TRY(tokens("tokenizer.ggml.add_bos_token", "bos", begins));
  const auto back = TRY(tokens("tokenizer.ggml.add_eos_token", "eos", false));
  files_.config["add_bos_token"] = !front.empty();
  files_.config["add_eos_token"] = !back.empty();
  return frame(front, back);
}

Result<void> Maker::config() {
  json::object& config = files_.config;
  config["clean_up_tokenization_spaces"] = false;
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  for (const auto& [key, name] :
       {std::pair("bos", "bos_token"), std::pair("eos", "eos_token"),
        std::pair("unknown", "unk_token"), std::pair("padding", "pad_token")})
    if (const auto id = special_token(metadata_, key, vocabulary_);
        id && vocabulary_.kinds[*id] != TokenKind::Unused)
      config[name] = vocabulary_.texts[*id];
  return {};
}

}  // namespace

Result<TokenizerFiles> tokenizer_files(const Metadata& metadata) {
  return Maker(metadata).run();
}

}  // namespace hearth::gguf
