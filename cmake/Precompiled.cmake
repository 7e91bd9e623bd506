# hearth_precompile(target library|tests): the headers that nearly every file reads are parsed once for all folders.
#
# Only where HEARTH_PRECOMPILE is on (asan, tsan). It stays off in release, which thus proves that every file includes
# what it uses. One set of headers serves the libraries, one the test programs: they are optimised differently.
include_guard()
option(HEARTH_PRECOMPILE "Parse the standard library, fmt, Boost.JSON and GoogleTest once" OFF)

set(common
  <algorithm> <array> <atomic> <cassert> <charconv> <chrono> <cmath> <condition_variable> <cstdint> <cstring> <deque>
  <expected> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set>
  <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <boost/describe.hpp> <boost/json.hpp> <boost/mp11.hpp> <fmt/format.h> <fmt/ranges.h>)

if(HEARTH_PRECOMPILE)
  set(libraries fmt::fmt hearth::json Threads::Threads hearth::warnings)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/library.cpp CONTENT "")
  add_library(hearth_precompiled_library OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/library.cpp)
  target_link_libraries(hearth_precompiled_library PRIVATE ${libraries})
  target_precompile_headers(hearth_precompiled_library PRIVATE ${common})

  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/tests.cpp CONTENT "int main() {}\n")
  add_executable(hearth_precompiled_tests EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/tests.cpp)
  target_link_libraries(hearth_precompiled_tests PRIVATE ${libraries} GTest::gmock GTest::gtest)
  target_compile_options(hearth_precompiled_tests PRIVATE -O0)
  target_precompile_headers(hearth_precompiled_tests PRIVATE ${common} <gmock/gmock.h> <gtest/gtest.h>)

  # Without a time inside they are the same bytes each time, which ccache needs (see CCACHE_SLOPPINESS in tools/dev).
  foreach(target hearth_precompiled_library hearth_precompiled_tests)
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endforeach()
endif()

function(hearth_precompile target kind)
  if(HEARTH_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM hearth_precompiled_${kind})
    cmake_language(EVAL CODE "cmake_language(DEFER CALL _hearth_compile_apart ${target})")
  endif()
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
