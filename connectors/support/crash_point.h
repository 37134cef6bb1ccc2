#pragma once
// Named places where tests end the process as a power cut would.

#include <string_view>

namespace millrace {

/// SIGKILL to this process, when the environment says `MILLRACE_CRASH_AT=<point>:<n>` and this is the
/// n-th pass of the point, over all threads. Not for every record: files, batches and commits.
///
/// Lakehouse sink. `create`, `evolve`: the table or its schema changed, nothing was written yet; `pin`: starts
/// are in the table, nothing was read yet; `file.write`: rows are with the encoder; `file.finish`: the data
/// file has its name; `manifest.write`: so has the manifest; `merge.write`: so has one that others were merged
/// into; `list.write`: the manifest list is next; `commit.before`, `commit.after`: around the catalog's
/// commit; `offsets.before`, `offsets.after`: around the consumer group's offsets.
///
/// Embedded feature store. `store.create`: the folder is made, the store has no name yet; `store.prepare`: a
/// table or schema is about to be written; `store.write.before`, `store.write.after`: around a batch;
/// `store.flush`: all is durable; `store.checkpoint.copy`: files are in the temporary folder;
/// `store.checkpoint.rename`: they are a store of its own, without its name in the file system.
void crash_point(std::string_view point) noexcept;

}  // namespace millrace
