"""Workers on SASL_SSL and SSL listeners of a real broker, as users of managed clusters set them up."""

import base64
import shutil
import ssl
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from certificates import PASSWORD, Authority
from flow import FlowTest, unique
from secured_broker import MODULES, OAUTH, PLAIN, SCRAM, USER, WORD, jaas, secured_broker, trust
from token_server import TokenServer, token
from workers import Millrace, file_sink, file_source

# The first failure counts for Java; ours are three, and each waits for the broker's answer.
FAILS_WITHIN = 20.0


def everywhere(settings):
    """The block for the worker, repeated for its producers and consumers."""
    return {prefix + key: value for prefix in ("", "producer.", "consumer.")
            for key, value in settings.items()}


class ClientSecurityTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="millrace-security-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.ca, cls.other_ca = Authority(cls.folder), Authority(cls.folder, "other-ca")

        cls.broker = secured_broker(cls.ca)
        cls.addClassCleanup(cls.broker.close)
        cls.broker.start()

    def trust(self, kind="JKS", ca=None):
        return trust(ca or self.ca, kind)

    def sasl(self, mechanism, config, trust):
        return {"security.protocol": "SASL_SSL", "ssl.protocol": "TLSv1.2",
                "ssl.enabled.protocols": "TLSv1.2", "ssl.endpoint.identification.algorithm":
                "HTTPS", "sasl.mechanism": mechanism, "sasl.jaas.config": config, **trust}

    def plain(self, word=WORD, trust=None):
        return self.sasl("PLAIN", jaas(PLAIN, username=USER, password=word), trust or self.trust())

    def worker(self, listener, settings, timeout_ms=60000, env=None):
        worker = Millrace({"bootstrap.servers": self.broker.address(listener),
                           "default.api.timeout.ms": timeout_ms, **settings}, env=env)
        self.addCleanup(worker.close)
        return worker

    def expect_flow(self, listener, settings, env=None):
        worker = self.worker(listener, everywhere(settings), env=env)
        topic, data = unique("secure"), b"one\ntwo\nthree\n"
        (worker.folder / "in").write_bytes(data)
        worker.start(file_source(topic + "-src", worker.folder / "in", topic),
                     file_sink(topic + "-dst", worker.folder / "out", topic))
        self.wait_for_content(worker.folder / "out", data)
        self.expect_no_secret(worker)
        worker.stop()

    def expect_no_secret(self, worker, *more):
        for secret in (WORD, PASSWORD, "PRIVATE KEY", *more):
            self.assertNotIn(secret, worker.process.output())

    def expect_refused(self, listener, settings, *texts):
        worker = self.worker(listener, everywhere(settings))
        worker.launch()
        self.wait(lambda: not worker.process.alive(), FAILS_WITHIN,
                  "the worker's end; " + "".join(texts))
        self.assertEqual(worker.process.wait(), 2, worker.process.output()[-3000:])
        for text in texts:
            self.assertIn(text, worker.process.output())
        self.expect_no_secret(worker, "wr0ng-word")

    def test_plain_with_a_jks_trust_store(self):
        self.expect_flow("SASL_SSL", self.plain())

    def test_scram_sha_256_with_a_pkcs12_trust_store(self):
        self.expect_flow("SASL_SSL", self.sasl("SCRAM-SHA-256", jaas(
            SCRAM, username=USER, password=WORD), self.trust("PKCS12")))

    def test_scram_sha_512_with_certificates_in_the_worker_file(self):
        self.expect_flow("SASL_SSL", self.sasl("SCRAM-SHA-512", jaas(
            SCRAM, username=USER, password=WORD), self.trust("inline")))

    def test_mutual_tls_with_a_key_store(self):
        self.expect_flow("MUTUAL", {
            "security.protocol": "SSL", "ssl.keystore.location": self.ca.key_store("client"),
            "ssl.keystore.password": PASSWORD, "ssl.key.password": PASSWORD, **self.trust("PEM")})

    def test_oauthbearer_with_unsecured_tokens(self):
        self.expect_flow("SASL_SSL", self.sasl("OAUTHBEARER", jaas(
            OAUTH, unsecuredLoginStringClaim_sub=USER), self.trust()))

    def test_oauthbearer_with_tokens_of_a_file_and_of_an_endpoint(self):
        secret, server = "cl1ent-secret", TokenServer(self.ca)
        self.addCleanup(server.close)
        token_file = self.folder / "token"
        token_file.write_text(token() + "\n")
        for url, options in ((f"file://{token_file}", {}),
                             (server.url, {"clientId": "me", "clientSecret": secret,
                                           "scope": "a b", **self.trust("PEM")})):
            with self.subTest(url):
                settings = self.sasl("OAUTHBEARER", jaas(OAUTH, **options), self.trust())
                settings["sasl.oauthbearer.token.endpoint.url"] = url
                settings["sasl.login.callback.handler.class"] = \
                    MODULES + "oauthbearer.OAuthBearerLoginCallbackHandler"
                self.expect_flow("SASL_SSL", settings, env={"KAFKA_OPTS": "-Dorg.apache.kafka.sasl."
                                                            f"oauthbearer.allowed.urls={url}"})
        credentials = base64.b64encode(f"me:{secret}".encode()).decode()
        self.assertEqual(set(server.requests), {(f"Basic {credentials}",
                                                 "grant_type=client_credentials&scope=a+b")})

    def test_wrong_password(self):
        self.expect_refused("SASL_SSL", self.plain("wr0ng-word"),
                            "Failed to connect to and describe Kafka cluster",
                            "Authentication failed")
        self.expect_refused("SASL_SSL", self.sasl("SCRAM-SHA-512", jaas(
            SCRAM, username=USER, password="wr0ng-word"), self.trust()),
            "Authentication failed")

    def test_certificates_that_do_not_fit(self):
        tls = {"security.protocol": "SSL", **self.trust("PEM")}
        self.expect_refused("WRONGHOST", tls, "certificate verify failed", "IP address mismatch")
        self.expect_refused("EXPIRED", tls, "certificate has expired")
        self.expect_refused("SASL_SSL", self.plain(trust=self.trust("PEM", self.other_ca)),
                            "certificate verify failed", "ssl.truststore")
        self.expect_refused("MUTUAL", tls, "alert", "check ssl.keystore.location")

    def test_without_endpoint_identification_the_name_does_not_matter(self):
        self.expect_flow("WRONGHOST", {"security.protocol": "SSL",
                                       "ssl.endpoint.identification.algorithm": "",
                                       **self.trust("PEM")})

    def test_stores_that_cannot_be_read(self):
        self.expect_refused("SASL_SSL", self.plain(trust={
            "ssl.truststore.location": self.ca.trust_store("JKS"),
            "ssl.truststore.password": "wr0ng-word"}), "check ssl.truststore.password")

    def test_tasks_with_a_wrong_password_fail(self):
        """Clients of tasks have settings of their own: the worker runs, its tasks do not."""
        settings = everywhere(self.plain())
        wrong = jaas(PLAIN, username=USER, password="wr0ng-word")
        settings["producer.sasl.jaas.config"] = settings["consumer.sasl.jaas.config"] = wrong
        worker = self.worker("SASL_SSL", settings)
        topic = unique("refused")
        (worker.folder / "in").write_text("one\n")
        # Tolerance is for records; no record is skipped because nothing can be sent.
        worker.start(file_source("src", worker.folder / "in", topic, **{"errors.tolerance": "all"}),
                     file_sink("dst", worker.folder / "out", topic))
        for name in ("src", "dst"):
            self.wait(lambda: worker.state(name)[1] == ["FAILED"], FAILS_WITHIN, f"{name} to fail")
            trace = worker.rest.get(f"/connectors/{name}/tasks/0/status").json()["trace"]
            self.assertIn("uthentication", trace)
            self.assertNotIn("wr0ng-word", trace)
            self.assertEqual(worker.offsets(name), [])
        self.expect_no_secret(worker, "wr0ng-word")

    def test_rest_over_https_with_jks_stores_and_client_certificates(self):
        worker = Millrace.embedded({
            "listeners.https.ssl.keystore.location": self.ca.jks_key_store("rest"),
            "listeners.https.ssl.keystore.password": PASSWORD,
            "listeners.https.ssl.truststore.location": self.ca.trust_store("JKS"),
            "listeners.https.ssl.truststore.password": PASSWORD,
            "listeners.https.ssl.client.auth": "required"})
        self.addCleanup(worker.close)
        worker.settings["listeners"] = f"https://127.0.0.1:{worker.port}"
        worker.launch()
        key, certificate = self.ca.issue("rest-client")
        context = ssl.create_default_context(cafile=self.ca.certificate)
        context.load_cert_chain(certificate, key)

        def answer():
            try:
                return urllib.request.urlopen(f"https://127.0.0.1:{worker.port}/", timeout=10,
                                              context=context).status
            except urllib.error.URLError:
                return None
        self.wait(lambda: answer() == 200, 30, "an answer over https")
        self.expect_no_secret(worker)


if __name__ == "__main__":
    unittest.main()
