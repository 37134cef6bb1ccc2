# Internal topics on a real broker, beside those of Kafka's own classes.
add_executable(topic_log_tool topic_log_tool.cc)
set_target_properties(topic_log_tool PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
target_include_directories(topic_log_tool PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(topic_log_tool PRIVATE millrace_broker_kafka millrace_storage millrace_flags)
millrace_python_test(topic_log_broker_test LABELS integration broker java TIMEOUT 300)
