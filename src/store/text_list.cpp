// JSON lists of texts.
#include "store/text_list.h"

#include "base/decode.h"
#include "base/json.h"

namespace hearth::store {

std::string write_text_list(const std::vector<std::string>& list) {
  return base::write_json(json::value_from(list));
}

Result<std::vector<std::string>> read_text_list(std::string_view text) {
  const auto document = base::parse_json(text);
  if (document)
    if (auto list = base::decode<std::vector<std::string>>(*document)) return list;
  return fail(ErrorCode::CorruptData, "the database has \"{}\" where a list of texts belongs",
              text);
}

}  // namespace hearth::store
