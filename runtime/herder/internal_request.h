#pragma once
// Signatures of requests between workers (InternalRequestSignature, connect-rest-api.md §5): a MAC
// over the bytes of the body with the session key of the cluster.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/storage/config_snapshot.h"

namespace millrace {

inline constexpr const char* kSignatureHeader = "X-Connect-Authorization";
inline constexpr const char* kSignatureAlgorithmHeader = "X-Connect-Request-Signature-Algorithm";

/// What a request carries; not checked yet.
struct InternalRequestSignature {
  std::string algorithm;  // as the sender spells it; a known one
  std::string signature;  // raw bytes
  std::string body;       // the signed bytes
};

/// MAC algorithms under Java's names, as error messages list them.
const std::vector<std::string>& mac_algorithms();
/// In any case of letters, as in Java.
bool is_mac_algorithm(std::string_view name);

/// Raw bytes of the MAC. Throws ConnectException for an unknown algorithm or an empty key.
std::string sign(std::string_view key, std::string_view algorithm, std::string_view body);
/// The value of kSignatureHeader.
std::string signature_header(std::string_view key, std::string_view algorithm,
                             std::string_view body);

/// From the two headers; nullopt when one of them is missing. Throws RequestException 400 for an
/// unknown algorithm or a signature that is not base64.
std::optional<InternalRequestSignature> read_signature(const std::string* signature_header,
                                                       const std::string* algorithm_header,
                                                       std::string_view body);

/// Kafka's check, in its order and words: RequestException 400 without a signature or for an
/// algorithm that is not `permitted`, 503 when `key` is null, 403 when it does not fit. Compares in
/// constant time.
void check_signature(const std::optional<InternalRequestSignature>& signature,
                     const std::vector<std::string>& permitted,
                     const SessionKey* key);

}  // namespace millrace
