#include "runtime/group/sasl_client.h"

#include <algorithm>

#include "millrace/errors.h"
#include "millrace/utf8.h"
#include "runtime/group/scram_client.h"

namespace millrace::group {
namespace {

using security::SaslMechanism;
using security::SaslSettings;
using security::SecretText;
using AuthenticationException = ErrorOf<ErrorKind::Authentication>;

constexpr size_t kMaxText = 500;
constexpr char kSeparator = '\x01';

class PlainClient final : public SaslClient {
 public:
  PlainClient(std::string user, SecretText password)
      : user_(std::move(user)), password_(std::move(password)) {}

  std::string first() override {
    std::string message;
    message += '\0';
    message += user_;
    message += '\0';
    message += password_.value();
    return message;
  }
  std::optional<std::string> next(std::string_view message) override {
    if (!message.empty()) throw AuthenticationException("the broker's answer to PLAIN is not empty");
    return std::nullopt;
  }

 private:
  const std::string user_;
  const SecretText password_;
};

class ScramExchange final : public SaslClient {
 public:
  explicit ScramExchange(const SaslSettings& settings)
      : scram_(settings.mechanism, settings.user_name, settings.password) {}

  std::string first() override { return scram_.first(); }
  std::optional<std::string> next(std::string_view message) override {
    if (!std::exchange(proved_, true)) return scram_.final_of(message);
    scram_.verify(message);
    return std::nullopt;
  }

 private:
  ScramClient scram_;
  bool proved_ = false;
};

/// RFC 7628.
class BearerClient final : public SaslClient {
 public:
  BearerClient(SecretText token, const Properties& extensions)
      : token_(std::move(token)), extensions_(extensions) {}

  std::string first() override {
    std::string message = "n,,";
    message += kSeparator;
    message += "auth=Bearer ";
    message += token_.value();
    for (const auto& [name, value] : extensions_) {
      message += kSeparator;
      message += name;
      message += '=';
      message += value;
    }
    message += kSeparator;
    message += kSeparator;
    return message;
  }
  std::optional<std::string> next(std::string_view message) override {
    if (message.empty()) return std::nullopt;
    if (!detail_.empty()) throw AuthenticationException("the broker refuses the token: " + detail_);
    // The server has failed, and says so itself once it was told that we know.
    detail_ = printable(message);
    return std::string(1, kSeparator);
  }
  std::string detail() const override { return detail_; }

 private:
  const SecretText token_;
  const Properties extensions_;
  std::string detail_;
};

bool is_visible(char c) { return c > ' ' && c <= '~'; }

void check_extensions(const Properties& extensions) {
  for (const auto& [name, value] : extensions) {
    const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (!letters || name.empty() || name == "auth") {
      throw ConfigException("sasl.jaas.config: '" + name + "' is no name of an extension; letters "
                            "are allowed, and not 'auth'");
    }
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
      return is_visible(c) || c == ' ' || c == '\t' || c == '\r' || c == '\n';
    });
    if (!plain || value.empty()) {
      throw ConfigException("sasl.jaas.config: the value of extension " + name +
                            " is empty or holds other characters than ASCII");
    }
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out = utf8::sanitise(text.substr(0, kMaxText));
  for (char& c : out) {
    if ((c >= '\0' && c < ' ') || c == '\x7f') c = ' ';
  }
  if (text.size() > kMaxText) out += "...";
  return out;
}

void check_sasl(const SaslSettings& settings) {
  switch (settings.mechanism) {
    case SaslMechanism::Gssapi:
      throw ConfigException("sasl.mechanism GSSAPI: a distributed worker cannot join its group by "
                            "Kerberos yet; use PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER");
    case SaslMechanism::OAuthBearer: return check_extensions(settings.oauth.extensions);
    default: break;
  }
  if (settings.user_name.find('\0') != std::string::npos ||
      settings.password.value().find('\0') != std::string::npos) {
    throw ConfigException("sasl.jaas.config: username and password must not hold a zero byte");
  }
}

std::unique_ptr<SaslClient> make_sasl_client(const SaslSettings& settings,
                                             security::TokenSource* tokens, std::string& warning) {
  switch (settings.mechanism) {
    case SaslMechanism::Plain:
      return std::make_unique<PlainClient>(settings.user_name, settings.password);
    case SaslMechanism::OAuthBearer: {
      SecretText token = tokens->token(warning).text;
      const std::string& text = token.value();
      if (!std::all_of(text.begin(), text.end(), is_visible)) {
        throw ConnectException("the token holds other characters than visible ASCII");
      }
      return std::make_unique<BearerClient>(std::move(token), settings.oauth.extensions);
    }
    default: return std::make_unique<ScramExchange>(settings);
  }
}

}  // namespace millrace::group
