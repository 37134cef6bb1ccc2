#pragma once
// What catalogs without a server have in common.

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "connectors/lakehouse/catalog/catalog.h"
#include "tests/support/temporary_folder.h"

namespace millrace::lakehouse {

/// The parameter is the type of the catalog: `hadoop`, `jdbc` (SQLite), or the URI of a PostgreSQL
/// server.
class CatalogTest : public ::testing::TestWithParam<std::string> {
 protected:
  /// Another one sees the same tables, as another process would.
  std::shared_ptr<Catalog> make() const;

  testing_support::TemporaryFolder folder_;
};

}  // namespace millrace::lakehouse
