# Bytes of any kind on either log, which no shipped connector writes.
add_executable(log_tool log_tool.cc)
set_target_properties(log_tool PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_include_directories(log_tool PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(log_tool PRIVATE millrace_broker_kafka millrace_broker_embedded millrace_flags)
millrace_python_test(poison_test LABELS integration broker java TIMEOUT 300)
