#pragma once
// A key and a certificate signed by itself, made when a test runs.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/support/temporary_folder.h"

namespace millrace::testing_support {

struct CertificatePair {
  std::string certificate, key;  // PEM
};

/// `names` as in `DNS:a,IP:127.0.0.1`; files cert.pem and key.pem in `folder` hold the last pair.
inline CertificatePair make_certificate(const TemporaryFolder& folder, const std::string& names) {
  const std::string command = "cd '" + folder.path().string() +
                              "' && openssl req -x509 -newkey ec -pkeyopt "
                              "ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem "
                              "-days 30 -subj /CN=a -addext subjectAltName=" + names +
                              " 2> log";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_text(folder.path() / "log");
  return {read_text(folder.path() / "cert.pem"), read_text(folder.path() / "key.pem")};
}

}  // namespace millrace::testing_support
