"""Members of a worker group on secured listeners of a real broker, through group_tool.cc."""

import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from certificates import PASSWORD, Authority
from flow import FlowTest, unique
from process import Process
from secured_broker import (MODULES, OAUTH, PLAIN, SCRAM, USER, WORD, jaas, sasl_listener,
                            secured_broker, tls_listener, trust)
from token_server import TokenServer

FAILS_WITHIN = 20.0
WRONG = "wr0ng-word"
CLIENT_SECRET = "cl1ent-secret"
# Shorter than a heartbeat's interval: each heartbeat renews the authentication first.
REAUTH_MS = 2000
RENEWED = f"Authenticated with broker 127.0.0.1:{{port}} for {REAUTH_MS} ms"


class Member:
    """group_tool with `settings` as its worker file."""

    def __init__(self, folder, settings, env):
        folder = Path(tempfile.mkdtemp(dir=folder))
        file = folder / "worker.properties"
        file.write_text("".join("{}={}\n".format(key, str(value).replace("\\", "\\\\"))
                                for key, value in settings.items()))
        tool = Path(os.environ["MILLRACE_BUILD"]) / "tests" / "group_tool"
        self.process = Process([str(tool), str(file)], folder / "log",
                               env=dict(os.environ, MILLRACE_LOG_LEVEL="DEBUG", **env))

    def events(self, kind):
        lines = [line for line in self.process.output().splitlines() if line.startswith("{")]
        return [event for event in map(json.loads, lines) if event["event"] == kind]


