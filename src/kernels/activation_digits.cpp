// Reads HEARTH_ACTIVATIONS.
#include "kernels/activation_digits.h"

#include <cstdlib>

#include "kernels/panel_path.h"

namespace hearth::kernels {

Result<int> choose_digits(std::string_view wanted) {
  if (wanted.empty() || wanted == "8-bit") return 1;
  if (wanted == "16-bit") return 2;
  if (wanted == "24-bit") return kMostDigits;
  return fail(ErrorCode::InvalidArgument,
              "HEARTH_ACTIVATIONS=\"{}\": activations can be kept in 8-bit, 16-bit or 24-bit",
              wanted);
}

const Result<int>& activation_digits() {
  static const Result<int> kDigits = [] {
    const char* text = std::getenv("HEARTH_ACTIVATIONS");
    return choose_digits(text ? text : "");
  }();
  return kDigits;
}

}  // namespace hearth::kernels
