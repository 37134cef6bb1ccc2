# Java workers and ours in one group.
millrace_python_test(mixed_cluster_test LABELS integration broker java TIMEOUT 600)
