#include "runtime/herder/internal_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/herder/inter_worker_config.h"
#include "runtime/worker/request_exception.h"

namespace millrace {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kKey = "0123456789abcdef";
const std::string kBody = R"([{"task.class":"T","k":"ü"}])";

template <class Call>
std::string refusal(Call call) {
  try {
    call();
    return "(none)";
  } catch (const RequestException& e) {
    return std::to_string(e.status()) + " " + e.what();
  } catch (const Error& e) {
    return e.what();
  }
}

std::optional<InternalRequestSignature> signed_with(const std::string& algorithm,
                                                    const std::string& key = kKey) {
  const std::string header = signature_header(key, algorithm, kBody);
  return read_signature(&header, &algorithm, kBody);
}

// As Java's InternalRequestSignature prints it.
TEST(InternalRequest, AnEmptyBodyHasASignature) {
  EXPECT_EQ(signature_header(std::string(32, '\0'), "HmacSHA256", ""),
            "thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0=");
}

TEST(InternalRequest, EveryAlgorithmVerifiesWhatItSigned) {
  const SessionKey key{kKey, "HmacSHA256", 0};
  const SessionKey other{kKey + "x", "HmacSHA256", 0};
  for (const std::string& algorithm : mac_algorithms()) {
    const auto signature = signed_with(algorithm);
    EXPECT_NO_THROW(check_signature(signature, mac_algorithms(), &key)) << algorithm;
    EXPECT_EQ(refusal([&] { check_signature(signature, mac_algorithms(), &other); }),
              "403 Internal request contained invalid signature.");
  }
}

TEST(InternalRequest, AnyChangeIsNoticed) {
  const SessionKey key{kKey, "HmacSHA256", 0};
  auto body = *signed_with("HmacSHA256");
  body.body.back() = ' ';
  auto shorter = *signed_with("HmacSHA256");
  shorter.signature.pop_back();
  auto empty = *signed_with("HmacSHA256");
  empty.signature.clear();
  auto flipped = *signed_with("HmacSHA256");
  flipped.signature[31] = static_cast<char>(flipped.signature[31] ^ 1);
  for (const auto& changed : {body, shorter, empty, flipped}) {
    EXPECT_THAT(refusal([&] { check_signature(changed, {"HmacSHA256"}, &key); }),
                StartsWith("403 "));
  }
}

TEST(InternalRequest, ChecksComeInKafkasOrder) {
  const SessionKey key{kKey, "HmacSHA256", 0};
  EXPECT_EQ(refusal([] { check_signature(std::nullopt, {"HmacSHA256"}, nullptr); }),
            "400 Internal request missing required signature");
  const std::vector<std::string> permitted{"HmacSHA256", "HmacSHA1"};
  EXPECT_EQ(refusal([&] { check_signature(signed_with("HmacMD5"), permitted, nullptr); }),
            "400 This worker does not support the 'HmacMD5' key signing algorithm used by other "
            "workers. This worker is currently configured to use: [HmacSHA256, HmacSHA1]. Check "
            "that all workers' configuration files permit the same set of signature algorithms, "
            "and correct any misconfigured worker and restart it.");
  EXPECT_EQ(refusal([] { check_signature(signed_with("HmacSHA256"), {"HmacSHA256"}, nullptr); }),
            "503 This worker is still starting up and has not been able to read a session key from "
            "the config topic yet");
  // Spelled in another way it is known, but not the one that is permitted.
  EXPECT_THAT(
      refusal([&] { check_signature(signed_with("hmacsha256"), {"HmacSHA256"}, &key); }),
      StartsWith("400 This worker does not support the 'hmacsha256'"));
}

TEST(InternalRequest, HeadersAreReadAsInJava) {
  const std::string algorithm = "HmacSHA256";
  const std::string good = "YQ==";
  EXPECT_FALSE(read_signature(nullptr, &algorithm, "").has_value());
  EXPECT_FALSE(read_signature(&good, nullptr, "").has_value());
  const std::string unknown = "AES";
  EXPECT_EQ(refusal([&] { read_signature(&good, &unknown, ""); }),
            "400 Algorithm AES not available");
  for (const char* text : {"YQ==", "YQ", "YR=="}) {
    const std::string header = text;
    EXPECT_EQ(read_signature(&header, &algorithm, "")->signature, "a") << text;
  }
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"a*b=", "400 Illegal base64 character 2a"},
           {"abcd\n", "400 Illegal base64 character a"},
           {"YQ==\n", "400 Input byte array has incorrect ending byte at 4"},
           {" YQ==", "400 Illegal base64 character 20"},
           {"YQ=", "400 Input byte array has wrong 4-byte ending unit"},
           {"abcd=", "400 Input byte array has wrong 4-byte ending unit"},
           {"a===", "400 Last unit does not have enough valid bits"},
           {"abcde", "400 Last unit does not have enough valid bits"},
           {"a", "400 Input byte[] should at least have 2 bytes for base64 bytes"}}) {
    EXPECT_EQ(refusal([&] { read_signature(&text, &algorithm, ""); }), message) << text;
  }
}

