#include "runtime/rest/rest_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/rest/advertised_url.h"
#include "runtime/rest/listener.h"

namespace millrace::rest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    return e.what();
  }
  return "(no error)";
}

std::string config_error(const Properties& properties) {
  return error_of([&] { parse_rest_config(properties); });
}

TEST(RestConfig, HasKafkasDefaults) {
  const auto config = parse_rest_config({});
  EXPECT_THAT(config.listeners, ElementsAre("http://:8083"));
  EXPECT_EQ(config.admin_listeners, std::nullopt);
  EXPECT_EQ(config.advertised_port, std::nullopt);
  EXPECT_EQ(config.tls.client_auth, "none");
  EXPECT_EQ(config.tls.keystore_type, "JKS");
}

TEST(RestConfig, EmptyAdminListenersDifferFromNone) {
  const auto config = parse_rest_config({{"admin.listeners", ""}});
  ASSERT_TRUE(config.admin_listeners.has_value());
  EXPECT_TRUE(config.admin_listeners->empty());
}

TEST(RestConfig, BadValuesNameTheKey) {
  EXPECT_THAT(config_error({{"listeners", "http://:1,,http://:2"}}),
              HasSubstr("Empty URL found when parsing listeners list."));
  EXPECT_THAT(config_error({{"listeners", ""}}), HasSubstr("configuration listeners"));
  EXPECT_THAT(config_error({{"response.http.headers.config", "get X: y"}}),
              HasSubstr("Invalid header config action"));
  EXPECT_THAT(config_error({{"ssl.client.auth", "Required"}}),
              HasSubstr("String must be one of: required, requested, none"));
  EXPECT_THAT(config_error({{"rest.advertised.port", "x"}}), HasSubstr("Not a number of type INT"));
}

TEST(RestConfig, OnePrefixedKeyHidesAllPlainTlsKeys) {
  const auto config = parse_rest_config({{"ssl.keystore.location", "/plain"},
                                         {"ssl.client.auth", "required"},
                                         {"listeners.https.ssl.keystore.type", "PEM"}});
  EXPECT_EQ(config.tls.keystore_location, std::nullopt);
  EXPECT_EQ(config.tls.client_auth, "none");
  EXPECT_EQ(config.tls.keystore_type, "PEM");
  EXPECT_EQ(config.admin_tls.keystore_location, "/plain");
}

TEST(RestConfig, UnknownExtensionsAreRefused) {
  RestConfig config;
  config.extension_classes = {"com.example.Ext"};
  EXPECT_THAT(error_of([&] { refuse_extensions(config); }),
              HasSubstr("org.apache.kafka.connect.rest.ConnectRestExtension and which name matches "
                        "com.example.Ext"));
  config.extension_classes = {"BasicAuthSecurityRestExtension"};
  EXPECT_THAT(error_of([&] { refuse_extensions(config); }), HasSubstr("is not supported"));
}

TEST(ListenerUrl, Parses) {
  EXPECT_EQ(parse_listener("http://:8083"), (Listener{false, "", 8083}));
  EXPECT_EQ(parse_listener(" HTTPS://h-1.example:0 "), (Listener{true, "h-1.example", 0}));
  EXPECT_EQ(parse_listener("http://[::1]:80"), (Listener{false, "::1", 80}));
  EXPECT_EQ(to_string(parse_listener("http://[::1]:80")), "http://[::1]:80");
}

TEST(ListenerUrl, RefusesOthers) {
  for (const char* bad : {"", "8083", "http://host", "http://ho st:1", "http://h:99999",
                          "http://h:x", "http://h:1/path", "http://h:-1"}) {
    EXPECT_EQ(error_of([&] { parse_listener(bad); }),
              "Listener doesn't have the right format (protocol://hostname:port).")
        << bad;
  }
  EXPECT_EQ(error_of([&] { parse_listener("ftp://h:1"); }),
            "Listener protocol must be either \"http\" or \"https\".");
}

TEST(AdvertisedUrl, TakesTheListenerUnlessToldOtherwise) {
  const std::vector<Listener> bound = {{true, "secure.example", 8443}, {false, "0.0.0.0", 8083}};
  RestConfig config;
  EXPECT_EQ(advertised_url(config, bound).url(), "http://0.0.0.0:8083/");
  config.advertised_listener = "https";
  EXPECT_EQ(advertised_url(config, bound).url(), "https://secure.example:8443/");
  config.advertised_host_name = "me";
  config.advertised_port = 99;
  EXPECT_EQ(advertised_url(config, bound).worker_id(), "me:99");
  config.advertised_listener = "ftp";
  EXPECT_THAT(error_of([&] { advertised_url(config, bound); }), HasSubstr("Invalid value ftp"));
  config.advertised_listener = "https";
  EXPECT_THAT(error_of([&] { advertised_url(config, {bound[1]}); }),
              HasSubstr("rest.advertised.listener"));
}

TEST(AdvertisedUrl, FallsBackToTheAddressOfTheHost) {
  const auto url = advertised_url({}, {{false, "", 8083}});
  EXPECT_EQ(url.worker_id(), local_host_address() + ":8083");
  EXPECT_THAT(local_host_address(), ::testing::MatchesRegex("[0-9]+(\\.[0-9]+){3}"));
  EXPECT_EQ(advertised_url({}, {{false, "::1", 1}}).worker_id(), "[::1]:1");
}

}  // namespace
}  // namespace millrace::rest
