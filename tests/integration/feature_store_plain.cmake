# Rows of records without headers, and copies of the store.
if(TARGET feature_store)
  millrace_python_test(feature_store_plain_test LABELS integration)
endif()
