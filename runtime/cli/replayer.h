#pragma once
// Reads dead letters and writes the records they were made of back to their topics.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/broker/broker.h"
#include "runtime/cli/replay_letter.h"

namespace millrace {

/// What became of the letters so far.
struct ReplayCounts {
  int64_t read = 0;
  int64_t replayed = 0;        // acknowledged, or what would be with dry_run
  int64_t left_out = 0;        // by the options
  int64_t without_origin = 0;  // nothing says where they came from, or they are a source's
  int64_t total = 0;           // to read, as offsets say
  std::map<std::string, int64_t, std::less<>> by_topic = {};  // replayed
};

/// One run, on one thread.
class Replayer : private DeliveryListener {
 public:
  static constexpr uint32_t kBatchRows = 500;
  static constexpr Millis kCommitInterval{5'000};  // of the group's offsets
  static constexpr Millis kSilence{60'000};        // longest time without a letter before the end
  static constexpr Millis kAnswerLimit{180'000};  // and without an acknowledgement

  struct Events {
    std::function<void(const Record& letter, const LetterOrigin& origin)> chosen = {};  // before it is restored
    std::function<void(const Record& letter)> without_origin = {};
    std::function<void(const ReplayCounts&)> progress = {};  // after each batch
    std::function<bool()> stop = [] { return false; };
  };

  /// `worker` are the settings of the worker whose log it is. All outlive this.
  Replayer(Broker& broker, const Properties& worker, const ReplayOptions& options, Events events);
  ~Replayer() override;

  /// From where the group has come to, or the beginning, to the end as it is now. True: to that end; false:
  /// stopped. The group's offsets follow what was acknowledged, also when this throws. Throws ConnectException
  /// and what the log throws.
  bool run();
  const ReplayCounts& counts() const noexcept { return counts_; }

 private:
  void on_delivery(std::span<const Delivery> deliveries) override;
  void find_places();
  bool read_to_end();
  bool at_end() const;
  void replay(RecordBatch& batch);
  bool prepare(RecordBatch& batch, uint32_t row);
  int32_t partitions_of(std::string_view topic);
  void write(RecordBatch& batch, std::span<const uint32_t> rows);
  void commit();

  Broker& broker_;
  const Properties& worker_;
  const ReplayOptions& options_;
  const Events events_;
  ReplayCounts counts_;
  std::unique_ptr<BrokerAdmin> admin_;
  std::unique_ptr<RecordConsumer> consumer_;
  std::unique_ptr<RecordProducer> producer_;  // null with dry_run
  RecordBatch batch_{kBatchRows};
  OffsetMap begins_;  // of the partitions with letters to read
  OffsetMap ends_;
  OffsetMap done_;    // behind the last letter that was dealt with
  OffsetMap committed_;
  std::map<std::string, int32_t, std::less<>> partitions_;
  std::optional<RowError> failure_;
  std::chrono::steady_clock::time_point next_commit_;
};

}  // namespace millrace
