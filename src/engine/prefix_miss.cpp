// The rules' names.
#include "engine/prefix_miss.h"

namespace hearth::engine {

std::string_view name(PrefixRule rule) {
  switch (rule) {
    case PrefixRule::Hit:
      return "hit";
    case PrefixRule::NoEarlierPrompt:
      return "no_earlier_prompt";
    case PrefixRule::Differs:
      return "differs";
    case PrefixRule::Evicted:
      return "evicted";
    case PrefixRule::Salt:
      return "other_adapter_or_image";
    case PrefixRule::NoSnapshot:
      return "no_snapshot";
    case PrefixRule::Off:
      return "off";
  }
  return "unknown";
}

}  // namespace hearth::engine
