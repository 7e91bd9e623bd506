# hearth_module(name [DEPENDS ...] [PRIVATE ...] [TEST_DEPENDS ...] [EXCLUDE regex] [PRECOMPILED set])
#
# One folder under src/ is one library. DEPENDS is all its headers may include, PRIVATE what only its sources may: every
# module exposes one include root that holds nothing but itself, so a forbidden include does not compile.
# *_test.cpp files become the program hearth_<name>_tests; every header is compiled alone: x.h by x.cpp, which includes it
# first (`./dev lint structure`), the others by the target hearth_headers.
# EXCLUDE leaves out the paths that match (the parts that need MLX, in a build without it). PRECOMPILED names the further
# set of headers that is parsed once (Precompiled.cmake).
include_guard()
include(GoogleTest)
find_package(GTest REQUIRED)
add_custom_target(hearth_headers)
set_property(GLOBAL PROPERTY HEARTH_TEST_PROGRAMS "")

function(hearth_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXCLUDE;PRECOMPILED" "DEPENDS;PRIVATE;TEST_DEPENDS;SOURCES")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  if(arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX ${arg_EXCLUDE})
    list(FILTER headers EXCLUDE REGEX ${arg_EXCLUDE})
  endif()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cpp$")

  set(root ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)

  add_library(hearth_${name} STATIC ${sources} ${arg_SOURCES})
  add_library(hearth::${name} ALIAS hearth_${name})
  target_include_directories(hearth_${name} PUBLIC ${root})
  target_link_libraries(hearth_${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE} hearth::warnings)
  hearth_precompile(hearth_${name} library ${arg_PRECOMPILED})
  _hearth_compile_headers(${name} ${headers})
  if(tests AND BUILD_TESTING)
    _hearth_test_program(${name} ${arg_PRIVATE} ${arg_TEST_DEPENDS} SOURCES ${tests} PRECOMPILED ${arg_PRECOMPILED})
  endif()
endfunction()

# Each header that no source begins with, alone in a translation unit: it must include what it uses.
function(_hearth_compile_headers name)
  set(units)
  foreach(header IN LISTS ARGN)
    string(REGEX REPLACE "\\.h$" ".cpp" source ${header})
    if(EXISTS ${source})
      continue()
    endif()
    file(RELATIVE_PATH path ${CMAKE_CURRENT_SOURCE_DIR} ${header})
    set(unit ${CMAKE_BINARY_DIR}/headers/${name}/${path}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${name}/${path}\"\n")
    list(APPEND units ${unit})
  endforeach()
  if(units)
    add_library(hearth_${name}_headers OBJECT EXCLUDE_FROM_ALL ${units})
    target_link_libraries(hearth_${name}_headers PRIVATE hearth_${name} hearth::warnings)
    target_compile_definitions(hearth_${name}_headers PRIVATE HEARTH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    # Real object files, so that ninja sees what is done; nothing optimised, nothing to debug.
    target_compile_options(hearth_${name}_headers PRIVATE -O0 -g0)
    add_dependencies(hearth_headers hearth_${name}_headers)
  endif()
endfunction()

function(_hearth_test_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PRECOMPILED" "SOURCES")
  set(program hearth_${name}_tests)
  add_executable(${program} ${arg_SOURCES})
  target_link_libraries(${program} PRIVATE hearth_${name} ${arg_UNPARSED_ARGUMENTS} hearth::warnings
                                           GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${program} PRIVATE HEARTH_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  # What is tested is optimised as its library is; the tests themselves only have to be built.
  target_compile_options(${program} PRIVATE -O0)
  hearth_precompile(${program} tests ${arg_PRECOMPILED})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  # Each test is a process of its own: a thread that OpenBLAS starts would spin on the core of the test beside it.
  gtest_discover_tests(${program} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 300 LABELS unit SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]"
                                  ENVIRONMENT OPENBLAS_NUM_THREADS=1)
  set_property(GLOBAL APPEND PROPERTY HEARTH_TEST_PROGRAMS ${program})
endfunction()
