#include "runtime/storage/config_transformer.h"

#include <optional>
#include <set>
#include <vector>

#include "millrace/errors.h"

namespace millrace {
namespace {

struct Variable {
  size_t begin = 0;  // of `${`
  size_t end = 0;    // after `}`
  std::string provider;
  std::string path;
  std::string key;
};

/// First variable at or after `from`: the first colon ends the provider, the second one the path,
/// the rest is the key.
std::optional<Variable> next_variable(std::string_view text, size_t from) {
  while (true) {
    const size_t begin = text.find("${", from);
    if (begin == std::string_view::npos) return std::nullopt;
    const size_t close = text.find('}', begin);
    if (close == std::string_view::npos) return std::nullopt;
    std::string_view body = text.substr(begin + 2, close - begin - 2);
    const size_t first = body.find(':');
    if (first == std::string_view::npos) {
      from = begin + 2;
      continue;
    }
    Variable variable{begin, close + 1, std::string(body.substr(0, first)), {}, {}};
    body.remove_prefix(first + 1);
    if (const size_t second = body.find(':'); second != std::string_view::npos) {
      variable.path = body.substr(0, second);
      body.remove_prefix(second + 1);
    }
    variable.key = body;
    return variable;
  }
}

using Lookups = std::map<std::pair<std::string, std::string>, std::set<std::string>>;
using Values = std::map<std::pair<std::string, std::string>, Properties>;

std::string replace(const std::string& text, const Values& values) {
  std::string result;
  size_t done = 0;
  while (const auto variable = next_variable(text, done)) {
    result.append(text, done, variable->begin - done);
    const auto found = values.find({variable->provider, variable->path});
    const std::string* value = found == values.end() ? nullptr : find(found->second, variable->key);
    if (value != nullptr) {
      result += *value;
    } else {
      result.append(text, variable->begin, variable->end - variable->begin);
    }
    done = variable->end;
  }
  return result.append(text, done);
}

std::vector<std::string> split_verbatim(const std::string* text) {
  std::vector<std::string> names;
  if (text == nullptr || text->empty()) return names;
  size_t start = 0;
  while (start <= text->size()) {
    const size_t comma = std::min(text->find(',', start), text->size());
    names.push_back(text->substr(start, comma - start));
    start = comma + 1;
  }
  return names;
}

}  // namespace

bool has_variable(std::string_view value) noexcept {
  const size_t begin = value.find("${");
  if (begin == std::string_view::npos) return false;
  const size_t close = value.find('}', begin);
  return close != std::string_view::npos &&
         value.substr(begin, close - begin).find(':') != std::string_view::npos;
}

ConfigTransformer ConfigTransformer::of(const Properties& worker, Names names) {
  const std::string* list = find(worker, "config.providers");
  Providers providers;
  for (const std::string& name :
       names == Names::Verbatim ? split_verbatim(list) : split_list(list)) {
    const std::string prefix = "config.providers." + name + ".";
    const std::string* class_name = find(worker, prefix + "class");
    if (class_name == nullptr) continue;
    auto provider = make_config_provider(*class_name, with_prefix(worker, prefix + "param."));
    if (!provider) {
      throw ConfigException("Invalid value " + *class_name + " for configuration " + prefix +
                            "class: Could not load config provider class or one of its "
                            "dependencies; this worker has File, Directory and EnvVar");
    }
    providers.insert_or_assign(name, std::move(provider));
  }
  return ConfigTransformer(std::move(providers));
}

Properties ConfigTransformer::resolve(const Properties& config) const {
  Lookups lookups;
  for (const auto& [key, value] : config) {
    size_t from = 0;
    while (const auto variable = next_variable(value, from)) {
      if (providers_.contains(variable->provider)) {
        lookups[{variable->provider, variable->path}].insert(variable->key);
      }
      from = variable->end;
    }
  }
  if (lookups.empty()) return config;
  Values values;
  for (const auto& [source, keys] : lookups) {
    values.emplace(source, providers_.find(source.first)->second->get(source.second, keys));
  }
  Properties result;
  for (const auto& [key, value] : config) result.emplace(key, replace(value, values));
  return result;
}

Properties resolve_worker_config(const Properties& worker) {
  return ConfigTransformer::of(worker, ConfigTransformer::Names::Verbatim).resolve(worker);
}

}  // namespace millrace
