# hearth_precompile(target library|tests [set]): the headers that nearly every file reads are parsed once for all folders.
#
# On in the presets that build everything at once; `./dev lint tidy` and the preset dev read each file without them, so
# that a file which forgets an include is found. Libraries and tests have headers of their own, because they are optimised
# differently. A folder whose files nearly all read a large library names a further set: mlx or cli. Sanitizer presets
# optimise nothing, which halves their build; `optimised` is for the folders whose tests compute for minutes otherwise.
#
# What nobody ships is also compiled eight files at a time, which takes little more than half the time: tests, and all of a
# sanitizer preset. So no two files of a folder may give the same name to different things, not even in unnamed namespaces.
include_guard()
option(HEARTH_PRECOMPILE "Parse the standard library, fmt, Boost.JSON, GoogleTest, MLX and CLI11 once" OFF)

set(common
  <algorithm> <array> <atomic> <cassert> <charconv> <chrono> <cmath> <condition_variable> <cstdint> <cstring> <deque>
  <expected> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set>
  <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <boost/describe.hpp> <boost/json.hpp> <boost/mp11.hpp> <fmt/format.h> <fmt/ranges.h>)
set(mlx <mlx/allocator.h> <mlx/array.h> <mlx/device.h> <mlx/fast.h> <mlx/ops.h> <mlx/transforms.h>)
set(libraries fmt::fmt hearth::json Threads::Threads hearth::warnings)

# _hearth_precompiled(kind [LIBRARIES ...] [OPTIONS ...] [HEADERS ...]): the target that holds one kind's headers.
function(_hearth_precompiled kind)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;OPTIONS;HEADERS")
  set(target hearth_precompiled_${kind})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp CONTENT "int main() {}\n")
  if(kind MATCHES "^tests")  # a program, as they are: position-independent in another way than a library
    add_executable(${target} EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp)
  else()
    add_library(${target} OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp)
  endif()
  target_link_libraries(${target} PRIVATE ${libraries} ${arg_LIBRARIES})
  # Without a time inside they are the same bytes each time, which ccache needs (see CCACHE_SLOPPINESS in tools/dev).
  target_compile_options(${target} PRIVATE ${arg_OPTIONS} "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${target} PRIVATE ${common} ${arg_HEADERS})
endfunction()

if(HEARTH_PRECOMPILE)
  set(testing LIBRARIES GTest::gmock GTest::gtest OPTIONS -O0 HEADERS <gmock/gmock.h> <gtest/gtest.h>)
  _hearth_precompiled(library)
  _hearth_precompiled(tests ${testing})
  if(HEARTH_MLX)
    _hearth_precompiled(library_mlx LIBRARIES hearth::mlx HEADERS ${mlx})
    _hearth_precompiled(tests_mlx ${testing} ${mlx} LIBRARIES hearth::mlx)
    _hearth_precompiled(library_cli LIBRARIES CLI11::CLI11 HEADERS <CLI/CLI.hpp>)
  endif()
  if(HEARTH_SANITIZE)
    _hearth_precompiled(library_optimised OPTIONS -O1)
  endif()
endif()

# A set that this build does not have (no MLX, no such tests) gives way to the common one.
function(hearth_precompile target kind)
  if(NOT HEARTH_PRECOMPILE)
    return()
  endif()
  if(TARGET hearth_precompiled_${kind}_${ARGV2})
    string(APPEND kind _${ARGV2})
    if(ARGV2 STREQUAL "optimised")
      target_compile_options(${target} PRIVATE -O1)
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM hearth_precompiled_${kind})
  if(HEARTH_SANITIZE OR kind MATCHES "^tests")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
  cmake_language(EVAL CODE "cmake_language(DEFER CALL _hearth_compile_apart ${target})")
endfunction()

# A file with options of its own (an instruction set) is another language to the compiler: it reads its headers itself.
function(_hearth_compile_apart target)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    get_source_file_property(options ${source} TARGET_DIRECTORY ${target} COMPILE_OPTIONS)
    if(options)
      set_source_files_properties(${source} TARGET_DIRECTORY ${target} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    endif()
  endforeach()
endfunction()
