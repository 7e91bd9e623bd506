// One sentence for each way to be refused.
#include "hub/hub_error.h"

#include "base/json.h"

namespace hearth::hub {
namespace {

constexpr std::size_t kLongestReason = 200;

std::string name_of(const Subject& subject) {
  if (subject.repository.empty()) return "the Hub";
  return subject.file.empty() ? subject.repository
                              : fmt::format("{} of {}", subject.file, subject.repository);
}

/// What the server says itself, on one line; empty if it says nothing.
std::string reason_of(const http::ClientResponse& response) {
  std::string reason(response.headers.get("x-error-message").value_or(""));
  if (const auto body = base::parse_json(response.body);
      reason.empty() && body && body->is_object())
    if (const auto* said = body->get_object().if_contains("error"); said && said->is_string())
      reason = said->get_string().c_str();
  for (char& letter : reason)
    if (static_cast<unsigned char>(letter) < 0x20) letter = ' ';
  if (reason.size() > kLongestReason) reason = reason.substr(0, kLongestReason) + " ...";
  return reason;
}

std::string_view token_advice(const Places& places) {
  return places.token.empty() ? "enter a token of your account with `hearth login`, or set HF_TOKEN"
                              : "check that your token may read it";
}

Error gated(const Subject& subject, const Places& places) {
  return {
      .code = ErrorCode::Forbidden,
      .message = fmt::format(
          "{} is gated: its owners want you to accept their terms first. Do so at {}/{}, then {}",
          name_of(subject), places.endpoint, subject.repository, token_advice(places))};
}

Error missing(const Subject& subject, const Places& places, std::string_view code) {
  std::string text;
  if (code == "RevisionNotFound")
    text = fmt::format("{} has no revision \"{}\": {}/{} lists its branches and tags",
                       subject.repository, subject.revision, places.endpoint, subject.repository);
  else if (!subject.file.empty() && code != "RepoNotFound")
    text = fmt::format("{} has no file {} at revision {}", subject.repository, subject.file,
                       subject.revision);
  else
    text = fmt::format("there is no model {} at {}, or it is private: check the spelling, or {}",
                       subject.repository, places.endpoint, token_advice(places));
  return {.code = ErrorCode::NotFound, .message = std::move(text)};
}

Error unauthorized(const Subject& subject, const Places& places, const std::string& reason) {
  return {.code = ErrorCode::Unauthorized,
          .message = fmt::format("{} is not shown to you{}{}: {}", name_of(subject),
                                 reason.empty() ? "" : ", ", reason, token_advice(places))};
}

Error forbidden(const Subject& subject, const Places& places, const std::string& reason) {
  return {.code = ErrorCode::Forbidden,
          .message = fmt::format("{} is refused{}{}: {}", name_of(subject),
                                 reason.empty() ? "" : ", ", reason, token_advice(places))};
}

Error busy(const http::ClientResponse& response, const Places& places) {
  std::string when = "in a while";
  if (response.retry_after) when = fmt::format("after {} s", response.retry_after->count());
  return {.code = ErrorCode::RateLimited,
          .message =
              fmt::format("{} has had too many requests from here: try again {}{}", places.endpoint,
                          when, places.token.empty() ? ", or set HF_TOKEN, which allows more" : ""),
          .retry_after = response.retry_after};
}

}  // namespace

Error hub_error(const http::ClientResponse& response, const Subject& subject,
                const Places& places) {
  const std::string_view code = response.headers.get("x-error-code").value_or("");
  const std::string reason = reason_of(response);
  const int status = response.status;
  if (code == "GatedRepo") return gated(subject, places);
  if (status == 404 || code.ends_with("NotFound")) return missing(subject, places, code);
  if (status == 401) return unauthorized(subject, places, reason);
  if (status == 403 || status == 451) return forbidden(subject, places, reason);
  if (status == 416)
    return {.code = ErrorCode::CorruptData,
            .message = fmt::format("{} is shorter on the server than the Hub lists it: the mirror "
                                   "holds another file; try again later, or without the mirror",
                                   name_of(subject))};
  if (status == 429) return busy(response, places);
  return {.code = ErrorCode::Upstream,
          .message = fmt::format("{}: the server answers with status {}{}{}; try again later",
                                 name_of(subject), status, reason.empty() ? "" : ": ", reason),
          .retry_after = response.retry_after};
}

}  // namespace hearth::hub
