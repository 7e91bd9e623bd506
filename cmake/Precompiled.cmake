# hearth_precompile(target library|tests): the headers that nearly every file reads are parsed once for all folders.
#
# Only for the kinds in HEARTH_PRECOMPILE: both in asan and tsan, tests in release, whose libraries thus prove that every
# file includes what it uses. Each kind has a set of headers of its own: they are optimised differently.
include_guard()
set(HEARTH_PRECOMPILE "" CACHE STRING
    "For which targets the standard library, fmt, Boost.JSON and GoogleTest are parsed once: library;tests")

set(common
  <algorithm> <array> <atomic> <cassert> <charconv> <chrono> <cmath> <condition_variable> <cstdint> <cstring> <deque>
  <expected> <filesystem> <fstream> <functional> <limits> <map> <memory> <mutex> <numeric> <optional> <random> <set>
  <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector>
  <boost/describe.hpp> <boost/json.hpp> <boost/mp11.hpp> <fmt/format.h> <fmt/ranges.h>)

set(libraries fmt::fmt hearth::json Threads::Threads hearth::warnings)
if("library" IN_LIST HEARTH_PRECOMPILE)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/library.cpp CONTENT "")
  add_library(hearth_precompiled_library OBJECT EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/library.cpp)
  target_link_libraries(hearth_precompiled_library PRIVATE ${libraries})
  target_precompile_headers(hearth_precompiled_library PRIVATE ${common})
endif()
if("tests" IN_LIST HEARTH_PRECOMPILE)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/tests.cpp CONTENT "int main() {}\n")
  add_executable(hearth_precompiled_tests EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/precompiled/tests.cpp)
  target_link_libraries(hearth_precompiled_tests PRIVATE ${libraries} GTest::gmock GTest::gtest)
  target_compile_options(hearth_precompiled_tests PRIVATE -O0)
  target_precompile_headers(hearth_precompiled_tests PRIVATE ${common} <gmock/gmock.h> <gtest/gtest.h>)
endif()

# Without a time inside they are the same bytes each time, which ccache needs (see CCACHE_SLOPPINESS in tools/dev).
foreach(kind library tests)
  if(kind IN_LIST HEARTH_PRECOMPILE)
    target_compile_options(hearth_precompiled_${kind} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endforeach()

function(hearth_precompile target kind)
  if(kind IN_LIST HEARTH_PRECOMPILE)
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
