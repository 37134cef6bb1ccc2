// Filter: drops every record it is given; its predicate chooses them.

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"

namespace millrace::transforms {
namespace {

class Filter {
 public:
  static const ConfigDefinition& definition() {
    static const ConfigDefinition none;
    return none;
  }
  void configure(const Properties&) {}
  bool apply(RecordBatch&, Record& record, Failure&) const {
    record.state = RowState::Filtered;
    return true;
  }
};

}  // namespace

void register_filter(PluginTable& table) { add_transformation<Filter>(table, "Filter"); }

}  // namespace millrace::transforms
