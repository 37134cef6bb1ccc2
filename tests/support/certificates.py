"""Certificates for tests, made when they run: nothing secret is kept in the repository."""

import subprocess
from pathlib import Path

PASSWORD = "store-word-7"


def run(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **more)


class Authority:
    """A CA in `folder`; its certificate is `NAME.pem`."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = Path(folder), name
        self.key, self.certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", self.key, "-out", self.certificate, "-days", "30", "-subj",
            f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE")

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", expired=False):
        """A key and certificate in NAME.key (PKCS#8) and NAME.pem; `names` are those of the host."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        request, more = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        more.write_text(f"subjectAltName={names}\n")
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
            "-CAcreateserial", "-out", certificate, "-days", "-1" if expired else "30", "-extfile",
            more)
        return key, certificate

    def key_store(self, name, **more):
        """A PKCS12 key store NAME.p12 with the chain."""
        key, certificate = self.issue(name, **more)
        store = self.folder / f"{name}.p12"
        run("openssl", "pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile",
            self.certificate, "-name", name, "-out", store, "-passout", f"pass:{PASSWORD}")
        return store

    def jks_key_store(self, name, **more):
        """The same as a JKS store, by keytool."""
        store = self.folder / f"{name}.jks"
        run("keytool", "-importkeystore", "-noprompt", "-srckeystore", self.key_store(name, **more),
            "-srcstorepass", PASSWORD, "-destkeystore", store, "-deststoretype", "JKS",
            "-deststorepass", PASSWORD)
        return store

    def trust_store(self, kind):
        """The CA's certificate in a trust store of Java's type `kind`, by keytool."""
        store = self.folder / f"{self.name}-trust.{kind.lower()}"
        if store.exists():
            return store
        run("keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", self.certificate,
            "-keystore", store, "-storetype", kind, "-storepass", PASSWORD)
        return store
