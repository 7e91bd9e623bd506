// Addresses, pages, and trying again.
#include "hub/hub_client.h"

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "http/url.h"
#include "hub/link_header.h"
#include "hub/names.h"

namespace hearth::hub {
namespace {

/// No listing is as long: a server that always names a next page would be followed for ever.
constexpr int kMostPages = 1000;
constexpr std::chrono::milliseconds kWaitSlice{50};

}  // namespace

std::string file_address(const Places& places, const std::string& repository,
                         const std::string& revision, const std::string& path) {
  return fmt::format("{}/{}/resolve/{}/{}", places.endpoint, repository,
                     http::percent_encoded(revision), http::percent_encoded(path, "/"));
}

HubClient::HubClient(const Places& places, std::function<bool()> keep_going,
                     const RetryRules& rules)
    : asker_(places, AskLimits{}), keep_going_(std::move(keep_going)), rules_(rules) {}

Result<void> HubClient::wait(std::chrono::milliseconds time) const {
  const auto until = base::SteadyClock::now() + time;
  while (base::SteadyClock::now() < until) {
    if (keep_going_ && !keep_going_())
      return fail(ErrorCode::Cancelled, "the question to the Hub was taken back");
    std::this_thread::sleep_for(std::min(kWaitSlice, time));
  }
  return {};
}

Result<Asker::Answer> HubClient::ask(const std::string& url, const Subject& subject) {
  Backoff backoff(rules_);
  for (;;) {
    auto answer = asker_.get(url, {}, {.on_head = {}, .on_body = {}, .keep_going = keep_going_});
    if (answer && answer->response.status == 200) return answer;
    Error error =
        answer ? hub_error(answer->response, subject, asker_.places()) : std::move(answer).error();
    const auto pause = asker_.places().offline ? std::nullopt : backoff.failed(error);
    if (!pause) return fail(std::move(error));
    TRY(wait(*pause));
  }
}

/// @param next  receives the address of the next page, empty on the last
Result<json::value> HubClient::ask_json(const std::string& url, const Subject& subject,
                                        std::string& next) {
  const auto answer = TRY(ask(url, subject));
  next.clear();
  if (const auto link = answer.response.headers.get("link"))
    if (const auto page = next_page(*link)) next = TRY(http::redirect_target(answer.url, *page));
  auto document = base::parse_json(answer.response.body);
  if (!document)
    return fail(ErrorCode::Upstream, "{} answers with something that is no JSON: is it a Hub?",
                url);
  return document;
}

Result<ModelInfo> HubClient::model(const std::string& repository, const std::string& revision) {
  TRY(check_repository(repository));
  TRY(check_revision(revision));
  std::string next;
  const auto url = fmt::format("{}/api/models/{}/revision/{}", asker_.places().endpoint, repository,
                               http::percent_encoded(revision));
  auto info = TRY(read_model(TRY(ask_json(url, {repository, revision, ""}, next))));
  if (!is_commit(info.commit))
    return fail(ErrorCode::Upstream, "{}: the Hub names no commit for revision {}", repository,
                revision);
  return info;
}

Result<std::vector<RemoteFile>> HubClient::files(const std::string& repository,
                                                 const std::string& revision) {
  TRY(check_repository(repository));
  TRY(check_revision(revision));
  std::vector<RemoteFile> files;
  std::string url = fmt::format("{}/api/models/{}/tree/{}?recursive=1", asker_.places().endpoint,
                                repository, http::percent_encoded(revision));
  for (int page = 0; page < kMostPages; ++page) {
    std::string next;
    auto some = TRY(read_tree(TRY(ask_json(url, {repository, revision, ""}, next))));
    std::ranges::move(some, std::back_inserter(files));
    if (next.empty()) return files;
    url = next;
  }
  return fail(ErrorCode::Upstream, "{}: the list of its files does not end after {} pages",
              repository, kMostPages);
}

Result<std::string> HubClient::text(const std::string& repository, const std::string& revision,
                                    const std::string& path) {
  TRY(check_repository(repository));
  TRY(check_revision(revision));
  const auto url = file_address(asker_.places(), repository, revision, path);
  return TRY(ask(url, {repository, revision, path})).response.body;
}

Result<std::string> HubClient::readme(const std::string& repository, const std::string& revision) {
  return text(repository, revision, "README.md");
}

Result<Account> HubClient::account() {
  const Places& places = asker_.places();
  if (places.token.empty())
    return fail(ErrorCode::Unauthorized,
                "there is no token: make one at {}/settings/tokens, and enter it with `hearth "
                "login`",
                places.endpoint);
  std::string next;
  auto answer = ask_json(places.endpoint + "/api/whoami-v2", {}, next);
  if (answer) return read_account(*answer);
  if (answer.error().code != ErrorCode::Unauthorized) return fail(std::move(answer).error());
  return fail(ErrorCode::Unauthorized,
              "{} does not know this token: it was mistyped, revoked, or belongs to another Hub; "
              "{}/settings/tokens lists those of your account",
              places.endpoint, places.endpoint);
}

Result<SearchPage> HubClient::search(const SearchQuery& query) {
  return search_page(
      fmt::format("{}/api/models?{}", asker_.places().endpoint, TRY(query_text(query))));
}

Result<SearchPage> HubClient::search_page(const std::string& address) {
  SearchPage page;
  page.models = TRY(read_models(TRY(ask_json(address, {}, page.next))));
  return page;
}

}  // namespace hearth::hub
