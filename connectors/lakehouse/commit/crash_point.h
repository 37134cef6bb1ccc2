#pragma once
// Named places where tests end the process as a power cut would.

#include <string_view>

namespace millrace::lakehouse {

/// SIGKILL to this process, when the environment says `MILLRACE_CRASH_AT=<point>:<n>` and this is the
/// n-th pass of the point, over all threads. Not for every record: files, manifests and commits.
///
/// `create`, `evolve`: the table or its schema changed, nothing was written yet; `pin`: starts are in the
/// table, nothing was read yet; `file.write`: rows are with the encoder; `file.finish`: the data file has
/// its name; `manifest.write`: so has the manifest; `merge.write`: so has one that others were merged
/// into; `list.write`: the manifest list is next; `commit.before`, `commit.after`: around the catalog's
/// commit; `offsets.before`, `offsets.after`: around the consumer group's offsets.
void crash_point(std::string_view point) noexcept;

}  // namespace millrace::lakehouse
