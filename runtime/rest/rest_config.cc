#include "runtime/rest/rest_config.h"

#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "millrace/errors.h"

namespace millrace::rest {
namespace {

using C = RestConfig;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

ConfigValidator listener_list(bool may_be_empty) {
  return {[may_be_empty](const ConfigValue& value) -> std::string {
            const auto* list = std::get_if<std::vector<std::string>>(&value);
            if (list == nullptr) return {};
            if (list->empty()) {
              return may_be_empty ? "" : "Invalid value for listeners, at least one URL is "
                                         "expected, ex: http://localhost:8080,https://localhost:8443.";
            }
            for (const std::string& url : *list) {
              if (url.empty()) return "Empty URL found when parsing listeners list.";
              const std::string scheme = lower(url.substr(0, url.find("://")));
              if (scheme != "http" && scheme != "https") {
                return "Listener doesn't start with http:// or https://: " + url;
              }
            }
            return {};
          },
          "list of http://host:port"};
}

ConfigValidator header_rules() {
  return {[](const ConfigValue& value) -> std::string {
            const auto* text = std::get_if<std::string>(&value);
            if (text == nullptr) return {};
            try {
              parse_header_rules(*text);
              return {};
            } catch (const Error& error) {
              return error.what();
            }
          },
          "comma-separated rules"};
}

}  // namespace

const ConfigDef<RestConfig>& RestConfig::def() {
  static const auto def =
      ConfigDef<C>{}
          .optional(&C::listeners, {.name = "listeners",
                                    .importance = Importance::Low,
                                    .doc = "URLs the REST API listens on.",
                                    .validator = listener_list(false)})
          .optional(&C::advertised_host, {.name = "rest.advertised.host.name",
                                          .importance = Importance::Low,
                                          .doc = "Host name other workers are told."})
          .optional(&C::advertised_port, {.name = "rest.advertised.port",
                                          .importance = Importance::Low,
                                          .doc = "Port other workers are told."})
          .optional(&C::advertised_listener,
                    {.name = "rest.advertised.listener",
                     .importance = Importance::Low,
                     .doc = "Which listener other workers are told: http or https."})
          .optional(&C::admin_listeners,
                    {.name = "admin.listeners",
                     .importance = Importance::Low,
                     .doc = "URLs of the admin API; unset: the REST listeners, empty: off.",
                     .validator = listener_list(true)})
          .optional(&C::extension_classes, {.name = "rest.extension.classes",
                                            .importance = Importance::Low,
                                            .doc = "REST extensions; none are available."})
          .optional(&C::allow_origin, {.name = "access.control.allow.origin",
                                       .importance = Importance::Low,
                                       .doc = "Origins that may use the API from a browser."})
          .optional(&C::allow_methods, {.name = "access.control.allow.methods",
                                        .importance = Importance::Low,
                                        .doc = "Methods such origins may use."})
          .optional(&C::response_headers, {.name = "response.http.headers.config",
                                           .importance = Importance::Low,
                                           .doc = "Rules for response headers.",
                                           .validator = header_rules()});
  return def;
}

RestConfig RestConfig::parse_worker(const Properties& worker) {
  RestConfig config = def().parse(worker);
  for (const std::string& url : config.listeners) parse_listener(url);
  for (const std::string& url : config.admin_listeners.value_or(std::vector<std::string>{})) {
    parse_listener(url);
  }
  if (!config.extension_classes.empty()) {
    throw ConfigException("rest.extension.classes: no class " + config.extension_classes.front() +
                          " is available in this worker; unset it, and protect the REST API with a "
                          "proxy or mutual TLS (ssl.client.auth)");
  }
  return config;
}

ListenerUrl parse_listener(const std::string& url) {
  const ConfigException malformed(
      "Listener doesn't have the right format (protocol://hostname:port).");
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string::npos) throw malformed;
  const std::string scheme = lower(url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") {
    throw ConfigException("Listener protocol must be either \"http\" or \"https\".");
  }
  const std::string rest = url.substr(scheme_end + 3);
  const size_t colon = rest.rfind(':');
  if (colon == std::string::npos) throw malformed;
  ListenerUrl listener;
  listener.tls = scheme == "https";
  listener.host = rest.substr(0, colon);
  if (listener.host.size() >= 2 && listener.host.front() == '[' && listener.host.back() == ']') {
    listener.host = listener.host.substr(1, listener.host.size() - 2);
  }
  const std::string port = rest.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), listener.port);
  if (error != std::errc() || end != port.data() + port.size()) throw malformed;
  return listener;
}

