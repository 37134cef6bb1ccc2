#pragma once
// What every connector must do. Include this in one source file of a test program, derive from
// SourceUnderTest or SinkUnderTest (under_test.h), and instantiate:
//
//   INSTANTIATE_TEST_SUITE_P(FileStreamSource, ConnectorSuite, of<FileSource>());
//   INSTANTIATE_TEST_SUITE_P(FileStreamSource, SourceSuite, of_source<FileSource>());

#include "tests/conformance/common_suite.h"
#include "tests/conformance/sink_suite.h"
#include "tests/conformance/source_suite.h"
