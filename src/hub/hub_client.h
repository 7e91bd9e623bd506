// Questions to the Hub: what it has, and what a model is made of.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/asker.h"
#include "hub/backoff.h"
#include "hub/hub_error.h"
#include "hub/model_info.h"
#include "hub/places.h"

namespace hearth::hub {

/// Somebody sits in front of it.
inline constexpr RetryRules kPatience{.most_failures = 4,
                                      .most_patience = std::chrono::seconds(15)};

/// Asks the Hub; waits and tries again where it is busy or does not answer. One thread, which
/// blocks.
class HubClient {
 public:
  /// @param keep_going  asked about once a second; false ends a question with Cancelled
  explicit HubClient(const Places& places, std::function<bool()> keep_going = {},
                     const RetryRules& rules = kPatience);

  /// What the Hub says of a model at a revision; `commit` names what the revision means now.
  Result<ModelInfo> model(const std::string& repository, const std::string& revision);
  /// Every file at a revision, whatever the number of pages.
  Result<std::vector<RemoteFile>> files(const std::string& repository, const std::string& revision);
  /// A small file's content. NotFound where there is none.
  Result<std::string> text(const std::string& repository, const std::string& revision,
                           const std::string& path);
  /// The model card, as Markdown. NotFound where there is none.
  Result<std::string> readme(const std::string& repository, const std::string& revision);
  /// Whose token it is that asks. Unauthorized where the Hub does not know it, or there is none.
  Result<Account> account();
  Result<SearchPage> search(const SearchQuery& query);
  /// The page that SearchPage::next names.
  Result<SearchPage> search_page(const std::string& address);

 private:
  Result<Asker::Answer> ask(const std::string& url, const Subject& subject);
  Result<json::value> ask_json(const std::string& url, const Subject& subject, std::string& next);
  Result<void> wait(std::chrono::milliseconds time) const;

  Asker asker_;
  std::function<bool()> keep_going_;
  RetryRules rules_;
};

/// Where a file's content is asked for; the answer may be a redirect to where it is stored.
std::string file_address(const Places& places, const std::string& repository,
                         const std::string& revision, const std::string& path);

}  // namespace hearth::hub
