// Names with a colon.
#include "api/openai/named_model.h"

#include <utility>

namespace hearth::api::openai {

Result<NamedModel> find_named(const Services& services, const std::string& name) {
  auto whole = services.generator.find(name);
  if (whole) return NamedModel{std::move(*whole)};
  const auto colon = name.rfind(':');
  if (colon == std::string::npos) return fail(std::move(whole).error());
  auto base = services.generator.find(name.substr(0, colon));
  if (!base) return fail(std::move(whole).error());
  const std::string wanted = name.substr(colon + 1);
  for (auto& adapter : services.adapters.of(base->id))
    if (adapter.name == wanted) return NamedModel{std::move(*base), std::move(adapter)};
  return fail(std::move(whole).error());
}

}  // namespace hearth::api::openai
