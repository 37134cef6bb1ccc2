#include "connectors/feature_store/serving/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <system_error>

#include "connectors/feature_store/serving/request_error.h"
#include "millrace/json.h"
#include "millrace/log.h"

namespace millrace::feature_store {
namespace {

constexpr std::string_view kUnfinished = ".partial";  // behind the name of a copy that is being made

/// ASCII alone, whatever the locale is.
bool is_name_character(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

void check_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= Checkpoints::kMaxName && name.front() != '.' &&
                    std::all_of(name.begin(), name.end(), is_name_character) && !name.ends_with(kUnfinished);
  if (good) return;
  throw RequestError(ErrorCode::BadInput,
                     "'name' must be 1 to 100 letters, digits, '.', '_' and '-', not begin with '.', and not end "
                     "with '.partial'");
}

class CheckpointJob final : public Job {
 public:
  CheckpointJob(std::string name, std::string path, std::shared_ptr<RowSource> rows,
                std::shared_ptr<std::atomic<bool>> busy)
      : name_(std::move(name)), path_(std::move(path)) {
    offsets_ = std::async(std::launch::async, [path = path_, rows = std::move(rows), busy = std::move(busy)] {
      const std::shared_ptr<void> free(nullptr, [&busy](void*) { busy->store(false); });
      OffsetMap offsets = rows->checkpoint(path);
      log(LogLevel::Info, "millrace.feature_store.Checkpoints", "Made a checkpoint of the store in " + path);
      return offsets;
    });
  }

  bool is_done() const noexcept override {
    return offsets_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  void append(std::string& out) {
    const OffsetMap offsets = offsets_.get();
    out += "{\"name\":";
    append_json_string(out, name_, false);
    out += ",\"path\":";
    append_json_string(out, path_, false);
    out += ",\"offsets\":[";
    bool first = true;
    for (const auto& [partition, offset] : offsets) {
      out += first ? "{\"topic\":" : ",{\"topic\":";
      first = false;
      append_json_string(out, partition.topic, false);
      fmt::format_to(std::back_inserter(out), ",\"partition\":{},\"offset\":{}}}", partition.partition, raw(offset));
    }
    out += "]}";
  }

 private:
  const std::string name_;
  const std::string path_;
  std::future<OffsetMap> offsets_;
};

}  // namespace

Checkpoints::Checkpoints(std::shared_ptr<RowSource> rows, std::string folder)
    : rows_(std::move(rows)), folder_(std::filesystem::absolute(folder).lexically_normal().string()) {}

std::shared_ptr<Job> Checkpoints::begin(std::string_view name) {
  check_name(name);
  if (busy_->exchange(true)) {
    throw RequestError(ErrorCode::ReadFailed, 503, "Another checkpoint is being made; ask again when it is done");
  }
  try {
    const std::filesystem::path path = std::filesystem::path(folder_) / name;
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) {
      throw RequestError(ErrorCode::BadInput, 409,
                         fmt::format("Checkpoint '{}' is there already; remove it, or name another one", name));
    }
    return std::make_shared<CheckpointJob>(std::string(name), path.string(), rows_, busy_);
  } catch (...) {
    busy_->store(false);
    throw;
  }
}

void Checkpoints::append_answer(std::string& out, Job& job) { static_cast<CheckpointJob&>(job).append(out); }

}  // namespace millrace::feature_store
