# hearth_embed_assets(target FOLDER <dir> SYMBOL <name>)
#
# Packs every file of a folder into the target at build time, precompressed, and gives
#   #include "embedded/<name>.h"    std::span<const hearth::http::Asset> hearth::embedded::<name>();
# The files are looked for again whenever the build starts, so a folder that is built later or changes is noticed.
include_guard()
find_package(Python3 COMPONENTS Interpreter REQUIRED)
find_program(HEARTH_BROTLI brotli DOC "The brotli command line tool")
if(NOT HEARTH_BROTLI)
  message(FATAL_ERROR "The program `brotli` is missing: it compresses the embedded web app (Debian and Homebrew: package brotli)")
endif()
set(HEARTH_ASSET_PACKER ${CMAKE_CURRENT_LIST_DIR}/pack_assets.py)

function(hearth_embed_assets target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "FOLDER;SYMBOL" "")
  if(NOT EXISTS ${arg_FOLDER}/index.html)
    message(FATAL_ERROR "hearth_embed_assets(${target}): ${arg_FOLDER}/index.html does not exist: build the folder first")
  endif()
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${arg_FOLDER}/*)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded_${arg_SYMBOL})
  set(made ${out}/embedded/${arg_SYMBOL}.h ${out}/${arg_SYMBOL}.cpp ${out}/${arg_SYMBOL}.S ${out}/${arg_SYMBOL}.blob)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${Python3_EXECUTABLE} ${HEARTH_ASSET_PACKER} --folder ${arg_FOLDER} --symbol ${arg_SYMBOL} --out ${out}
            --brotli ${HEARTH_BROTLI}
    DEPENDS ${files} ${HEARTH_ASSET_PACKER}
    COMMENT "Packing ${arg_FOLDER}"
    VERBATIM)
  # The assembler reads the blob, which no dependency scan sees.
  set_source_files_properties(${out}/${arg_SYMBOL}.S PROPERTIES OBJECT_DEPENDS ${out}/${arg_SYMBOL}.blob)
  target_sources(${target} PRIVATE ${made})
  target_include_directories(${target} PRIVATE ${out})
endfunction()
