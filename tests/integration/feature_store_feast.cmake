# Redis as Feast reads it.
if(TARGET millrace_feature_store_redis)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/setup --print-feast-python
    OUTPUT_VARIABLE MILLRACE_FEAST_PYTHON OUTPUT_STRIP_TRAILING_WHITESPACE)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/tests/support/feast/requirements.txt)
  add_executable(feature_store_redis_tool ${CMAKE_CURRENT_LIST_DIR}/feature_store_redis_tool.cc)
  set_target_properties(feature_store_redis_tool PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(feature_store_redis_tool PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(feature_store_redis_tool PRIVATE millrace_feature_store_redis GTest::gtest
    millrace_flags)
  add_test(NAME feature_store_feast_test COMMAND ${MILLRACE_FEAST_PYTHON}
    ${CMAKE_CURRENT_LIST_DIR}/feature_store_feast_test.py -v)
  set_tests_properties(feature_store_feast_test PROPERTIES LABELS "integration;python" TIMEOUT 180
    ENVIRONMENT "PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support;PYTHONDONTWRITEBYTECODE=1;MILLRACE_BUILD=${CMAKE_BINARY_DIR}")
endif()