TlsFiles tls_files(const Properties& worker, const std::string& prefix) {
  Properties own = with_prefix(worker, prefix);
  const Properties& settings = own.empty() ? worker : own;
  const auto get = [&settings](const std::string& key, const std::string& fallback) {
    const std::string* value = find(settings, key);
    return value != nullptr ? *value : fallback;
  };
  TlsFiles files;
  for (const std::string store : {"ssl.keystore", "ssl.truststore"}) {
    const std::string location = get(store + ".location", "");
    if (!location.empty() && get(store + ".type", "JKS") != "PEM") {
      throw ConfigException(store + ".location " + location +
                            ": the REST server reads PEM stores only; convert it and set " + store +
                            ".type=PEM");
    }
  }
  files.certificate_chain = files.private_key = get("ssl.keystore.location", "");
  if (files.private_key.empty()) {
    throw ConfigException("an https listener needs ssl.keystore.location");
  }
  files.key_password = Password(get("ssl.key.password", ""));
  files.trusted = get("ssl.truststore.location", "");
  files.client_auth = get("ssl.client.auth", "none");
  return files;
}

std::vector<HeaderRule> parse_header_rules(const std::string& text) {
  std::vector<HeaderRule> rules;
  std::string entry;
  bool quoted = false;
  const auto trim = [](std::string part) {
    part.erase(0, part.find_first_not_of(" \t"));
    part.erase(part.find_last_not_of(" \t") + 1);
    return part;
  };
  const auto finish = [&] {
    const std::string rule = trim(std::exchange(entry, {}));
    if (rule.empty()) return;
    const size_t space = rule.find_first_of(" \t");
    const size_t colon = rule.find(':');
    if (space == std::string::npos || colon == std::string::npos || colon < space ||
        rule.find(':', colon + 1) != std::string::npos) {
      throw ConfigException("Invalid format of header config '" + rule +
                            "'. Expected: '[action] [header name]:[header value]'");
    }
    const std::string action = rule.substr(0, space);
    HeaderRule parsed;
    const std::string plain = lower(action);
    if (plain != "set" && plain != "add" && plain != "setdate" && plain != "adddate") {
      throw ConfigException("Invalid header config action: '" + action +
                            "'. Expected one of [set, add, setDate, addDate]");
    }
    parsed.replace = plain.starts_with("set");
    parsed.date = plain.ends_with("date");
    parsed.name = trim(rule.substr(space, colon - space));
    parsed.value = trim(rule.substr(colon + 1));
    if (parsed.name.empty() || parsed.name.find_first_of(" \t") != std::string::npos) {
      throw ConfigException("Invalid header name '" + parsed.name +
                            "'. The '[header name]' cannot contain whitespace");
    }
    rules.push_back(std::move(parsed));
  };
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      finish();
    } else {
      entry += c;
    }
  }
  finish();
  return rules;
}

namespace {

/// This host's address as Java's InetAddress.getLocalHost() finds it: by its name.
std::string local_address() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  addrinfo hints{};
  hints.ai_family = AF_INET;
  addrinfo* found = nullptr;
  std::string address = "127.0.0.1";
  if (::getaddrinfo(name, nullptr, &hints, &found) == 0 && found != nullptr) {
    char text[NI_MAXHOST];
    if (::getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      address = text;
    }
    ::freeaddrinfo(found);
  }
  return address;
}

}  // namespace

AdvertisedAddress advertised_address(const RestConfig& config, uint16_t bound_http_port,
                                     uint16_t bound_https_port) {
  std::vector<ListenerUrl> listeners;
  for (const std::string& url : config.listeners) listeners.push_back(parse_listener(url));
  const bool any_http = std::any_of(listeners.begin(), listeners.end(),
                                    [](const ListenerUrl& l) { return !l.tls; });
  const std::string scheme = lower(config.advertised_listener.value_or(any_http ? "http" : "https"));
  const auto at = std::find_if(listeners.begin(), listeners.end(), [&](const ListenerUrl& l) {
    return l.tls == (scheme == "https");
  });
  if (at == listeners.end()) {
    throw ConfigException("rest.advertised.listener is " + scheme + " but there is no such listener");
  }
  std::string host = config.advertised_host.value_or(at->host);
  if (host.empty()) host = local_address();
  const int32_t bound = scheme == "https" ? bound_https_port : bound_http_port;
  const int32_t port = config.advertised_port.value_or(at->port != 0 ? at->port : bound);
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  const std::string id = host + ":" + std::to_string(port);
  return {scheme + "://" + id + "/", id};
}

}  // namespace millrace::rest