TEST(InternalRequest, KeysAndAlgorithmsMustBeThere) {
  EXPECT_THAT(refusal([] { sign("", "HmacSHA256", "x"); }), HasSubstr("the key is empty"));
  EXPECT_EQ(refusal([] { sign("k", "Hmac", "x"); }), "Algorithm Hmac not available");
}

TEST(InterWorkerConfig, DefaultsAreKafkas) {
  const auto config = parse_inter_worker_config({});
  EXPECT_EQ(config.key_generation_algorithm, "HmacSHA256");
  EXPECT_EQ(config.key_ttl_ms, 3'600'000);
  EXPECT_EQ(config.signature_algorithm, "HmacSHA256");
  EXPECT_EQ(config.verification_algorithms, std::vector<std::string>{"HmacSHA256"});
  EXPECT_EQ(session_key_bytes(config), 32U);
}

TEST(InterWorkerConfig, KeysHaveTheLengthsOfTheJdk) {
  for (const auto& [algorithm, bytes] : std::vector<std::pair<std::string, size_t>>{
           {"HmacMD5", 64}, {"HmacSHA1", 64}, {"HmacSHA224", 28}, {"HmacSHA512", 64},
           {"HmacSHA512/224", 28}, {"HmacSHA3-384", 48}, {"hmacsha256", 32}}) {
    const auto config =
        parse_inter_worker_config({{"inter.worker.key.generation.algorithm", algorithm}});
    EXPECT_EQ(session_key_bytes(config), bytes) << algorithm;
  }
  const auto config = parse_inter_worker_config(
      {{"inter.worker.key.generation.algorithm", "hmacsha256"}, {"inter.worker.key.size", "41"}});
  EXPECT_EQ(config.key_generation_algorithm, "HmacSHA256");
  EXPECT_EQ(session_key_bytes(config), 6U);
}

TEST(InterWorkerConfig, WhatCannotWorkIsRefusedInKafkasWords) {
  const auto error = [](const Properties& properties) {
    return refusal([&] { parse_inter_worker_config(properties); });
  };
  EXPECT_THAT(error({{"inter.worker.signature.algorithm", "ROT13"}}),
              StartsWith("Invalid value ROT13 for configuration inter.worker.signature.algorithm: "
                         "the algorithm is not supported by this JVM; the supported algorithms "
                         "are: [HmacMD5, HmacSHA1, "));
  EXPECT_THAT(error({{"inter.worker.key.generation.algorithm", "ROT13"}}),
              StartsWith("Invalid value ROT13 for configuration "
                         "inter.worker.key.generation.algorithm: the algorithm is not supported"));
  EXPECT_THAT(error({{"inter.worker.verification.algorithms", "HmacSHA256,ROT13"}}),
              StartsWith("Invalid value ROT13 for configuration "
                         "inter.worker.verification.algorithms: the algorithm is not supported"));
  EXPECT_EQ(error({{"inter.worker.verification.algorithms", ""}}),
            "Invalid value [] for configuration inter.worker.verification.algorithms: At least one "
            "signature verification algorithm must be provided");
  EXPECT_EQ(error({{"inter.worker.signature.algorithm", "HmacSHA512"}}),
            "Invalid value HmacSHA512 for configuration inter.worker.signature.algorithm: "
            "Signature algorithm must be present in inter.worker.verification.algorithms list");
  EXPECT_EQ(error({{"inter.worker.key.size", "39"}}),
            "Unable to create key generator with algorithm HmacSHA256 and key size 39: Key length "
            "must be at least 40 bits");
  EXPECT_EQ(error({{"inter.worker.key.size", "0"},
                   {"inter.worker.key.generation.algorithm", "HmacSHA1"}}),
            "Unable to create key generator with algorithm HmacSHA1 and key size 0: Empty key");
  EXPECT_THAT(error({{"inter.worker.key.size", "2147483647"}}), HasSubstr("must be at most"));
  EXPECT_THAT(error({{"inter.worker.key.ttl.ms", "-1"}}), HasSubstr("inter.worker.key.ttl.ms"));
}

}  // namespace
}  // namespace millrace
