#include "runtime/group/connectors_and_tasks.h"

#include <algorithm>

namespace millrace::group {
namespace {

template <typename T>
bool overlap(const LinkedSet<T>& left, const LinkedSet<T>& right) {
  return std::any_of(left.begin(), left.end(), [&](const T& item) { return right.contains(item); });
}

template <typename T>
LinkedSet<T> kept(const LinkedSet<T>& held, const LinkedSet<T>& wanted) {
  LinkedSet<T> both;
  for (const T& item : arranged_as_java_set(held.items(), java_set_capacity(held.size()))) {
    if (wanted.contains(item)) both.add(item);
  }
  return both;
}

template <typename T>
LinkedSet<T> duplicates(const WorkerLoads& workers, LinkedSet<T> ConnectorsAndTasks::*kind) {
  LinkedSet<T> seen;
  LinkedSet<T> again;
  for (const WorkerLoad& worker : workers) {
    for (const T& item : worker.work.*kind) {
      if (seen.contains(item)) again.add(item);
      seen.add(item);
    }
  }
  return again;
}

}  // namespace

void ConnectorsAndTasks::add_all(const ConnectorsAndTasks& other) {
  connectors.add_all(other.connectors);
  tasks.add_all(other.tasks);
}

void ConnectorsAndTasks::remove_all(const ConnectorsAndTasks& other) {
  connectors.remove_all(other.connectors);
  tasks.remove_all(other.tasks);
}

bool ConnectorsAndTasks::overlaps(const ConnectorsAndTasks& other) const {
  return overlap(connectors, other.connectors) || overlap(tasks, other.tasks);
}

ConnectorsAndTasks difference(const ConnectorsAndTasks& base,
                              std::initializer_list<const ConnectorsAndTasks*> subtracted) {
  ConnectorsAndTasks rest;
  rest.connectors.add_all(base.connectors.sorted());
  rest.tasks.add_all(base.tasks.sorted());
  for (const ConnectorsAndTasks* other : subtracted) rest.remove_all(*other);
  return rest;
}

ConnectorsAndTasks intersection(const ConnectorsAndTasks& held, const ConnectorsAndTasks& wanted) {
  return {kept(held.connectors, wanted.connectors), kept(held.tasks, wanted.tasks)};
}

ConnectorsAndTasks union_of(const WorkerLoads& workers) {
  ConnectorsAndTasks all;
  for (const WorkerLoad& worker : workers) all.add_all(worker.work);
  return all;
}

ConnectorsAndTasks duplicates_of(const WorkerLoads& workers) {
  return {duplicates(workers, &ConnectorsAndTasks::connectors),
          duplicates(workers, &ConnectorsAndTasks::tasks)};
}

}  // namespace millrace::group
