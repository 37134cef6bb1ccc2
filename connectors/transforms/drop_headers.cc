// DropHeaders: removes the headers of the given names.

#include <algorithm>

#include "connectors/transforms/registrations.h"
#include "connectors/transforms/side.h"

namespace millrace::transforms {
namespace {

struct Options {
  std::vector<std::string> headers;
};

const ConfigDef<Options>& rows() {
  static const ConfigDef<Options> def =
      ConfigDef<Options>().required(&Options::headers, {.name = "headers",
                                                        .importance = Importance::High,
                                                        .doc = "Names of the headers to remove.",
                                                        .validator = non_empty_list()});
  return def;
}

class DropHeaders {
 public:
  static const ConfigDefinition& definition() { return rows().definition(); }
  void configure(const Properties& config) { names_ = rows().parse(config).headers; }

  bool apply(RecordBatch& batch, Record& record, Failure&) const {
    const auto headers = record.header_span();
    const auto dropped = [this](const Header& header) {
      return std::find(names_.begin(), names_.end(), header.key) != names_.end();
    };
    const auto first = std::find_if(headers.begin(), headers.end(), dropped);
    if (first == headers.end()) return true;
    // Rows may share an array of headers, so the one at hand stays as it is.
    const auto kept = batch.arena().make_array<Header>(headers.size() - 1);
    const auto end = std::remove_copy_if(headers.begin(), headers.end(), kept.begin(), dropped);
    record.headers = kept.data();
    record.header_count = static_cast<uint32_t>(end - kept.begin());
    return true;
  }

 private:
  std::vector<std::string> names_;
};

}  // namespace

void register_drop_headers(PluginTable& table) {
  add_transformation<DropHeaders>(table, "DropHeaders");
}

}  // namespace millrace::transforms
