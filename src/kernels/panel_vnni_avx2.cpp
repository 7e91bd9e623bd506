// The AVX2 path for processors with AVX-VNNI.
#include "kernels/panel_vnni_avx2.h"

namespace hearth::kernels {

const PanelPath kPanelAvx2Vnni{split_avx2,         unpack_codes_avx2, unpack_scales_avx2,
                               multiply<VnniDots>, stream<VnniDots>,  apply_gate_avx2};

}  // namespace hearth::kernels
