#include "connectors/file/file_options.h"

namespace millrace::file {

const ConfigDef<SourceOptions>& SourceOptions::def() {
  static const auto def =
      ConfigDef<SourceOptions>{}
          .optional(&SourceOptions::file,
                    {.name = "file",
                     .importance = Importance::High,
                     .doc = "File to read. Standard input is read when it is not set."})
          .required(&SourceOptions::topic, {.name = "topic",
                                            .importance = Importance::High,
                                            .doc = "Topic the lines are written to.",
                                            .validator = non_empty_string()})
          .optional(&SourceOptions::batch_size,
                    {.name = "batch.size",
                     .importance = Importance::Low,
                     .doc = "Most lines handed to the worker at a time."});
  return def;
}

const ConfigDef<SinkOptions>& SinkOptions::def() {
  static const auto def = ConfigDef<SinkOptions>{}.optional(
      &SinkOptions::file,
      {.name = "file",
       .importance = Importance::High,
       .doc = "File the records are appended to. Standard output is used when it is not set."});
  return def;
}

}  // namespace millrace::file
