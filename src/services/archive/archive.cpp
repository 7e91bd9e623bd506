// The list within an archive, and which paths are let in.
#include "services/archive/archive.h"

#include <algorithm>
#include <boost/describe.hpp>

#include "base/decode.h"

namespace hearth::services {

namespace wire {
struct File {
  std::string path;
  std::uint64_t bytes = 0;
  std::string sha256;
};
BOOST_DESCRIBE_STRUCT(File, (), (path, bytes, sha256))

struct List {
  int form = 0;
  std::string model;
  std::vector<File> files;
};
BOOST_DESCRIBE_STRUCT(List, (), (form, model, files))
}  // namespace wire

namespace {

constexpr int kForm = 1;

}  // namespace

json::object write_archive_list(const ArchiveContent& content) {
  json::array files;
  for (const ArchivedFile& file : content.files)
    files.push_back(
        json::object{{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  return {{"form", kForm}, {"model", content.model}, {"files", std::move(files)}};
}

Result<ArchiveContent> read_archive_list(std::string_view text) {
  auto list = base::decode<wire::List>(TRY_IN(kArchiveList, base::parse_json(text)));
  if (!list) return fail(ErrorCode::CorruptData, "{}: {}", kArchiveList, list.error().message);
  if (list->form != kForm)
    return fail(ErrorCode::UnsupportedArgument,
                "the archive was written by a newer Hearth (form {}, this one reads form {})",
                list->form, kForm);
  ArchiveContent content{.model = std::move(list->model), .files = {}, .bytes = 0};
  for (wire::File& file : list->files) {
    content.bytes += file.bytes;
    content.files.push_back(
        {.path = std::move(file.path), .bytes = file.bytes, .sha256 = std::move(file.sha256)});
  }
  return content;
}

Result<void> check_archived_path(std::string_view path) {
  constexpr std::size_t kLongest = 1024;
  const auto odd = [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; };
  bool fine = !path.empty() && path.size() <= kLongest && !path.contains('\\') &&
              std::ranges::none_of(path, odd);
  for (std::string_view rest = path; fine && !rest.empty();) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    fine = !part.empty() && part != "." && part != "..";
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  if (fine && !path.ends_with('/')) return {};
  return fail(ErrorCode::CorruptData,
              "the archive holds a file \"{}\", which would lie outside of the model's folder",
              path.substr(0, 200));
}

}  // namespace hearth::services
