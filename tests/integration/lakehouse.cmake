# The lakehouse sink in whole workers; tables are read by PyIceberg, DuckDB and icebird.
if(TARGET lakehouse)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/setup --print-icebird
    OUTPUT_VARIABLE MILLRACE_ICEBIRD OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/setup --print-iceberg-jars
    OUTPUT_VARIABLE MILLRACE_ICEBERG_JARS OUTPUT_STRIP_TRAILING_WHITESPACE)
  function(millrace_lakehouse_test name)
    cmake_parse_arguments(A "" "TIMEOUT;FOLDER" "LABELS" ${ARGN})
    if(NOT A_TIMEOUT)
      set(A_TIMEOUT 180)
    endif()
    if(NOT A_FOLDER)
      set(A_FOLDER ${PROJECT_SOURCE_DIR}/tests/integration)
    endif()
    add_test(NAME ${name} COMMAND ${MILLRACE_TEST_PYTHON} ${A_FOLDER}/${name}.py -v)
    set_tests_properties(${name} PROPERTIES LABELS "${A_LABELS}" TIMEOUT ${A_TIMEOUT}
      ENVIRONMENT "MILLRACE_BIN=${CMAKE_BINARY_DIR}/bin/millrace;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/support;PYTHONDONTWRITEBYTECODE=1;MILLRACE_BUILD=${CMAKE_BINARY_DIR};MILLRACE_ICEBIRD=${MILLRACE_ICEBIRD};MILLRACE_ICEBERG_JARS=${MILLRACE_ICEBERG_JARS}")
  endfunction()
  millrace_lakehouse_test(lakehouse_flow_test LABELS integration python)
  millrace_lakehouse_test(lakehouse_dynamic_test LABELS integration python TIMEOUT 400)
  millrace_lakehouse_test(lakehouse_offsets_test LABELS integration python)
  millrace_lakehouse_test(lakehouse_reject_test LABELS integration python)
  millrace_lakehouse_test(lakehouse_upsert_test LABELS integration python)
  millrace_lakehouse_test(lakehouse_evolution_test LABELS integration python)
  millrace_lakehouse_test(lakehouse_broker_test LABELS integration python broker)
  millrace_lakehouse_test(lakehouse_interop_test LABELS integration python java TIMEOUT 300)
  millrace_lakehouse_test(lakehouse_table_changes_test LABELS integration python java)
  millrace_lakehouse_test(lakehouse_storage_test LABELS integration python)
  # Starts a broker of its own, which compacts at once.
  millrace_lakehouse_test(lakehouse_topics_test LABELS integration python broker java)
  set(chaos ${PROJECT_SOURCE_DIR}/tests/chaos)
  millrace_lakehouse_test(lakehouse_kill_test FOLDER ${chaos} LABELS chaos python broker
    TIMEOUT 400)
  millrace_lakehouse_test(lakehouse_faults_test FOLDER ${chaos} LABELS chaos python java
    TIMEOUT 300)
endif()
