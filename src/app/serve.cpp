// The composition root of `hearth serve`.
#include <fstream>
#include <signal.h>

#include "api/routes.h"
#include "app/open_conversions.h"
#include "app/open_database.h"
#include "app/open_hub.h"
#include "app/open_library.h"
#include "app/open_pool.h"
#include "app/preload.h"
#include "app/server.h"
#include "app/start_worker.h"
#include "app/web_app.h"
#include "base/log.h"
#include "http/server.h"
#include "platform/paths.h"

namespace hearth::app {
namespace {

namespace fs = std::filesystem;

/// They wait for disks and for the Hub, mostly.
constexpr int kTaskThreads = 4;

/// SIGINT and SIGTERM go to the waiting main thread; a peer that hangs up is an error code, not a
/// signal.
sigset_t block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

Result<void> check_bind(const services::Settings& settings) {
  if (is_loopback(settings.host) || settings.allow_remote) return {};
  return fail(ErrorCode::Forbidden,
              "{} can be reached by other machines, and nobody has to sign in yet: listen on "
              "127.0.0.1, or pass "
              "--allow-remote if every machine that can reach this one may use it",
              settings.host);
}

void make_home() {
  std::error_code error;
  fs::create_directories(platform::hearth_home(), error);
  if (error)
    log_warn("app",
             "{} cannot be made ({}): the server runs, but keeps nothing there. Set HEARTH_HOME to "
             "a folder "
             "that can be written.",
             platform::hearth_home().string(), error.message());
}

/// The models to load at start; the demo model if none is named. Unknown names are errors: better
/// now than later.
Result<std::vector<services::ModelEntry>> models_to_serve(services::Library& library,
                                                          const services::Settings& settings) {
  std::vector<services::ModelEntry> models;
  models.reserve(settings.models.size());
  for (const std::string& name : settings.models) models.push_back(TRY(find_model(library, name)));
  if (!settings.models.empty()) return models;
  if (auto demo = library.resolve("demo"))
    models.push_back(std::move(*demo));
  else
    log_warn("app",
             "the demo model is not installed beside the program; name a model with --model");
  return models;
}

engine::PromptFolder saved_prompts(const services::Settings& settings) {
  const engine::EngineOptions options = engine_options(settings, {}, {});
  return {options.prompts, options.prompts_bytes};
}

http::ServerOptions server_options(const services::Settings& settings) {
  http::ServerOptions options{.host = settings.host,
                              .port = static_cast<std::uint16_t>(settings.port),
                              .io_threads = settings.io_threads,
                              .allowed_hosts = settings.allowed_hosts};
  options.limits.heartbeat = std::chrono::seconds(settings.heartbeat_s);
  if (!is_loopback(settings.host)) options.allowed_hosts.push_back(settings.host);
  return options;
}

hub::DownloadOptions download_options(const services::Settings& settings) {
  hub::DownloadOptions options;
  options.connections = settings.connections;
  options.bytes_per_s = static_cast<std::uint64_t>(settings.limit_rate_kib) * 1024;
  options.rate = std::make_shared<hub::RateLimit>(options.bytes_per_s);  // all share it
  return options;
}

/// What is fetched is served without a restart.
Result<std::unique_ptr<services::Downloads>> open_downloads(store::Database& database,
                                                            const services::Settings& settings,
                                                            const services::HubAccess& hub,
                                                            services::Library& library) {
  services::DownloadSource source =
      services::hub_source(download_options(settings), [&hub] { return hub.places(); });
  source.completed = [&library](const store::DownloadRow&) { library.look_again(); };
  return services::Downloads::open(database, settings.downloads_at_once, std::move(source));
}

http::Response unknown_url(const http::Request& request) {
  const std::string server(request.headers.get("host").value_or("127.0.0.1:8000"));
  return api::write_error(
      request,
      {.code = ErrorCode::UnknownRoute,
       .message = fmt::format("there is nothing at {} {}; the API's base URL is "
                              "http://{}/v1",
                              http::name(request.method),
                              request.target.substr(0, request.target.find('?')), server)});
}

/// Whether a path is the API's, also for a browser: its answers are never pages.
bool is_api(const std::vector<std::string>& path) {
  if (path.size() >= 2 && path[0] == "admin" && path[1] == "api") return true;
  return !path.empty() && (path.front() == "v1" || path.front() == "api");
}

http::ErrorWriter error_writer() {
  return [pages = web_app(unknown_url)](const http::Request& request, const Error& error) {
    if (error.code != ErrorCode::UnknownRoute) return api::write_error(request, error);
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    return reads && !is_api(request.path) ? pages(request) : unknown_url(request);
  };
}

void log_access(services::Metrics& metrics, const http::AccessRecord& record) {
  metrics.http_finished({.route = record.route.empty() ? "unmatched" : record.route,
                         .status = record.status,
                         .duration_ms = record.duration_ms,
                         .client_left = record.client_left});
  log_info("http", "{} {} {} {} {:.1f} ms {} bytes{}", record.request_id, http::name(record.method),
           record.target, record.status, record.duration_ms, record.bytes_sent,
           record.client_left ? ", the client left" : "");
}

void announce(const http::Server& server, const services::Settings& settings,
              const services::Pool& pool, const fs::path& port_file) {
  std::string names;
  for (const auto& model : pool.list())
    if (model.state == services::ModelState::Loaded)
      names += (names.empty() ? "" : ", ") + model.id;
  log_info("app", "ready at http://{}:{} with {}", settings.host, server.port(),
           names.empty() ? "no model loaded" : names);
  if (!port_file.empty()) std::ofstream(port_file) << server.port() << '\n';
}

}  // namespace

std::string version() {
  return HEARTH_VERSION;
}

Result<void> serve(const ServerInput& input) {
  const services::Settings& settings = input.settings;
  const sigset_t signals = block_signals();
  TRY(check_bind(settings));
  make_home();

  const auto database = TRY(open_database());
  services::Library library(library_folders(settings), library_knowledge(database.get()));
  const auto models = TRY(models_to_serve(library, settings));
  services::Adapters adapters;
  TRY(find_adapters(library, settings, models.empty() ? "" : models.front().id, adapters));
  services::HubAccess hub(database.get(), secret_key_file());
  const auto downloads = TRY(open_downloads(*database, settings, hub, library));
  services::Metrics metrics;
  services::Shelf shelf(database.get());
  const auto pool_owner = TRY(open_pool(settings, adapters, shelf, *database));
  services::Pool& pool = *pool_owner;
  services::LiveLimits limits(pool, *database, {.now = settings, .configured = input.configured});
  const auto conversions = TRY(open_conversions(settings, *database, library, pool));
  services::ConversionPresets presets(database.get());
  base::TaskPool tasks("tasks", kTaskThreads);  // ends before what its tasks use
  services::Generator generator(library, pool, metrics);
  if (!models.empty()) generator.set_default_model(models.front().id);

  http::Router router;
  api::add_routes(router, {.library = library,
                           .pool = pool,
                           .limits = limits,
                           .generator = generator,
                           .metrics = metrics,
                           .adapters = adapters,
                           .downloads = *downloads,
                           .conversions = *conversions,
                           .conversion_presets = presets,
                           .hub = hub,
                           .shelf = shelf,
                           .tasks = tasks,
                           .context_limit = settings.context_length,
                           .prompts = saved_prompts(settings),
                           .models_folder = converted_models(),
                           .version = version()});
  const auto server =
      TRY(http::Server::listen(server_options(settings), std::move(router), error_writer()));
  server->on_access([&metrics](const http::AccessRecord& record) { log_access(metrics, record); });
  server->start();
  log_info("app", "hearth {} listens on http://{}:{}", version(), settings.host, server->port());
  auto at_start = models;
  for (auto& model : models_to_preload(library, pool)) at_start.push_back(std::move(model));
  preload(pool, at_start, [&] { announce(*server, settings, pool, input.port_file); });

  int received = 0;
  ::sigwait(&signals, &received);
  log_info("app", "shutting down: running answers have {} s to end; once more ends them at once",
           settings.drain_s);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  server->drain(std::chrono::seconds(settings.drain_s));
  pool.close();
  return {};
}

}  // namespace hearth::app
