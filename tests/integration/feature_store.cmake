# The feature-store sink in whole workers.
if(TARGET feature_store)
  millrace_python_test(feature_store_flow_test LABELS integration)
  millrace_python_test(feature_store_faults_test LABELS integration)
  millrace_python_test(feature_store_metadata_test LABELS integration)
  millrace_python_test(feature_store_positions_test LABELS integration)
  # Start a broker of their own.
  millrace_python_test(feature_store_topics_test LABELS integration broker java TIMEOUT 300)
  # Kills at every step of a batch.
  add_test(NAME feature_store_kill_test COMMAND ${Python3_EXECUTABLE}
    ${PROJECT_SOURCE_DIR}/tests/chaos/feature_store_kill_test.py -v)
  set_tests_properties(feature_store_kill_test PROPERTIES LABELS chaos TIMEOUT 400
    ENVIRONMENT "MILLRACE_BIN=${CMAKE_BINARY_DIR}/bin/millrace;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support;PYTHONDONTWRITEBYTECODE=1;MILLRACE_BUILD=${CMAKE_BINARY_DIR}")
endif()
