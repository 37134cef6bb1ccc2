# The worker's own connections to brokers. Starts a broker of its own, with secured listeners.
add_executable(group_tool group_tool.cc)
set_target_properties(group_tool PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_include_directories(group_tool PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(group_tool PRIVATE millrace_group millrace_flags)
add_dependencies(group_tool millrace-http-post)
millrace_python_test(group_security_test LABELS integration broker java TIMEOUT 300)