class GroupSecurityTest(FlowTest):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="millrace-group-security-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.ca, cls.other_ca = Authority(cls.folder), Authority(cls.folder, "other-ca")
        cls.broker = secured_broker(cls.ca, listeners={"SHORT": "SASL_SSL", "OPEN": "SASL_PLAINTEXT"},
                                    settings={
            **tls_listener(cls.ca, "SHORT", "short"), **sasl_listener("OPEN"),
            **sasl_listener("SHORT", **{f"{mechanism}.connections.max.reauth.ms": REAUTH_MS
                                        for mechanism in ("plain", "scram-sha-256",
                                                          "scram-sha-512", "oauthbearer")})})
        cls.addClassCleanup(cls.broker.close)
        cls.broker.start()

    def tls(self, kind="PEM", **more):
        return {"security.protocol": "SSL", **trust(self.ca, kind), **more}

    def sasl(self, mechanism, config, kind="PEM", protocol="SASL_SSL"):
        return {"security.protocol": protocol, "sasl.mechanism": mechanism,
                "sasl.jaas.config": config, **(trust(self.ca, kind) if "SSL" in protocol else {})}

    def user(self, mechanism="PLAIN", word=WORD, **more):
        module = PLAIN if mechanism == "PLAIN" else SCRAM
        return self.sasl(mechanism, jaas(module, username=USER, password=word), **more)

    def member(self, listener, settings, env=None):
        address = self.broker.bootstrap if listener is None else self.broker.address(listener)
        member = Member(self.folder, {"bootstrap.servers": address, "group.id": unique("group"),
                                      **settings}, env or {})
        self.addCleanup(member.process.kill)
        return member

    def expect_no_secret(self, member):
        for secret in (WORD, WRONG, CLIENT_SECRET, PASSWORD, "PRIVATE KEY"):
            self.assertNotIn(secret, member.process.output())

    def await_round(self, member, rounds=1):
        self.wait(lambda: len(member.events("joined")) >= rounds or not member.process.alive(), 30,
                  "a round: " + member.process.output()[-3000:])
        self.assertTrue(member.process.alive(), member.process.output()[-3000:])

    def joined(self, listener, settings):
        member = self.member(listener, settings)
        self.await_round(member)
        return member

    def leave(self, member):
        self.assertEqual(member.process.stop(), 0, member.process.output()[-3000:])
        self.assertEqual(len(member.events("left")), 1)
        self.expect_no_secret(member)

    def expect_member(self, listener, settings):
        self.leave(self.joined(listener, settings))

    def expect_refused(self, listener, settings, *texts):
        """The member gives up by itself, and says why."""
        member = self.member(listener, settings)
        self.wait(lambda: not member.process.alive(), FAILS_WITHIN,
                  "the member's end; " + member.process.output()[-2000:])
        self.assertEqual(member.process.wait(), 2, member.process.output()[-3000:])
        (fatal,) = member.events("fatal")
        for text in texts:
            self.assertIn(text, fatal["error"])
        self.assertEqual(member.events("joined"), [])
        self.expect_no_secret(member)
        return fatal["error"]

    def expect_patience(self, listener, settings, text):
        """The member warns and keeps trying: what is wrong may pass."""
        member = self.member(listener, settings)
        self.wait(lambda: member.process.output().count(text) >= 2 or not member.process.alive(),
                  FAILS_WITHIN, f"two warnings with '{text}': {member.process.output()[-2000:]}")
        self.assertTrue(member.process.alive(), member.process.output()[-2000:])
        self.expect_no_secret(member)

    # What works.

    def test_without_security(self):
        self.expect_member(None, {})

    def test_tls_with_trust_stores_of_each_kind(self):
        for kind in ("PEM", "inline", "PKCS12", "JKS"):
            with self.subTest(kind):
                # Certificates are checked; that this broker wants one too is another test's matter.
                self.expect_member("MUTUAL", self.tls(kind, **self.key_store("client-" + kind)))

    def key_store(self, name, ca=None):
        return {"ssl.keystore.location": (ca or self.ca).key_store(name),
                "ssl.keystore.password": PASSWORD}

    def test_mutual_tls_with_key_stores_of_each_kind(self):
        self.expect_member("MUTUAL", self.tls(**{
            "ssl.keystore.location": self.ca.jks_key_store("jks-client"),
            "ssl.keystore.password": PASSWORD, "ssl.enabled.protocols": "TLSv1.2"}))
        key, certificate = self.ca.issue("pem-client")
        self.expect_member("MUTUAL", self.tls(**{
            "ssl.keystore.type": "PEM", "ssl.keystore.key": key.read_text().replace("\n", " "),
            "ssl.keystore.certificate.chain": certificate.read_text().replace("\n", " "),
            "ssl.enabled.protocols": "TLSv1.3"}))

    def test_user_and_password(self):
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            with self.subTest(mechanism):
                self.expect_member("SASL_SSL", self.user(mechanism))
        self.expect_member("OPEN", self.user("SCRAM-SHA-512", protocol="SASL_PLAINTEXT"))

    def test_unsecured_tokens(self):
        self.expect_member("SASL_SSL", self.sasl("OAUTHBEARER", jaas(
            OAUTH, unsecuredLoginStringClaim_sub=USER), "JKS"))

    def endpoint(self, status=200):
        """A token endpoint; settings for it, and the environment that allows its URL."""
        server = TokenServer(self.ca, status)
        self.addCleanup(server.close)
        settings = self.sasl("OAUTHBEARER", jaas(OAUTH, clientId="me", clientSecret=CLIENT_SECRET,
                                                 **trust(self.ca, "PEM")))
        settings["sasl.oauthbearer.token.endpoint.url"] = server.url
        return server, settings, {"KAFKA_OPTS": "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls="
                                                + server.url}

    def test_tokens_of_an_endpoint(self):
        server, settings, env = self.endpoint()
        member = self.member("SASL_SSL", settings, env)
        self.await_round(member)
        self.leave(member)
        self.assertEqual(len(server.requests), 1)  # for all connections

    def test_an_endpoint_that_refuses_may_be_repaired(self):
        server, settings, env = self.endpoint(status=401)
        member = self.member("SASL_SSL", settings, env)
        self.wait(lambda: "check client id, secret and scope" in member.process.output(),
                  FAILS_WITHIN, "a warning: " + member.process.output()[-2000:])
        self.assertTrue(member.process.alive())
        server.status = 200
        self.await_round(member)
        self.leave(member)

    def test_another_host_name_without_the_check(self):
        self.expect_member("WRONGHOST", self.tls(**{"ssl.endpoint.identification.algorithm": ""}))

    # What is refused.

    def test_wrong_password(self):
        for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
            with self.subTest(mechanism):
                self.expect_refused("SASL_SSL", self.user(mechanism, WRONG), mechanism +
                                    " authentication failed", "127.0.0.1",
                                    "check username and password in sasl.jaas.config")

    def test_unsecured_tokens_that_have_expired(self):
        self.expect_refused("SASL_SSL", self.sasl("OAUTHBEARER", jaas(
            OAUTH, unsecuredLoginStringClaim_sub=USER, unsecuredLoginLifetimeSeconds="0.001")),
            "OAUTHBEARER authentication failed", "check the token's source")

    def test_certificate_of_another_host(self):
        self.expect_refused("WRONGHOST", self.tls(), "not for '127.0.0.1'", "other.example",
                            "ssl.endpoint.identification.algorithm")

    def test_expired_certificate(self):
        self.expect_refused("EXPIRED", self.tls(), "CN=expired has expired on ")

    def test_unknown_authority(self):
        self.expect_refused("SASL_SSL", {**self.user(), **trust(self.other_ca, "PEM")},
                            "issued by CN=ca, is not trusted", "ssl.truststore.location")

    def test_no_client_certificate(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            with self.subTest(version):
                self.expect_refused("MUTUAL", self.tls(**{"ssl.enabled.protocols": version}),
                                    "ssl.keystore.location")

    def test_client_certificate_of_another_authority(self):
        for version in ("TLSv1.2", "TLSv1.3"):
            with self.subTest(version):
                self.expect_refused("MUTUAL", self.tls(**{
                    "ssl.enabled.protocols": version,
                    **self.key_store("stranger-" + version, self.other_ca)}), "ssl.keystore")

    def test_no_tls_version_in_common(self):
        settings = {**self.user(), "ssl.enabled.protocols": "TLSv1.2",
                    "ssl.cipher.suites": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"}  # no RSA there
        self.expect_refused("SASL_SSL", settings, "ssl.cipher.suites")

    def test_sasl_where_none_is(self):
        self.expect_refused(None, self.user(protocol="SASL_PLAINTEXT"), "expects no SASL",
                            "security.protocol")

    def test_kerberos(self):
        config = jaas("com.sun.security.auth.module.Krb5LoginModule", serviceName="kafka")
        self.expect_refused("SASL_SSL", self.sasl("GSSAPI", config), "GSSAPI")

    # What may pass.

    def test_protocols_that_do_not_fit_the_port(self):
        self.expect_patience("OPEN", {}, "if this port asks for SASL, set security.protocol")
        self.expect_patience("SASL_SSL", {}, "set security.protocol")
        self.expect_patience(None, self.tls(), "is this a port with TLS?")

    def test_a_broker_that_is_away_and_comes_back(self):
        member = self.joined("SASL_SSL", self.user("SCRAM-SHA-512"))
        self.broker.kill()
        self.wait(lambda: member.events("lost"), 30, "the loss")
        self.broker.start()
        self.await_round(member, 2)
        self.leave(member)

    # Authentications with an end.

    def test_authentication_is_renewed_before_it_ends(self):
        bearer = self.sasl("OAUTHBEARER", jaas(OAUTH, unsecuredLoginStringClaim_sub=USER))
        members = [self.joined("SHORT", {**settings, "heartbeat.interval.ms": 1000})
                   for settings in (self.user("SCRAM-SHA-256"), self.user(), bearer)]
        text = RENEWED.format(port=self.broker.ports["SHORT"])
        for member in members:
            # Three are the first ones of its connections; each other one is a renewal.
            self.wait(lambda: member.process.output().count(text) >= 6, 40, "three renewals")
            self.assertEqual(member.events("lost"), [])
            self.assertEqual(len(member.events("joined")), 1)
            self.leave(member)


if __name__ == "__main__":
    unittest.main()
