#pragma once
// A MariaDB server for the tests of one program, and empty databases for each of them.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "connectors/feature_store/mysql/connection.h"
#include "connectors/feature_store/mysql/mysql_store.h"
#include "tests/support/mariadb_server.h"
#include "tests/unit/feature_store/changes.h"

namespace millrace::feature_store::testing_support {

using millrace::testing_support::MariadbServer;

/// Started by the first test that asks, for all of the program.
inline MariadbServer& mariadb() {
  static MariadbServer server;
  return server;
}

class MysqlStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    connect();
    for (const char* name : {"bank", "millrace"}) {
      connection_->run(std::string("DROP DATABASE IF EXISTS ") + name);
    }
  }
  void connect() { connection_ = std::make_unique<MysqlConnection>(options()); }

  static MysqlOptions options() {
    MysqlOptions options;
    options.socket = mariadb().socket();
    options.user = "root";
    options.consumer_group = "sink";
    return options;
  }
  static std::unique_ptr<OnlineStore> open(bool hidden = false) {
    MysqlOptions with = options();
    with.hidden_columns = hidden;
    return open_mysql(with);
  }
  /// Rows as text, values between bars.
  std::vector<std::string> rows(const std::string& sql) {
    std::vector<std::string> out;
    for (const MysqlConnection::Row& row : connection_->query(sql)) {
      std::string& text = out.emplace_back();
      for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : "|") + row[i].value_or("NULL");
    }
    return out;
  }
  std::string one(const std::string& sql) {
    const auto all = rows(sql);
    return all.size() == 1 ? all[0] : std::to_string(all.size()) + " rows";
  }
  static int64_t position(OnlineStore& store) {
    const OffsetMap all = store.positions(std::vector{kPartition});
    return all.empty() ? -1 : raw(all.at(kPartition));
  }

  std::unique_ptr<MysqlConnection> connection_;
};

}  // namespace millrace::feature_store::testing_support
