// Requests for ranges, and what their answers mean.
#include "hub/fetcher.h"

#include <charconv>
#include <utility>

#include "hub/hub_error.h"

namespace hearth::hub {
namespace {

constexpr int kMostExpired = 3;

/// `bytes 0-99/1000`. The total is 0 where the server does not say it.
struct ContentRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t total = 0;
};

bool take_number(std::string_view& text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_text(std::string_view& text, std::string_view wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

std::optional<ContentRange> content_range(std::string_view text) {
  ContentRange range;
  std::uint64_t last = 0;
  if (!take_text(text, "bytes ") || !take_number(text, range.begin) || !take_text(text, "-") ||
      !take_number(text, last) || !take_text(text, "/") || last < range.begin)
    return std::nullopt;
  range.end = last + 1;
  if (text == "*" || take_number(text, range.total)) return range;
  return std::nullopt;
}

std::uint64_t content_length(const http::ClientResponse& response, std::uint64_t otherwise) {
  std::string_view text = response.headers.get("content-length").value_or("");
  std::uint64_t length = 0;
  return take_number(text, length) ? length : otherwise;
}

Error wrong_length(const WantedFile& wanted, std::uint64_t bytes) {
  return {.code = ErrorCode::CorruptData,
          .message = fmt::format("{} has {} bytes on the server, but the Hub lists {}: the mirror "
                                 "holds another file; try again later, or without the mirror",
                                 wanted.path, bytes, wanted.bytes)};
}

/// The error, with the file in front where it does not name it itself.
Error naming(const WantedFile& wanted, Error error) {
  return error.message.contains(wanted.path) ? error : std::move(error).context(wanted.path);
}

}  // namespace

/// One request and how it goes.
struct Fetcher::Attempt {
  const Piece& piece;
  const WantedFile& wanted;
  std::string storage;              // asked directly, empty: by way of the Hub
  std::string etag;                 // of what is on disk
  bool ranged = true;               // a part is asked for
  std::optional<Error> fault = {};  // ends the download
  bool accepted = false;
  bool dropped = false;  // nobody wants the bytes any more
};

void Fetcher::run() {
  while (const auto piece = board_.take_piece()) board_.ended(*piece, fetch(*piece));
}

/// @returns an error where trying again is of no use.
Result<void> Fetcher::fetch(const Piece& piece) {
  Backoff backoff(rules_);
  at_ = piece.range.begin;
  expired_ = 0;
  for (;;) {
    const std::uint64_t before = at_;
    auto outcome = attempt(piece);
    if (outcome == Outcome::Whole || outcome == Outcome::Dropped) return {};
    if (at_ > before) {
      backoff.succeeded();
      expired_ = 0;
    }
    if (!piece.ranges) at_ = piece.range.begin;
    if (outcome) continue;
    if (outcome.error().code == ErrorCode::Cancelled) return {};
    const auto wait = final_ ? std::nullopt : backoff.failed(outcome.error());
    if (!wait) return fail(naming(piece.transfer->wanted, std::move(outcome).error()));
    if (!board_.pause(*wait)) return {};
  }
}

http::Headers Fetcher::headers(const Attempt& attempt) const {
  http::Headers headers;
  if (!attempt.ranged) return headers;
  headers.add("Range", fmt::format("bytes={}-{}", at_, attempt.piece.range.end - 1));
  if (!attempt.etag.empty()) headers.add("If-Range", attempt.etag);
  return headers;
}

Result<Fetcher::Outcome> Fetcher::attempt(const Piece& piece) {
  Attempt attempt{.piece = piece,
                  .wanted = piece.transfer->wanted,
                  // What others remember may have expired as well.
                  .storage = expired_ == 0 ? board_.storage(piece) : "",
                  .etag = board_.etag(piece)};
  attempt.ranged = piece.ranges && (at_ > 0 || piece.range.end < attempt.wanted.bytes);
  const http::ClientHooks hooks{
      .on_head = [&](const http::ClientResponse& head) { return accept(head, attempt); },
      .on_body = [&](std::string_view bytes) { return take(bytes, attempt); },
      .keep_going = [&] { return board_.running(); }};
  const std::string address = attempt.storage.empty() ? attempt.wanted.address : attempt.storage;
  auto answer = asker_.get(address, headers(attempt), hooks);
  final_ = attempt.fault.has_value();
  if (attempt.fault) return fail(std::move(*attempt.fault));
  if (!answer) return fail(std::move(answer).error());
  return judge(*answer, attempt);
}

/// Whether the body is the bytes that were asked for.
bool Fetcher::accept(const http::ClientResponse& response, Attempt& attempt) {
  const WantedFile& wanted = attempt.wanted;
  if (response.status == 206 && attempt.ranged) {
    const auto range = content_range(response.headers.get("content-range").value_or(""));
    if (range && range->total != 0 && range->total != wanted.bytes)
      attempt.fault = wrong_length(wanted, range->total);
    else if (!range || range->begin != at_ || range->end > attempt.piece.range.end)
      attempt.fault = Error{.code = ErrorCode::CorruptData,
                            .message =
                                "the server answers with other bytes than it was asked for; "
                                "try again later, or without the mirror or proxy"};
    else
      attempt.accepted = true;
  } else if (response.status == 200 && !attempt.ranged) {
    const std::uint64_t length = content_length(response, wanted.bytes);
    if (length != wanted.bytes)
      attempt.fault = wrong_length(wanted, length);
    else
      attempt.accepted = true;
  }
  // What was not asked for is not read: true sends it to take(), which ends the exchange.
  return attempt.accepted || attempt.fault || response.status == 200 || response.status == 206;
}

bool Fetcher::take(std::string_view bytes, Attempt& attempt) {
  if (!attempt.accepted) return false;
  if (bytes.size() > attempt.piece.range.end - at_) {
    attempt.fault = wrong_length(attempt.wanted, at_ + bytes.size());
    return false;
  }
  rate_.wait(bytes.size(), [&] { return board_.running(); });
  if (auto written = attempt.piece.transfer->part->write(at_, bytes); !written) {
    attempt.fault = std::move(written).error();
    return false;
  }
  const std::uint64_t from = std::exchange(at_, at_ + bytes.size());
  attempt.dropped = !board_.arrived(attempt.piece, from, at_);
  return !attempt.dropped;
}

Result<Fetcher::Outcome> Fetcher::judge(const Asker::Answer& answer, const Attempt& attempt) {
  const Piece& piece = attempt.piece;
  const std::string_view etag = answer.response.headers.get("etag").value_or("");
  if (attempt.accepted) {
    if (attempt.storage.empty())
      board_.set_storage(piece, asker_.is_hub(answer.url) ? "" : answer.url, etag);
    if (at_ == piece.range.end) return Outcome::Whole;
    if (attempt.dropped || !board_.running()) return Outcome::Dropped;
    return fail(ErrorCode::Io, "{} ended its answer too early", answer.url);
  }
  if (answer.response.status == 200) {  // the whole file, although a part was asked for
    const bool another = etag.starts_with('"') && !attempt.etag.empty() && etag != attempt.etag;
    board_.restart(piece, /*ranges=*/another);
    return Outcome::Dropped;
  }
  return judge_refusal(answer, attempt);
}

Result<Fetcher::Outcome> Fetcher::judge_refusal(const Asker::Answer& answer,
                                                const Attempt& attempt) {
  const int status = answer.response.status;
  const bool refused =
      status == 400 || status == 401 || status == 403 || status == 404 || status == 410;
  if (refused && !asker_.is_hub(answer.url)) {
    board_.drop_storage(attempt.piece, attempt.storage);
    if (++expired_ <= kMostExpired) return Outcome::Again;
    return fail(ErrorCode::Forbidden,
                "the storage behind the Hub refuses it with status {}, again and again: check the "
                "clock of this machine, and try again later",
                status);
  }
  const Subject subject{.repository = attempt.wanted.repository,
                        .revision = attempt.wanted.commit,
                        .file = attempt.wanted.path};
  return fail(hub_error(answer.response, subject, asker_.places()));
}

}  // namespace hearth::hub
