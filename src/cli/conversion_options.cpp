// Flags, and the converter's options.
#include "cli/conversion_options.h"

namespace hearth::cli {

void add_conversion_options(CLI::App& verb, services::ConversionOptions& options) {
  verb.add_option("--bits", options.bits, "2, 3, 4, 5, 6 or 8; 16 packs nothing [4]")
      ->type_name("NUMBER");
  verb.add_option("--group", options.group, "Weights that share a scale: 32, 64 or 128 [64]")
      ->type_name("NUMBER");
  verb.add_option("--mode", options.mode, "affine, mxfp4, nvfp4 or mxfp8 [affine]")
      ->type_name("NAME");
  verb.add_option("--recipe", options.recipe,
                  "mixed_2_6, mixed_3_4, mixed_3_6 or mixed_4_6: more bits where they count most; "
                  "auto: measured, to --target-bpw")
      ->type_name("NAME");
  verb.add_option("--target-bpw", options.target_bpw,
                  "With --recipe auto: bits per weight of the whole model [4.5]")
      ->type_name("NUMBER");
  verb.add_option("--dtype", options.dtype,
                  "Of what is not packed: bfloat16, float16 or float32 [as config.json says]")
      ->type_name("NAME");
  const auto flag = [&](const char* name, std::optional<bool>& target, const char* help) {
    verb.add_flag_callback(name, [&target] { target = true; }, help);
  };
  flag("--dequantize", options.dequantize, "Make plain weights of packed ones");
  flag("--requantize", options.requantize, "Unpack what is packed, and pack it anew");
  flag("--measure", options.measure, "Then measure what was lost, as hearth compare does");
}

convert::Options convert_options(const services::ConversionOptions& options) {
  convert::Options out;
  out.mode = options.mode.value_or(out.mode);
  out.bits = options.bits.value_or(out.bits);
  out.group = options.group.value_or(out.group);
  out.recipe = options.recipe.value_or("");
  out.dtype = options.dtype.value_or("");
  out.dequantize = options.dequantize.value_or(false);
  out.requantize = options.requantize.value_or(false);
  return out;
}

convert::Options convert_options(const services::ConversionJob& job) {
  convert::Options out = convert_options(job.options);
  out.source = job.source;
  out.target = job.target;
  out.base_model = job.base_model;
  out.force = job.replaces;
  return out;
}

}  // namespace hearth::cli
