# hearth::warnings: how every folder of ours is compiled. Warnings are errors; sanitizers come from HEARTH_SANITIZE.
include_guard()
add_library(hearth_warnings INTERFACE)
add_library(hearth::warnings ALIAS hearth_warnings)
target_compile_options(hearth_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wunused -Werror -Wno-missing-designated-field-initializers -Wno-gnu-statement-expression -Wno-gnu-statement-expression-from-macro-expansion
  -ffunction-sections -fdata-sections)

set(HEARTH_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined")
if(HEARTH_SANITIZE)
  add_compile_options(-fsanitize=${HEARTH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HEARTH_SANITIZE})
  if(HEARTH_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
