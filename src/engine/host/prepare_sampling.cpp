// Biases, end tokens and ranges.
#include "engine/host/prepare_sampling.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/id.h"

namespace hearth::engine {
namespace {

constexpr std::uint32_t kMostLikeliest = 20;

std::unexpected<Error> wrong(std::string_view field, std::string message) {
  return fail(Error{.code = ErrorCode::InvalidArgument,
                    .message = std::move(message),
                    .param = std::string(field)});
}

Result<void> check_token(const PromptReader& reader, std::string_view field, TokenId token) {
  if (token < reader.vocabulary) return {};
  return wrong(field, fmt::format("{} names the token {}, but the model knows only ids below {}",
                                  field, token, reader.vocabulary));
}

/// The ids that a bias means: its own, or those its text is read as.
Result<std::vector<TokenId>> tokens_of(const PromptReader& reader, const TokenBias& bias) {
  if (const auto* id = std::get_if<TokenId>(&bias.token)) {
    TRY(check_token(reader, "logit_bias", *id));
    return std::vector<TokenId>{*id};
  }
  return reader.tokenizer->encode(std::get<std::string>(bias.token), text::AddSpecialTokens::No);
}

Result<std::vector<LogitBias>> read_biases(const PromptReader& reader, const Request& request) {
  std::vector<LogitBias> biases;
  for (const TokenBias& bias : request.logit_bias)
    for (const TokenId id : TRY(tokens_of(reader, bias)))
      biases.push_back({id, static_cast<float>(bias.bias)});
  return biases;
}

std::vector<TokenId> rising(std::vector<TokenId> tokens) {
  std::ranges::sort(tokens);
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

Result<std::vector<TokenId>> read_ends(const PromptReader& reader, const Request& request) {
  std::vector<TokenId> ends = request.stop_tokens;
  for (const TokenId token : ends) TRY(check_token(reader, "stop_token_ids", token));
  if (!request.ignore_eos)
    ends.insert(ends.end(), reader.end_tokens.begin(), reader.end_tokens.end());
  return rising(std::move(ends));
}

/// The model's ends, and every token that is nothing but a line's end.
std::vector<TokenId> kept_by_xtc(const PromptReader& reader) {
  std::vector<TokenId> kept = reader.end_tokens;
  const std::uint32_t size = std::min(reader.vocabulary, reader.tokenizer->vocab_size());
  for (TokenId id = 0; id < size; ++id)
    if (reader.tokenizer->vocabulary().bytes(id) == "\n") kept.push_back(id);
  return rising(std::move(kept));
}

}  // namespace

Result<SamplingParams> prepare_sampling(const PromptReader& reader, const Request& request) {
  if (request.logprobs.value_or(0) > kMostLikeliest)
    return wrong("logprobs", fmt::format("at most {} likeliest tokens can be reported, not {}",
                                         kMostLikeliest, *request.logprobs));
  SamplingParams params = TRY(resolve(request.sampling, reader.sampling, base::random_u64()));
  params.biases = TRY(read_biases(reader, request));
  params.min_tokens = request.min_tokens;
  params.ends = TRY(read_ends(reader, request));
  if (params.xtc_probability > 0) params.xtc_keeps = kept_by_xtc(reader);
  return params;
}

}  // namespace hearth::engine
