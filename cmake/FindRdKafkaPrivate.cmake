# librdkafka >= the wanted version: from RDKAFKA_ROOT, else the prefix scripts/setup builds, else the
# system's. Defines RdKafka::rdkafka (shared).
if(NOT RDKAFKA_ROOT)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../scripts/setup --print-rdkafka-root
    OUTPUT_VARIABLE RDKAFKA_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
# The prefix changes with its recipe.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/../scripts/setup)
find_path(RdKafka_INCLUDE_DIR librdkafka/rdkafka.h HINTS ${RDKAFKA_ROOT}/include NO_CACHE)
find_library(RdKafka_LIBRARY NAMES rdkafka HINTS ${RDKAFKA_ROOT}/lib NO_CACHE)
if(RdKafka_INCLUDE_DIR)
  file(STRINGS ${RdKafka_INCLUDE_DIR}/librdkafka/rdkafka.h _line REGEX "^#define RD_KAFKA_VERSION ")
  string(REGEX MATCH "0x(..)(..)(..)" _ "${_line}")
  math(EXPR _major "0x${CMAKE_MATCH_1}")
  math(EXPR _minor "0x${CMAKE_MATCH_2}")
  math(EXPR _patch "0x${CMAKE_MATCH_3}")
  set(RdKafka_VERSION ${_major}.${_minor}.${_patch})
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(RdKafkaPrivate
  REQUIRED_VARS RdKafka_LIBRARY RdKafka_INCLUDE_DIR VERSION_VAR RdKafka_VERSION
  REASON_FAILURE_MESSAGE "run scripts/setup first")
if(RdKafkaPrivate_FOUND AND NOT TARGET RdKafka::rdkafka)
  add_library(RdKafka::rdkafka SHARED IMPORTED)
  set_target_properties(RdKafka::rdkafka PROPERTIES IMPORTED_LOCATION ${RdKafka_LIBRARY})
  target_include_directories(RdKafka::rdkafka SYSTEM INTERFACE ${RdKafka_INCLUDE_DIR})
endif()
