// The queue of downloads over HTTP.
#include "api/admin/downloads.h"

#include <boost/describe.hpp>
#include <cmath>
#include <optional>

#include "api/admin/difference_events.h"
#include "api/admin/in_background.h"
#include "api/admin/percent.h"
#include "api/admin/problem.h"
#include "base/decode.h"
#include "hub/names.h"
#include "store/downloads.h"

namespace hearth::api::admin {
namespace wire {

struct NewDownload {
  std::string model;
  std::optional<std::string> revision;
  std::optional<std::vector<std::string>> include;
  std::optional<std::vector<std::string>> exclude;
};
BOOST_DESCRIBE_STRUCT(NewDownload, (), (model, revision, include, exclude))

struct Move {
  std::uint32_t place = 0;
};
BOOST_DESCRIBE_STRUCT(Move, (), (place))

}  // namespace wire

namespace {

constexpr std::string_view kDownloadPath = "/admin/api/downloads/{id}";

json::value seconds_left(const hub::Progress& progress) {
  return progress.left ? json::value(progress.left->count()) : json::value();
}

json::array active_files(const hub::Progress& progress) {
  json::array files;
  for (const hub::FileProgress& file : progress.active)
    files.push_back(json::object{{"path", file.path},
                                 {"bytes", file.bytes},
                                 {"done", file.done},
                                 {"elsewhere", file.elsewhere}});
  return files;
}

http::Response answer_download(const services::Downloads& downloads, const std::string& id,
                               const http::Request& request, int status = 200) {
  const auto download = downloads.find(id);
  if (download) return http::json(base::write_json(describe(*download)), status);
  return problem(request, {.code = ErrorCode::NotFound,
                           .message = fmt::format("there is no download \"{}\"", id)});
}

Result<hub::SnapshotRequest> read_download(const std::string& body) {
  auto wanted = TRY(base::decode<wire::NewDownload>(TRY(base::parse_json(body))));
  hub::SnapshotRequest request{
      .repository = std::move(wanted.model),
      .revision = std::move(wanted.revision).value_or("main"),
      .patterns = {.include = std::move(wanted.include).value_or(std::vector<std::string>{}),
                   .exclude = std::move(wanted.exclude).value_or(std::vector<std::string>{})}};
  if (const auto named = hub::check_repository(request.repository); !named)
    return fail(at_field("model", named.error()));
  if (const auto named = hub::check_revision(request.revision); !named)
    return fail(at_field("revision", named.error()));
  return request;
}

http::Response queue_download(services::Downloads& downloads, const http::Request& request) {
  const auto wanted = read_download(request.body);
  if (!wanted) return problem(request, wanted.error());
  const auto added = downloads.add(*wanted);
  if (!added) return problem(request, added.error());
  return answer_download(downloads, added->id, request, added->joined ? 200 : 201);
}

/// A POST that changes the download that its path names.
http::Route change_download(const Services& services, std::string_view what,
                            Result<void> (services::Downloads::*edit)(const std::string&)) {
  return {http::Method::Post, fmt::format("{}/{}", kDownloadPath, what),
          [services, edit](const http::Request& request) {
            return in_background(services.tasks, [services, edit, request](const auto&) {
              const std::string id(request.route_value("id"));
              if (const auto done = (services.downloads.*edit)(id); !done)
                return problem(request, done.error());
              return answer_download(services.downloads, id, request);
            });
          }};
}

http::Response place_download(services::Downloads& downloads, const http::Request& request) {
  const auto moved = [&]() -> Result<void> {
    const auto to = TRY(base::decode<wire::Move>(TRY(base::parse_json(request.body))));
    return downloads.move(std::string(request.route_value("id")), to.place);
  }();
  if (!moved) return problem(request, moved.error());
  return answer_download(downloads, std::string(request.route_value("id")), request);
}

http::Response stop_download(services::Downloads& downloads, const http::Request& request) {
  const std::string id(request.route_value("id"));
  const auto partial = request.query_value("partial").value_or("keep");
  if (partial != "keep" && partial != "remove")
    return problem(request, base::fold({{.path = "partial", .message = "must be keep or remove"}}));
  const auto before = downloads.find(id);
  if (before && services::has_ended(before->row.state)) {
    if (const auto gone = downloads.forget(id); !gone) return problem(request, gone.error());
    return http::json(base::write_json(json::object{{"id", id}, {"removed", true}}));
  }
  if (const auto cancelled = downloads.cancel(id, partial == "keep"); !cancelled)
    return problem(request, cancelled.error());
  return answer_download(downloads, id, request);
}

}  // namespace

json::object describe(const services::Download& download) {
  const store::DownloadRow& row = download.row;
  const hub::Progress& progress = download.progress;
  json::value error;
  if (row.state == store::DownloadState::Failed)
    error = json::object{{"code", row.error_code}, {"message", row.error}};
  return {{"id", row.id},
          {"model", row.repository},
          {"revision", row.revision},
          {"include", json::value_from(row.include)},
          {"exclude", json::value_from(row.exclude)},
          {"state", store::name(row.state)},
          {"error", std::move(error)},
          {"commit", row.commit},
          {"bytes", row.bytes},
          {"done", row.done},
          {"percent", percent_done(row.done, row.bytes)},
          {"fetched", progress.fetched},
          {"bytes_per_s", std::round(progress.bytes_per_s)},
          {"seconds_left", seconds_left(progress)},
          {"files", row.files},
          {"files_done", progress.files_done},
          {"active", active_files(progress)},
          {"created", row.created},
          {"changed", row.changed}};
}

http::Route list_downloads(const Services& services) {
  return {http::Method::Get, "/admin/api/downloads",
          [&downloads = services.downloads](const http::Request&) {
            json::array list;
            for (const auto& download : *downloads.list()) list.push_back(describe(*download));
            return http::json(base::write_json(json::object{{"downloads", std::move(list)}}));
          }};
}

http::Route add_download(const Services& services) {
  return {http::Method::Post, "/admin/api/downloads", [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return queue_download(services.downloads, request);
            });
          }};
}

http::Route show_download(const Services& services) {
  return {http::Method::Get, std::string(kDownloadPath),
          [&downloads = services.downloads](const http::Request& request) {
            return answer_download(downloads, std::string(request.route_value("id")), request);
          }};
}

http::Route cancel_download(const Services& services) {
  return {http::Method::Delete, std::string(kDownloadPath),
          [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return stop_download(services.downloads, request);
            });
          }};
}

http::Route pause_download(const Services& services) {
  return change_download(services, "pause", &services::Downloads::pause);
}

http::Route resume_download(const Services& services) {
  return change_download(services, "resume", &services::Downloads::resume);
}

http::Route move_download(const Services& services) {
  return {http::Method::Post, fmt::format("{}/move", kDownloadPath),
          [services](const http::Request& request) {
            return in_background(services.tasks, [services, request](const auto&) {
              return place_download(services.downloads, request);
            });
          }};
}

http::Route download_events(const Services& services) {
  services::Downloads& downloads = services.downloads;
  const WatchedList list{
      .name = "downloads",
      .entries =
          [&downloads] {
            std::vector<std::pair<std::string, json::object>> entries;
            for (const auto& download : *downloads.list())
              entries.emplace_back(download->row.id, describe(*download));
            return entries;
          },
      .subscribe = [&downloads](auto wake) { return downloads.subscribe(std::move(wake)); }};
  return {http::Method::Get, "/admin/api/downloads/events",
          [list](const http::Request&) { return difference_events(list); }};
}

}  // namespace hearth::api::admin
