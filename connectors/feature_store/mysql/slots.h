#pragma once
// What Parameters are for the client library.

#include <mysql.h>

#include <deque>
#include <vector>

#include "connectors/feature_store/mysql/parameters.h"

namespace millrace::feature_store {

struct Parameters::Slots {
  union Value {
    long long whole;
    double real;
    MYSQL_TIME time;
  };
  MYSQL_BIND& add(enum_field_types type);
  /// Binds point to values, which move no more then.
  MYSQL_BIND* bind();

  std::vector<MYSQL_BIND> binds;
  std::deque<Value> values;
  size_t used = 0;
  size_t byte_count = 0;
};

}  // namespace millrace::feature_store
