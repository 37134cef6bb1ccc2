// How storage on S3 meets the answers of a server: scripted ones, every failure by itself.

#include "connectors/lakehouse/storage/s3_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/lakehouse/storage/s3_client.h"
#include "connectors/lakehouse/storage/s3_upload.h"
#include "millrace/clock.h"
#include "tests/support/scripted_server.h"

namespace millrace::lakehouse {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing_support::closed_url;
using testing_support::ScriptedServer;
using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;

constexpr const char* kPath = "s3://bucket/a/b c%2F.parquet";

Properties settings_for(const std::string& endpoint) {
  return {{"s3.endpoint", endpoint},
          {"s3.path-style-access", "true"},
          {"s3.access-key-id", "AKID"},
          {"s3.secret-access-key", "hush"},
          {"client.region", "eu-west-3"}};
}

std::shared_ptr<FileIO> files_at(const std::string& endpoint, RenewCredentials renew = {}) {
  return make_file_io("s3://bucket/x", settings_for(endpoint), std::move(renew));
}

std::string error_xml(const std::string& code) {
  return "<?xml version=\"1.0\"?><Error><Code>" + code +
         "</Code><Message>because &lt;x&gt;</Message></Error>";
}

template <class Work>
std::string message_of(ErrorKind kind, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), Not(HasSubstr("hush")));
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST(S3Files, ARequestIsSignedAndItsPathEncodedOnce) {
  ScriptedServer server([](const Request&) { return Reply{.body = "data"}; });
  EXPECT_EQ(files_at(server.url())->read(kPath), "data");
  const Request request = server.requests().at(0);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/bucket/a/b%20c%252F.parquet");
  EXPECT_THAT(request.headers.at("authorization"),
              AllOf(HasSubstr("Credential=AKID/"), HasSubstr("/eu-west-3/s3/aws4_request")));
}

TEST(S3Files, OtherSpellingsOfTheSchemeAreTheSame) {
  ScriptedServer server([](const Request&) { return Reply{}; });
  for (const char* path : {"s3://bucket/k", "s3a://bucket/k", "s3n://bucket/k"}) {
    EXPECT_TRUE(make_file_io(path, settings_for(server.url()))->exists(path));
    EXPECT_EQ(server.requests().back().target, "/bucket/k");
  }
}

TEST(S3Files, WhatIsMissingIsNotFound) {
  ScriptedServer server([](const Request&) { return Reply{404, error_xml("NoSuchKey")}; });
  const auto files = files_at(server.url());
  EXPECT_THROW(files->read(kPath), NotFoundException);
  EXPECT_FALSE(files->exists(kPath));
  EXPECT_NO_THROW(files->remove(kPath));
}

