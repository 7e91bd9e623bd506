# hearth::mlx: the pinned MLX wheel (unpacked by `./dev setup`), with OpenBLAS linked first.
#
# The wheel bundles the slow reference BLAS; symbol interposition by link order replaces it (a 30x difference on
# matrix products), hence --no-as-needed and the order below. `hearth doctor` times one product as a self-check.
include_guard()
set(HEARTH_MLX_DIR ${CMAKE_SOURCE_DIR}/build/deps/mlx CACHE PATH "Folder that holds mlx/ and mlx_cpu.libs/ of the wheel")
list(APPEND CMAKE_PREFIX_PATH ${HEARTH_MLX_DIR}/mlx)
find_package(MLX CONFIG REQUIRED)

add_library(hearth_mlx INTERFACE)
add_library(hearth::mlx ALIAS hearth_mlx)
target_include_directories(hearth_mlx SYSTEM INTERFACE ${HEARTH_MLX_DIR}/mlx/include)
target_compile_options(hearth_mlx INTERFACE -Wno-deprecated-declarations)
if(APPLE)
  target_link_libraries(hearth_mlx INTERFACE mlx)
else()
  find_library(HEARTH_OPENBLAS NAMES openblas REQUIRED)
  target_link_libraries(hearth_mlx INTERFACE -Wl,--no-as-needed ${HEARTH_OPENBLAS} -Wl,--as-needed mlx)
endif()
