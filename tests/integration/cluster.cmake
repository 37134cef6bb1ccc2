# Three workers of one group; each starts a broker of its own that serves all its tests.
foreach(test cluster_test cluster_bad_input_test)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${test}.py)
    millrace_python_test(${test} LABELS integration broker java TIMEOUT 300)
  endif()
endforeach()
