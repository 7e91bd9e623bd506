// hearth doctor: is this machine ready, and if not, what to do.
#include <arpa/inet.h>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/server.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "engine/self_check.h"
#include "http/client.h"
#include "platform/machine.h"
#include "platform/paths.h"

namespace hearth::cli {
namespace {

namespace fs = std::filesystem;

enum class Verdict { Good, Note, Bad };

struct Finding {
  Verdict verdict = Verdict::Good;
  std::string what;
  std::string detail;
  std::string remedy = {};
};

/// Below this the reference BLAS is at work: the fast one reaches some 50 on any core of the last
/// ten years.
constexpr double kSlowProduct = 15.0;

Finding check_processor() {
  const auto cpu = platform::processor();
  Finding finding{.what = "processor",
                  .detail = fmt::format("{}, {} cores, {}", cpu.model, cpu.cores,
                                        fmt::join(cpu.features, " "))};
#ifdef __x86_64__
  if (std::find(cpu.features.begin(), cpu.features.end(), "avx2") == cpu.features.end()) {
    finding.verdict = Verdict::Note;
    finding.remedy = "without AVX2 large models will be slow";
  }
#endif
  return finding;
}

Finding check_memory() {
  const auto memory = platform::memory();
  Finding finding{.what = "memory",
                  .detail = fmt::format("{} free of {}", size_text(memory.available_bytes),
                                        size_text(memory.total_bytes))};
  if (memory.available_bytes < 1'000'000'000) {
    finding.verdict = Verdict::Note;
    finding.remedy =
        "less than 1 GB is free: close other programs before loading a model of any size";
  }
  return finding;
}

std::vector<Finding> check_engine() {
  const auto device = engine::check_device();
  if (!device)
    return {{Verdict::Bad, "MLX", device.error().message,
             "run `./dev setup` again, or reinstall Hearth"}};
  std::vector<Finding> findings;
  Finding& library = findings.emplace_back(
      Finding{.what = "MLX",
              .detail = fmt::format("{} on the {}", device->library_version, device->device)});
  if (device->library_version != device->header_version) {
    library.verdict = Verdict::Bad;
    library.remedy =
        fmt::format("Hearth was built for MLX {}: reinstall it", device->header_version);
  }
  findings.push_back({.what = "CPU kernels", .detail = device->kernels});
  if (!device->kernel_fault.empty())
    findings.back() = {Verdict::Bad, "CPU kernels", device->kernel_fault,
                       "unset HEARTH_CPU, or set it to what the machine has"};
  Finding& product = findings.emplace_back(
      Finding{.what = "matrix products",
              .detail = fmt::format("{:.0f} GFLOP/s in float32", device->matmul_gflops)});
  if (device->matmul_gflops < kSlowProduct) {
    product.verdict = Verdict::Bad;
    product.remedy =
        "the slow reference BLAS seems to be in use: install OpenBLAS (libopenblas0-pthread) and "
        "check that "
        "nothing replaces it through LD_PRELOAD or LD_LIBRARY_PATH";
  }
  return findings;
}

bool port_is_free(const std::string& host, int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free =
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return free;
}

Finding check_port(const services::Settings& settings) {
  const std::string place = fmt::format("{}:{}", settings.host, settings.port);
  if (port_is_free(settings.host, settings.port))
    return {.what = "port", .detail = place + " is free"};
  const auto answer = http::fetch(
      {.url = fmt::format("http://{}/healthz", place), .timeout = std::chrono::seconds(2)});
  if (answer && answer->status == 200)
    return {.what = "port", .detail = place + ": a Hearth server is running"};
  return {Verdict::Bad, "port", place + " is taken by another program",
          "end that program, or serve on another port: hearth serve --port 8001"};
}

Finding check_folder(const std::string& what, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  const bool writable = !error && ::access(folder.c_str(), W_OK) == 0;
  Finding finding{.what = what,
                  .detail = fmt::format("{}, {} free", folder.string(),
                                        size_text(platform::free_disk_bytes(folder)))};
  if (!writable) {
    finding.verdict = Verdict::Bad;
    finding.detail = fmt::format("{} cannot be written", folder.string());
    finding.remedy = "mend its permissions, or set HEARTH_HOME to another folder";
  }
  return finding;
}

Finding check_models(const services::Settings& settings) {
  const auto models = services::Library(app::library_folders(settings)).list();
  std::vector<std::string> damaged;
  for (const auto& model : models)
    if (!model.fault.empty()) damaged.push_back(fmt::format("{} ({})", model.id, model.fault));
  Finding finding{.what = "models", .detail = fmt::format("{} on this machine", models.size())};
  if (models.empty()) {
    finding.verdict = Verdict::Bad;
    finding.remedy =
        "not even the demo model is there: run `./dev build` again, or reinstall Hearth";
  } else if (!damaged.empty()) {
    finding.verdict = Verdict::Note;
    finding.remedy = fmt::format("damaged: {}", fmt::join(damaged, ", "));
  }
  return finding;
}

std::string_view word(Verdict verdict) {
  switch (verdict) {
    case Verdict::Good:
      return "ok";
    case Verdict::Note:
      return "note";
    case Verdict::Bad:
      return "bad";
  }
  return "";
}

void print(const std::vector<Finding>& findings, bool as_json) {
  json::array list;
  for (const Finding& finding : findings) {
    if (as_json) {
      list.push_back(json::object{{"verdict", word(finding.verdict)},
                                  {"what", finding.what},
                                  {"detail", finding.detail},
                                  {"remedy", finding.remedy}});
      continue;
    }
    fmt::print("{:<5} {:<16} {}\n", word(finding.verdict), finding.what, finding.detail);
    if (!finding.remedy.empty()) fmt::print("      {:<16} -> {}\n", "", finding.remedy);
  }
  if (as_json) fmt::print("{}\n", base::write_json(list));
}

Result<void> doctor(const GivenFlags& flags, bool as_json) {
  const auto settings = TRY(settings_from(flags));
  std::vector<Finding> findings{check_processor(), check_memory()};
  for (Finding& finding : check_engine()) findings.push_back(std::move(finding));
  findings.push_back(check_port(settings));
  findings.push_back(check_folder("home", platform::hearth_home()));
  findings.push_back(check_models(settings));
  print(findings, as_json);
  const auto bad = std::count_if(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.verdict == Verdict::Bad;
  });
  if (bad > 0)
    return fail(ErrorCode::Internal, "{} of {} checks found something to mend", bad,
                findings.size());
  return {};
}

}  // namespace

void add_doctor(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("doctor", "Check this machine, and say how to mend what is wrong");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port", "models.folders"});
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([flags, as_json] { finish(doctor(*flags, *as_json)); });
}

}  // namespace hearth::cli
