// The families that are built in, for those who must not know MLX.
#include "engine/supported.h"

#include "models/model.h"

namespace hearth::engine {

std::vector<std::string> supported_architectures() {
  return models::supported_model_types();
}

}  // namespace hearth::engine
