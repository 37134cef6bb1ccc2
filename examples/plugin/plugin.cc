#include <millrace/plugin.h>

#include "sequence_source.h"
#include "tally_sink.h"

MILLRACE_PLUGIN(table) {
  table.connector<example::SequenceSourceConnector>({"org.example.SequenceSourceConnector", "1.0"});
  table.connector<example::TallySinkConnector>({"org.example.TallySinkConnector", "1.0"});
}
