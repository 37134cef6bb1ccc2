#include "runtime/herder/inter_worker_config.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <limits>

#include "millrace/errors.h"
#include "millrace/text.h"
#include "runtime/herder/internal_request.h"

namespace millrace {
namespace {

using Config = InterWorkerConfig;

/// A key generator: which sizes it takes, as those of the JDK.
struct Generator {
  const char* name;  // also the algorithm of its keys
  int32_t default_bits;
  int32_t least_bits;
};

constexpr Generator kGenerators[] = {
    {"HmacMD5", 512, 1},         {"HmacSHA1", 512, 1},        {"HmacSHA224", 224, 40},
    {"HmacSHA256", 256, 40},     {"HmacSHA384", 384, 40},     {"HmacSHA512", 512, 40},
    {"HmacSHA512/224", 224, 40}, {"HmacSHA512/256", 256, 40}, {"HmacSHA3-224", 224, 40},
    {"HmacSHA3-256", 256, 40},   {"HmacSHA3-384", 384, 40},   {"HmacSHA3-512", 512, 40}};

constexpr int32_t kMostBits = 65'536;  // a key must fit a record and be made at once

const Generator* find(const std::string& name) {
  for (const Generator& one : kGenerators) {
    if (::strcasecmp(one.name, name.c_str()) == 0) return &one;
  }
  return nullptr;
}

/// The same names: all keys are for MACs.
std::string unsupported() {
  return "the algorithm is not supported by this JVM; the supported algorithms are: " +
         java_list_text(mac_algorithms());
}

ConfigValidator key_generator() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* name = std::get_if<std::string>(&value);
            return name != nullptr && find(*name) != nullptr ? "" : unsupported();
          },
          "Any KeyGenerator algorithm supported by the worker JVM"};
}

ConfigValidator mac() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* name = std::get_if<std::string>(&value);
            return name != nullptr && is_mac_algorithm(*name) ? "" : unsupported();
          },
          "Any MAC algorithm supported by the worker JVM"};
}

/// The message names the one that is not supported, not the whole list.
ConfigValidator macs() {
  return {[](const ConfigValue& value) -> std::string {
            constexpr const char* kInvalid =
                "Invalid value {} for configuration inter.worker.verification.algorithms: {}";
            const auto* names = std::get_if<std::vector<std::string>>(&value);
            if (names == nullptr || names->empty()) {
              return fmt::format(fmt::runtime(kInvalid), "[]",
                                 "At least one signature verification algorithm must be provided");
            }
            for (const std::string& name : *names) {
              if (is_mac_algorithm(name)) continue;
              return fmt::format(fmt::runtime(kInvalid), name, unsupported());
            }
            return "";
          },
          "A list of one or more MAC algorithms, each supported by the worker JVM", true};
}

KeySpec low(std::string name, std::string doc, std::optional<ConfigValidator> validator = {}) {
  KeySpec spec{.name = std::move(name), .importance = Importance::Low, .doc = std::move(doc)};
  spec.validator = std::move(validator);
  return spec;
}

ConfigDef<Config> make_def() {
  ConfigDef<Config> def;
  def.optional(&Config::key_ttl_ms,
               low("inter.worker.key.ttl.ms",
                   "How long a session key for requests between workers is used, in ms; 0: for as "
                   "long as the leader stays.",
                   between(0, std::numeric_limits<int32_t>::max())))
      .optional(&Config::key_generation_algorithm,
                low("inter.worker.key.generation.algorithm",
                    "Algorithm of session keys for requests between workers.", key_generator()))
      .optional(&Config::key_size,
                low("inter.worker.key.size",
                    "Bits of session keys; unset: what is usual for the algorithm."))
      .optional(&Config::signature_algorithm,
                low("inter.worker.signature.algorithm",
                    "Algorithm that signs requests to other workers.", mac()))
      .optional(&Config::verification_algorithms,
                low("inter.worker.verification.algorithms",
                    "Algorithms permitted in requests of other workers.", macs()));
  return def;
}

int32_t key_bits(const Config& config) {
  return config.key_size.value_or(find(config.key_generation_algorithm)->default_bits);
}

void require_usable_size(const Config& config) {
  const Generator& generator = *find(config.key_generation_algorithm);
  const int32_t bits = key_bits(config);
  std::string reason;
  if (bits < generator.least_bits) {
    reason = generator.least_bits == 1
                 ? "Empty key"
                 : fmt::format("Key length must be at least {} bits", generator.least_bits);
  } else if (bits > kMostBits) {
    reason = fmt::format("Key length must be at most {} bits", kMostBits);
  }
  if (reason.empty()) return;
  throw ConfigException(
      fmt::format("Unable to create key generator with algorithm {} and key size {}: {}",
                  config.key_generation_algorithm, bits, reason));
}

}  // namespace

const ConfigDef<InterWorkerConfig>& inter_worker_config_def() {
  static const auto def = make_def();
  return def;
}

InterWorkerConfig parse_inter_worker_config(const Properties& properties) {
  Config config = inter_worker_config_def().parse(properties);
  require_usable_size(config);
  config.key_generation_algorithm = find(config.key_generation_algorithm)->name;
  const auto& permitted = config.verification_algorithms;
  if (std::find(permitted.begin(), permitted.end(), config.signature_algorithm) ==
      permitted.end()) {
    throw ConfigException(
        "Invalid value " + config.signature_algorithm +
        " for configuration inter.worker.signature.algorithm: Signature algorithm must be present "
        "in inter.worker.verification.algorithms list");
  }
  return config;
}

size_t session_key_bytes(const InterWorkerConfig& config) {
  constexpr int32_t kBitsOfByte = 8;
  return static_cast<size_t>((key_bits(config) + kBitsOfByte - 1) / kBitsOfByte);
}

}  // namespace millrace
