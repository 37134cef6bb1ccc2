# millrace_add_plugin(NAME SOURCES a.cc ... [LINK lib ...] [DIRECTORY folder])
#
# A shared object the worker finds through plugin.path: built into <DIRECTORY>/<NAME>/<NAME>.so
# (default: <binary dir>/plugins), so that <DIRECTORY> is what plugin.path names. It links the
# worker's core library, which the running worker already holds, and nothing else of Millrace.
function(millrace_add_plugin name)
  cmake_parse_arguments(A "" "DIRECTORY" "SOURCES;LINK" ${ARGN})
  if(NOT A_DIRECTORY)
    set(A_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  endif()
  add_library(${name} MODULE ${A_SOURCES})
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON LIBRARY_OUTPUT_DIRECTORY ${A_DIRECTORY}/${name})
  target_link_libraries(${name} PRIVATE millrace::core ${A_LINK})
endfunction()
