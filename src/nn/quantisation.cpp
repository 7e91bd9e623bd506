// Looks layers up in a checkpoint's quantisation settings.
#include "nn/quantisation.h"

namespace hearth::nn {

std::optional<Packing> QuantisationSettings::at(std::string_view path) const {
  const auto own = layers.find(path);
  return own == layers.end() ? global : own->second;
}

bool QuantisationSettings::plain(std::string_view path) const {
  const auto own = layers.find(path);
  return own != layers.end() && !own->second;
}

}  // namespace hearth::nn