TEST(S3Files, WhatIsForbiddenSaysWhatToAllow) {
  ScriptedServer server([](const Request&) { return Reply{403, error_xml("AccessDenied")}; });
  const auto files = files_at(server.url());
  const std::string text = message_of(ErrorKind::Authorization, [&] { files->read(kPath); });
  EXPECT_THAT(text, AllOf(HasSubstr("reading s3://bucket/a"), HasSubstr("because <x>"),
                          HasSubstr("s3:GetObject")));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(S3Files, AWrongKeyAndAWrongRegionAreTold) {
  std::string code = "SignatureDoesNotMatch";
  int status = 403;
  ScriptedServer server([&](const Request&) {
    return Reply{status, error_xml(code), {{"x-amz-bucket-region", "eu-north-1"}}};
  });
  const auto files = files_at(server.url());
  EXPECT_THAT(message_of(ErrorKind::Authentication, [&] { files->read(kPath); }),
              HasSubstr("s3.secret-access-key"));
  code = "PermanentRedirect";
  status = 301;
  EXPECT_THAT(message_of(ErrorKind::Connect, [&] { files->read(kPath); }),
              AllOf(HasSubstr("eu-north-1"), HasSubstr("client.region")));
}

TEST(S3Files, WhatMayPassIsTriedAgain) {
  const std::vector<Reply> replies = {
      {503, error_xml("SlowDown")}, {500, error_xml("InternalError")}, {.kind = Reply::Kind::Close},
      {.kind = Reply::Kind::Reset}, {.kind = Reply::Kind::Half},       {.body = "data"}};
  static_assert(S3Client::kMaxTries == 6);
  std::atomic<size_t> at = 0;
  ScriptedServer server([&](const Request&) { return replies.at(at++); });
  EXPECT_EQ(files_at(server.url())->read(kPath), "data");
}

TEST(S3Files, TriesHaveALimit) {
  ScriptedServer server([](const Request&) { return Reply{503, error_xml("SlowDown")}; });
  const auto files = files_at(server.url());
  EXPECT_THAT(message_of(ErrorKind::Retriable, [&] { files->read(kPath); }),
              HasSubstr("(tries: 6)"));
  EXPECT_EQ(server.requests().size(), static_cast<size_t>(S3Client::kMaxTries));
}

TEST(S3Files, NobodyListensIsRetriable) {
  const auto files = files_at(closed_url());
  EXPECT_THAT(message_of(ErrorKind::Retriable, [&] { files->read(kPath); }),
              HasSubstr("Connection refused"));
}

TEST(S3Files, PublishingIsConditional) {
  int status = 200;
  ScriptedServer server([&](const Request&) { return Reply{status, ""}; });
  const auto files = files_at(server.url());
  EXPECT_TRUE(files->publish(kPath, "data"));
  EXPECT_EQ(server.requests().at(0).headers.at("if-none-match"), "*");
  EXPECT_EQ(server.requests().at(0).body, "data");
  status = 412;
  EXPECT_FALSE(files->publish(kPath, "data"));
}

TEST(S3Files, PublishingIsNotRepeatedWhenItMayHaveBeenDone) {
  Reply reply;
  ScriptedServer server([&](const Request&) { return reply; });
  const auto files = files_at(server.url());
  for (const Reply& one : {Reply{500, error_xml("InternalError")}, Reply{503, "a proxy's"},
                           Reply{.kind = Reply::Kind::Close}, Reply{.kind = Reply::Kind::Reset}}) {
    reply = one;
    const size_t before = server.requests().size();
    message_of(ErrorKind::Retriable, [&] { files->publish(kPath, "data"); });
    EXPECT_EQ(server.requests().size(), before + 1);
  }
}

TEST(S3Files, PublishingIsRepeatedWhenItWasSurelyNotDone) {
  const std::vector<Reply> replies = {
      {503, error_xml("SlowDown")}, {409, error_xml("ConditionalRequestConflict")}, {200, ""}};
  std::atomic<size_t> at = 0;
  ScriptedServer server([&](const Request&) { return replies.at(at++); });
  EXPECT_TRUE(files_at(server.url())->publish(kPath, "data"));
}

TEST(S3Files, RefusedCredentialsAreRenewedOnce) {
  std::atomic<int> renewals = 0;
  ScriptedServer server([](const Request& request) {
    const bool fresh = request.headers.at("authorization").find("=FRESH/") != std::string::npos;
    return fresh ? Reply{.body = "data"} : Reply{400, error_xml("ExpiredToken")};
  });
  const auto files = files_at(server.url(), [&] {
    ++renewals;
    Properties fresh = settings_for(server.url());
    fresh["s3.access-key-id"] = "FRESH";
    return fresh;
  });
  EXPECT_EQ(files->read(kPath), "data");
  EXPECT_EQ(files->read(kPath), "data");
  EXPECT_EQ(renewals, 1);
  const auto no_renewal = files_at(server.url());
  message_of(ErrorKind::Authentication, [&] { no_renewal->read(kPath); });
}

TEST(S3Files, CredentialsThatEndSoonAreRenewedBefore) {
  ScriptedServer server([](const Request&) { return Reply{}; });
  Properties settings = settings_for(server.url());
  settings["s3.session-token-expires-at-ms"] = std::to_string(wall_clock_ms() + 1'000);
  const auto files = make_file_io(kPath, settings, [&] {
    Properties fresh = settings_for(server.url());
    fresh["s3.session-token"] = "longer";
    return fresh;
  });
  files->read(kPath);
  EXPECT_EQ(server.requests().at(0).headers.at("x-amz-security-token"), "longer");
}

/// A server of multipart uploads.
Reply multipart(const Request& request) {
  if (request.target.ends_with("?uploads=")) {
    return {.body = "<X><UploadId>u&amp;1</UploadId></X>"};
  }
  if (request.method == "PUT") return {.body = "", .headers = {{"ETag", "\"tag\""}}};
  return {.body = ""};
}

TEST(S3Upload, AnUploadThatIsNotFinishedIsAborted) {
  ScriptedServer server(multipart);
  {
    const auto file = files_at(server.url())->create(kPath);
    file->write(bytes_of(std::string(S3Upload::kPartBytes + 1, 'x')));
    EXPECT_EQ(file->size(), static_cast<int64_t>(S3Upload::kPartBytes) + 1);
  }
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[1].target, HasSubstr("?partNumber=1&uploadId=u%261"));
  EXPECT_EQ(requests[2].method, "DELETE");
  EXPECT_THAT(requests[2].target, HasSubstr("?uploadId=u%261"));
}

TEST(S3Upload, ASmallFileThatIsNotFinishedIsNeverSent) {
  ScriptedServer server(multipart);
  files_at(server.url())->create(kPath)->write(bytes_of("x"));
  EXPECT_TRUE(server.requests().empty());
}

TEST(S3Upload, AnErrorBehindTheStatus200IsSeen) {
  ScriptedServer server([](const Request& request) {
    const bool ends = request.method == "POST" && !request.target.ends_with("?uploads=");
    return ends ? Reply{.body = error_xml("InternalError")} : multipart(request);
  });
  const auto file = files_at(server.url())->create(kPath);
  file->write(bytes_of(std::string(S3Upload::kPartBytes + 1, 'x')));
  message_of(ErrorKind::Retriable, [&] { file->finish(); });
}

TEST(S3Upload, ALostAnswerToTheEndIsSettledByLooking) {
  int ends = 0;
  ScriptedServer server([&](const Request& request) -> Reply {
    if (request.method == "HEAD") {
      return {.body = std::string(S3Upload::kPartBytes + 1, ' ')};
    }
    if (request.method == "POST" && !request.target.ends_with("?uploads=")) {
      if (++ends == 1) return {.kind = Reply::Kind::Close};
      return {404, error_xml("NoSuchUpload")};
    }
    return multipart(request);
  });
  const auto file = files_at(server.url())->create(kPath);
  file->write(bytes_of(std::string(S3Upload::kPartBytes + 1, 'x')));
  EXPECT_NO_THROW(file->finish());
}

TEST(S3Settings, WhatIsMissingIsNamed) {
  EXPECT_THAT(message_of(ErrorKind::Config,
                         [] {
                           make_file_io("s3://b/k", {{"s3.endpoint", "ftp://x"}});
                         }),
              HasSubstr("s3.endpoint"));
  Properties settings = settings_for("http://user:hush@host");
  message_of(ErrorKind::Config, [&] { make_file_io("s3://b/k", settings); });
  settings = settings_for("http://host");
  settings["s3.remote-signing-enabled"] = "true";
  EXPECT_THAT(message_of(ErrorKind::Config, [&] { make_file_io("s3://b/k", settings); }),
              HasSubstr("s3.remote-signing-enabled"));
}

TEST(S3Settings, PlacesNeedABucketAndAKey) {
  EXPECT_EQ(s3_place("s3://b/a/b").key, "a/b");
  for (const char* wrong : {"s3://b", "s3://b/", "s3:///k", "s3:b"}) {
    EXPECT_THROW(s3_place(wrong), ConnectException) << wrong;
  }
}

}  // namespace
}  // namespace millrace::lakehouse
