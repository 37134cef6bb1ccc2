# Target helpers: one line per library, plugin and test.
include(MillracePlugin)

# Flags every target of ours is compiled with.
add_library(millrace_flags INTERFACE)
target_compile_options(millrace_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer)
if(MILLRACE_SANITIZER STREQUAL "address")
  # GCC 12 sees uninitialised memory in std::regex and std::function when they are instrumented.
  target_compile_options(millrace_flags INTERFACE -fsanitize=address,undefined
    -fno-sanitize-recover=undefined -Wno-maybe-uninitialized)
  target_link_options(millrace_flags INTERFACE -fsanitize=address,undefined)
elseif(MILLRACE_SANITIZER STREQUAL "thread")
  # GCC warns that fences are not modelled; Asio has them.
  target_compile_options(millrace_flags INTERFACE -fsanitize=thread -Wno-tsan)
  target_link_options(millrace_flags INTERFACE -fsanitize=thread)
elseif(MILLRACE_SANITIZER STREQUAL "fuzzer")
  # The warnings are GCC's business. Arenas poison their memory where GCC's macro says ASan.
  target_compile_options(millrace_flags INTERFACE -w -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=undefined)
  target_compile_definitions(millrace_flags INTERFACE __SANITIZE_ADDRESS__)
  target_link_options(millrace_flags INTERFACE -fsanitize=address,undefined)
endif()

# millrace_library(NAME SOURCES a.cc ... LINK lib ...): a static library of runtime/ or connectors/.
function(millrace_library name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${A_LINK} PRIVATE millrace_flags)
endfunction()

# millrace_plugin(NAME SOURCES a.cc ... LINK lib ...): a shipped plugin. SOURCES become the static
# library millrace_<NAME>, which tests link too; the module is that library and plugin.cc, built into
# build/<preset>/plugins/<NAME>/<NAME>.so and installed beside the worker.
function(millrace_plugin name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  millrace_library(millrace_${name} SOURCES ${A_SOURCES} LINK millrace::core ${A_LINK})
  set_target_properties(millrace_${name} PROPERTIES CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  millrace_add_plugin(${name} SOURCES plugin.cc LINK millrace_${name} millrace_flags)
  set_target_properties(${name} PROPERTIES BUILD_RPATH_USE_ORIGIN ON
    INSTALL_RPATH "$ORIGIN;$ORIGIN/../../${CMAKE_INSTALL_LIBDIR}")
  install(TARGETS ${name} LIBRARY DESTINATION plugins/${name})
endfunction()

# millrace_test(NAME SOURCES ... LINK ... LABELS ...): a GoogleTest program; each TEST is a ctest.
# Tests labelled `broker` read MILLRACE_TEST_BOOTSTRAP.
function(millrace_test name)
  cmake_parse_arguments(A "" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${A_LINK} GTest::gtest_main GTest::gmock millrace_flags)
  if(NOT A_LABELS)
    set(A_LABELS unit)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 60)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST TEST_PREFIX ${name}.
    PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT})
endfunction()
