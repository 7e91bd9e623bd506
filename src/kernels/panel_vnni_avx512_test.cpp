// The AVX2 path's form for AVX-VNNI, compiled for AVX-512's encoding of its instruction, so that
// machines with either can run it.
#include "kernels/panel_vnni_avx2.h"
#include "kernels/testing/modelled_tiles.h"

namespace hearth::kernels::testing {

const PanelPath kPanelAvx2VnniOfAvx512{split_avx2,         unpack_codes_avx2, unpack_scales_avx2,
                                       multiply<VnniDots>, stream<VnniDots>,  apply_gate_avx2};

}  // namespace hearth::kernels::testing
