// Recomputes what GroupOracle.java printed, from its input on standard input, and reports where the
// answers differ. The last line counts what was compared; exit code 1 after a difference.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "millrace/errors.h"
#include "runtime/group/assignor.h"
#include "tests/oracle/notation.h"

namespace millrace::group {
namespace {

constexpr size_t kShown = 5;        // differences in full
constexpr int kOtherHashSets = 19;  // the first JDK whose sets iterate otherwise at some sizes

using oracle::bytes_of;
using oracle::to_hex;

std::string describe(const std::vector<std::string>& connectors,
                     const std::vector<ConnectorTaskId>& tasks) {
  std::string text;
  for (const std::string& connector : connectors) text += to_hex(connector) + " ";
  for (const auto& [connector, task] : tasks)
    text += fmt::format("{}/{} ", to_hex(connector), task);
  return text;
}

std::string describe(const Assignment& a) {
  return fmt::format("assignment {} {} {} {} {} has {}revokes {}", a.error, to_hex(a.leader),
                     to_hex(a.leader_url), a.offset, a.delay_ms, describe(a.connectors, a.tasks),
                     describe(a.revoked_connectors, a.revoked_tasks));
}

std::string describe(const Subscription& s) {
  return fmt::format("subscription {} {} {}", to_hex(s.url), s.offset,
                     s.allocation ? describe(*s.allocation) : "none");
}

template <typename Blob>
std::string described_and_written(const Blob& blob) {
  std::string text = "\t" + describe(blob);
  for (const auto version :
       {ProtocolVersion::Eager, ProtocolVersion::Compatible, ProtocolVersion::Sessioned}) {
    text += "\t" + to_hex(encode(blob, version));
  }
  return text;
}

/// The answer to one blob in Java's notation; Java refuses an empty assignment like a damaged one.
std::string answer(char kind, const std::string& bytes) {
  try {
    if (kind == 'U') return described_and_written(decode_subscription(bytes));
    const auto assignment = decode_assignment(bytes);
    return assignment ? described_and_written(*assignment) : "\terror";
  } catch (const ConnectException&) {
    return "\terror";
  }
}

/// What the coordinator of one round told, and Java's answer to it.
struct Case {
  int version = 0;
  Round round;
  std::map<std::string, std::string> assignments;  // bytes
  LeaderState owners;
  std::vector<std::string> lines;
};

/// `assignment` with its lists sorted.
Assignment sorted(Assignment assignment) {
  std::sort(assignment.connectors.begin(), assignment.connectors.end());
  std::sort(assignment.tasks.begin(), assignment.tasks.end());
  std::sort(assignment.revoked_connectors.begin(), assignment.revoked_connectors.end());
  std::sort(assignment.revoked_tasks.begin(), assignment.revoked_tasks.end());
  return assignment;
}

class Comparison {
 public:
  void line(const std::string& text);
  int finish() const;

 private:
  void input(std::istringstream& in, char kind);
  void compare(bool with_state);
  void blob(char kind, const std::string& text);
  void count(const Assignment& assignment);
  void differ(const std::string& what);
  bool same(const std::string& mine, const std::string& java) const;

