"""A real broker with secured listeners, as users of managed clusters have them."""

from certificates import PASSWORD
from kafka_broker import Broker

USER = "alice"
WORD = "pa:ss/w0rd;=x"
MODULES = "org.apache.kafka.common.security."
PLAIN = MODULES + "plain.PlainLoginModule"
SCRAM = MODULES + "scram.ScramLoginModule"
OAUTH = MODULES + "oauthbearer.OAuthBearerLoginModule"
MECHANISMS = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"


def jaas(module, **options):
    return f"{module} required" + "".join(f' {k}="{v}"' for k, v in options.items()) + ";"


def tls_listener(ca, listener, name, **more):
    """Settings of a listener with a certificate of `ca`."""
    prefix = f"listener.name.{listener.lower()}."
    return {prefix + "ssl.keystore.location": ca.key_store(name, **more),
            prefix + "ssl.keystore.type": "PKCS12", prefix + "ssl.keystore.password": PASSWORD}


def sasl_listener(listener, **more):
    """Settings of a listener for USER with WORD, by each mechanism."""
    prefix = f"listener.name.{listener.lower()}."
    return {prefix + "sasl.enabled.mechanisms": MECHANISMS,
            prefix + "plain.sasl.jaas.config": jaas(PLAIN, **{f"user_{USER}": WORD}),
            prefix + "scram-sha-256.sasl.jaas.config": jaas(SCRAM),
            prefix + "scram-sha-512.sasl.jaas.config": jaas(SCRAM),
            prefix + "oauthbearer.sasl.jaas.config": jaas(OAUTH,
                                                          unsecuredLoginStringClaim_sub="b"),
            **{prefix + key: value for key, value in more.items()}}


def secured_broker(ca, settings=None, listeners=None):
    """With further ones of the caller: SASL_SSL, MUTUAL (asks for certificates of `ca`), WRONGHOST and
    EXPIRED."""
    return Broker(scram_users={USER: WORD}, listeners={
        "SASL_SSL": "SASL_SSL", "MUTUAL": "SSL", "WRONGHOST": "SSL", "EXPIRED": "SSL",
        **(listeners or {})}, settings={
        **tls_listener(ca, "SASL_SSL", "broker"), **tls_listener(ca, "MUTUAL", "mutual"),
        **tls_listener(ca, "WRONGHOST", "other", names="DNS:other.example"),
        **tls_listener(ca, "EXPIRED", "expired", expired=True), **sasl_listener("SASL_SSL"),
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.mutual.ssl.truststore.location": ca.certificate,
        "listener.name.mutual.ssl.truststore.type": "PEM", **(settings or {})})


def trust(ca, kind="JKS"):
    """A client's trust in `ca`, by a store of type `kind` or PEM text within the settings."""
    if kind == "PEM":
        return {"ssl.truststore.type": "PEM", "ssl.truststore.location": ca.certificate}
    if kind == "inline":
        return {"ssl.truststore.type": "PEM",
                "ssl.truststore.certificates": ca.certificate.read_text().replace("\n", " ")}
    return {"ssl.truststore.location": ca.trust_store(kind), "ssl.truststore.password": PASSWORD}
