#pragma once

#include <string>
#include <vector>

namespace millrace {

/// `millrace replay`: writes the records behind dead letters back to their topics. Exit codes: 0 all letters
/// were dealt with; 1 some could not be, or it ended early; 2 nothing could be tried; 130 and 143 after a signal.
int run_replay(const std::vector<std::string>& arguments);

}  // namespace millrace
