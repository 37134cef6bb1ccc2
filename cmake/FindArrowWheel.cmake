# Arrow and Parquet as scripts/setup unpacks them: from ARROW_ROOT, else its folder. Defines
# ArrowWheel::arrow and ArrowWheel::parquet (shared) for the whole project. The files carry their
# version in their names alone, so that no other Arrow is ever taken for this one.
if(NOT ARROW_ROOT)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../scripts/setup --print-arrow-root
    OUTPUT_VARIABLE ARROW_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/../scripts/setup ${CMAKE_CURRENT_LIST_DIR}/../scripts/hide_symbols.py)
find_path(ArrowWheel_INCLUDE_DIR arrow/api.h HINTS ${ARROW_ROOT}/include NO_DEFAULT_PATH NO_CACHE)
if(ArrowWheel_INCLUDE_DIR)
  file(STRINGS ${ArrowWheel_INCLUDE_DIR}/arrow/util/config.h _line
    REGEX "define ARROW_(VERSION_STRING|SO_VERSION)")
  string(REGEX MATCH "ARROW_VERSION_STRING \"([^\"]+)\"" _ "${_line}")
  set(ArrowWheel_VERSION ${CMAKE_MATCH_1})
  string(REGEX MATCH "ARROW_SO_VERSION \"([^\"]+)\"" _ "${_line}")
  set(ArrowWheel_arrow_LIBRARY ${ARROW_ROOT}/lib/libarrow.so.${CMAKE_MATCH_1})
  set(ArrowWheel_parquet_LIBRARY ${ARROW_ROOT}/lib/libparquet.so.${CMAKE_MATCH_1})
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ArrowWheel
  REQUIRED_VARS ArrowWheel_INCLUDE_DIR ArrowWheel_arrow_LIBRARY ArrowWheel_parquet_LIBRARY
  VERSION_VAR ArrowWheel_VERSION REASON_FAILURE_MESSAGE "run scripts/setup first")
if(ArrowWheel_FOUND AND NOT TARGET ArrowWheel::arrow)
  foreach(part arrow parquet)
    add_library(ArrowWheel::${part} SHARED IMPORTED GLOBAL)
    set_target_properties(ArrowWheel::${part} PROPERTIES
      IMPORTED_LOCATION ${ArrowWheel_${part}_LIBRARY})
    # SYSTEM: our warnings are not theirs.
    target_include_directories(ArrowWheel::${part} SYSTEM INTERFACE ${ArrowWheel_INCLUDE_DIR})
  endforeach()
  target_link_libraries(ArrowWheel::parquet INTERFACE ArrowWheel::arrow)
endif()