  bool ordered_ = true;
  int32_t max_delay_ms_ = 0;
  std::map<std::string, Assignor> assignors_;  // each member has its own
  Case case_;
  std::map<std::string, size_t> counts_;
  size_t differences_ = 0;
};

ConfigView config_view(std::istringstream& in) {
  ConfigView view;
  in >> view.offset;
  std::string name;
  for (int32_t tasks = 0; in >> name >> tasks;) view.connectors[bytes_of(name)] = tasks;
  return view;
}

void Comparison::input(std::istringstream& in, char kind) {
  std::string first;
  std::string second;
  if (kind == 'C') {
    case_.round.config = config_view(in);
  } else if (kind == 'F') {
    case_.round.latest_config = config_view(in);
  } else if (kind == 'M') {
    in >> first >> second;
    case_.round.members.push_back({bytes_of(first), decode_subscription(bytes_of(second))});
    case_.owners.urls[bytes_of(first)] = case_.round.members.back().subscription.url;
  } else if (kind == 'A') {
    in >> first >> second;
    case_.assignments[bytes_of(first)] = bytes_of(second);
  } else if (kind == 'O') {
    int32_t task = 0;
    in >> first >> task >> second;
    if (task < 0) {
      case_.owners.connector_owners[bytes_of(first)] = bytes_of(second);
    } else {
      case_.owners.task_owners[{bytes_of(first), task}] = bytes_of(second);
    }
  }
}

void Comparison::line(const std::string& text) {
  const char kind = text.at(0);
  std::istringstream in(text.substr(1));
  if (kind == 'B' || kind == 'U') return blob(kind, text.substr(2));
  if (kind == 'J') {
    int version = 0;
    in >> version;
    ordered_ = version < kOtherHashSets;
    return;
  }
  if (kind == 'S') {
    in >> max_delay_ms_;
    assignors_.clear();
    ++counts_["sequences"];
    return;
  }
  if (kind == 'R') {
    case_ = {};
    std::string leader;
    in >> case_.version >> leader >> case_.round.now_ms >> case_.round.last_completed_generation >>
        case_.round.generation;
    case_.round.leader = bytes_of(leader);
  }
  case_.lines.push_back(text);
  if (kind == 'E' || kind == 'N') return compare(kind == 'E');
  input(in, kind);
}

void Comparison::count(const Assignment& assignment) {
  ++counts_["assignments"];
  if (assignment.failed()) ++counts_["mismatches"];
  if (!assignment.connectors.empty() || !assignment.tasks.empty()) ++counts_["with work"];
  if (!assignment.revoked_connectors.empty()) ++counts_["revoking connectors"];
  if (!assignment.revoked_tasks.empty()) ++counts_["revoking tasks"];
  if (assignment.delay_ms == max_delay_ms_ && max_delay_ms_ > 0) ++counts_["with full delay"];
  if (assignment.delay_ms > 0 && assignment.delay_ms < max_delay_ms_) ++counts_["with part delay"];
}

bool Comparison::same(const std::string& mine, const std::string& java) const {
  return mine == java || (!ordered_ && sorted(decode_assignment(mine).value()) ==
                                           sorted(decode_assignment(java).value()));
}

void Comparison::compare(bool with_state) {
  ++counts_["rounds"];
  const auto version = static_cast<ProtocolVersion>(case_.version);
  Assignor& assignor = assignors_.try_emplace(case_.round.leader, max_delay_ms_).first->second;
  const RoundResult result = assignor.assign(version, case_.round);
  std::string what;
  for (const auto& [member, assignment] : result.assignments) {
    count(assignment);
    const std::string mine = encode(assignment, version);
    const std::string& java = case_.assignments[member];
    if (same(mine, java)) continue;
    what += fmt::format("{}\n  native {}\n  java   {}\n", member, describe(assignment),
                        describe(decode_assignment(java).value()));
  }
  if (result.assignments.size() != case_.assignments.size()) what += "other members\n";
  if (result.leader_state.has_value() != with_state) {
    what += "only one knows the owners\n";
  } else if (with_state &&
             (result.leader_state->connector_owners != case_.owners.connector_owners ||
              result.leader_state->task_owners != case_.owners.task_owners ||
              result.leader_state->urls != case_.owners.urls)) {
    what += "other owners\n";
  }
  if (!what.empty()) differ(what);
}

void Comparison::blob(char kind, const std::string& text) {
  const size_t tab = text.find('\t');
  const std::string mine = answer(kind, bytes_of(text.substr(0, tab)));
  ++counts_[mine == "\terror" ? "blobs refused" : "blobs read"];
  const std::string java = text.substr(tab);
  if (mine == java) return;
  // What was read has no order of its own, what was written has.
  const auto read = [](const std::string& answer) { return answer.substr(0, answer.find("\tx")); };
  if (!ordered_ && read(mine) == read(java)) return;
  case_.lines = {text};
  differ("native" + mine + "\n");
}

void Comparison::differ(const std::string& what) {
  if (++differences_ > kShown) return;
  std::cout << "== difference " << differences_ << ", sequence " << counts_["sequences"]
            << ", max delay " << max_delay_ms_ << "\n";
  for (const std::string& input : case_.lines) {
    if (input[0] != 'O' && input[0] != 'A') std::cout << input << "\n";
  }
  std::cout << what;
}

int Comparison::finish() const {
  for (const auto& [what, number] : counts_) std::cout << what << ": " << number << "\n";
  std::cout << "differences: " << differences_ << "\n";
  return differences_ == 0 ? 0 : 1;
}

}  // namespace
}  // namespace millrace::group

int main() {
  std::ios::sync_with_stdio(false);
  millrace::group::Comparison comparison;
  for (std::string text; std::getline(std::cin, text);) comparison.line(text);
  return comparison.finish();
}
