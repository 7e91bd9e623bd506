// Patterns against paths, most specific first.
#include "http/router.h"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace hearth::http {
namespace {

enum Kind { kFixed, kOne, kMany };

Kind kind(std::string_view segment) {
  if (!segment.starts_with('{')) return kFixed;
  return segment.ends_with("...}") ? kMany : kOne;
}

std::string value_name(std::string_view segment) {
  segment.remove_prefix(1);
  segment.remove_suffix(kind("{" + std::string(segment)) == kMany ? 4 : 1);
  return std::string(segment);
}

std::vector<std::string> split(std::string_view pattern) {
  assert(pattern.starts_with('/'));
  pattern.remove_prefix(1);
  std::vector<std::string> segments;
  while (!pattern.empty()) {
    const auto slash = pattern.find('/');
    segments.emplace_back(pattern.substr(0, slash));
    pattern.remove_prefix(slash == std::string_view::npos ? pattern.size() : slash + 1);
  }
  return segments;
}

std::vector<Kind> kinds(const std::vector<std::string>& segments) {
  std::vector<Kind> all;
  all.reserve(segments.size());
  for (const auto& segment : segments) all.push_back(kind(segment));
  return all;
}

bool more_specific(const std::vector<std::string>& left, const std::vector<std::string>& right) {
  const auto left_kinds = kinds(left);
  const auto right_kinds = kinds(right);
  const auto left_fixed = std::count(left_kinds.begin(), left_kinds.end(), kFixed);
  const auto right_fixed = std::count(right_kinds.begin(), right_kinds.end(), kFixed);
  if (left_fixed != right_fixed) return left_fixed > right_fixed;
  return left_kinds < right_kinds;
}

using Values = std::vector<std::pair<std::string, std::string>>;

// How many path segments `{x...}` takes, if the lengths fit at all.
std::optional<std::size_t> many_length(const std::vector<std::string>& pattern, std::size_t path) {
  const bool open = std::any_of(pattern.begin(), pattern.end(),
                                [](const auto& segment) { return kind(segment) == kMany; });
  if (!open && path != pattern.size()) return std::nullopt;
  if (path < pattern.size()) return std::nullopt;
  return path - pattern.size() + 1;
}

std::optional<Values> match(const std::vector<std::string>& pattern,
                            const std::vector<std::string>& path) {
  const auto many = many_length(pattern, path.size());
  if (!many) return std::nullopt;
  Values values;
  std::size_t at = 0;
  for (const auto& segment : pattern) {
    const Kind here = kind(segment);
    std::string taken = path[at++];
    for (std::size_t i = 1; here == kMany && i < *many; ++i) taken += '/' + path[at++];
    if (here == kFixed ? taken != segment : taken.empty()) return std::nullopt;
    if (here != kFixed) values.emplace_back(value_name(segment), std::move(taken));
  }
  return values;
}

bool takes(Method route, Method request) {
  return route == request || (route == Method::Get && request == Method::Head);
}

void allow(std::vector<Method>& allowed, Method method) {
  if (std::find(allowed.begin(), allowed.end(), method) == allowed.end()) allowed.push_back(method);
}

}  // namespace

void Router::add(Route route) {
  Entry entry{std::move(route), {}};
  entry.segments = split(entry.route.pattern);
  assert(std::count_if(entry.segments.begin(), entry.segments.end(),
                       [](const auto& segment) { return kind(segment) == kMany; }) <= 1);
  assert(std::none_of(entries_.begin(), entries_.end(), [&](const Entry& other) {
    return other.route.method == entry.route.method && other.route.pattern == entry.route.pattern;
  }));
  const auto place = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& other) {
    return more_specific(entry.segments, other.segments);
  });
  entries_.insert(place, std::move(entry));
}

std::vector<std::pair<Method, std::string>> Router::routes() const {
  std::vector<std::pair<Method, std::string>> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.emplace_back(entry.route.method, entry.route.pattern);
  return all;
}

void Router::fallback(Handler handler) {
  fallback_ = Route{Method::Get, {}, std::move(handler), std::size_t{64} * 1024};
}

Router::Match Router::find(Method method, const std::vector<std::string>& path) const {
  Match found;
  for (const auto& entry : entries_) {
    auto values = match(entry.segments, path);
    if (!values) continue;
    if (takes(entry.route.method, method)) return {&entry.route, std::move(*values), {}};
    allow(found.allowed, entry.route.method);
    if (entry.route.method == Method::Get) allow(found.allowed, Method::Head);
  }
  if (found.allowed.empty() && fallback_ && takes(Method::Get, method)) found.route = &*fallback_;
  return found;
}

}  // namespace hearth::http
