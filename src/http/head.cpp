// Writing status line and header fields.
#include "http/head.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <fmt/format.h>
#include <utility>

#include "base/clock.h"
#include "http/ascii.h"

namespace hearth::http {
namespace {

constexpr auto kReasons = std::to_array<std::pair<int, std::string_view>>({
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {529, "Overloaded"},
});

std::string_view reason(int status) {
  for (const auto& [code, text] : kReasons)
    if (code == status) return text;
  return "Status";
}

// Fields that are the connection's business: a handler that sets them would break the framing.
bool is_ours(std::string_view name) {
  constexpr std::array<std::string_view, 6> kOurs = {
      "content-length", "transfer-encoding", "connection", "date", "x-request-id", "request-id"};
  return std::any_of(kOurs.begin(), kOurs.end(),
                     [&](std::string_view ours) { return equals_ignoring_case(ours, name); });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char letter : value)
    out += letter == '\r' || letter == '\n' || letter == '\0' ? ' ' : letter;
  out += "\r\n";
}

const std::string& date_now() {
  thread_local std::int64_t written = -1;
  thread_local std::string text;
  if (const auto now = base::unix_seconds(); now != written) {
    written = now;
    text = http_date(now);
  }
  return text;
}

}  // namespace

std::string http_date(std::int64_t unix_seconds) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                     kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string write_head(const Response& response, const HeadFacts& facts) {
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason(response.status));
  for (const auto& [name, value] : response.headers.all())
    if (!is_ours(name)) append_field(out, name, value);
  if (facts.framing == Framing::Length)
    append_field(out, "content-length", std::to_string(facts.length));
  if (facts.framing == Framing::Chunked) append_field(out, "transfer-encoding", "chunked");
  if (!facts.keep_alive)
    append_field(out, "connection", "close");
  else if (facts.http10)
    append_field(out, "connection", "keep-alive");
  append_field(out, "date", date_now());
  for (const auto* name : {"x-request-id", "request-id"})  // client libraries look for either
    append_field(out, name, facts.request_id);
  out += "\r\n";
  return out;
}

}  // namespace hearth::http
