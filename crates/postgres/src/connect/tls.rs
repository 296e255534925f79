//! TLS by rustls, with the provider `ring` named in full: a process-wide default could be somebody else's choice. The modes
//! are libpq's (<https://www.postgresql.org/docs/current/libpq-ssl.html>): up to `require` nobody's identity is checked.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use stead_engine::{EngineError, ErrorClass};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Certificates, SslMode};

/// The word that stands for the roots that browsers trust.
const SYSTEM: &str = "system";

/// What connects with TLS as far as the mode asks for it; `bound` if the password's exchange must be bound to the certificate.
pub(crate) fn connector(
    mode: SslMode,
    bound: bool,
    certificates: &Certificates,
) -> Result<MakeRustlsConnect, EngineError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(format!("TLS cannot be set up: {error}")))?;
    let builder = match mode {
        SslMode::VerifyFull => builder.with_root_certificates(roots(certificates)?),
        SslMode::Disable | SslMode::Prefer | SslMode::Require => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Unchecked { provider, bound }))
        }
        SslMode::VerifyCa => {
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots(certificates)?), provider).build();
            let inner = inner.map_err(|error| refused(format!("the root certificates cannot be used: {error}")))?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName(inner)))
        }
    };
    let config = match (&certificates.own, &certificates.key) {
        (Some(own), Some(key)) => builder
            .with_client_auth_cert(read_certificates(own)?, read_key(key)?)
            .map_err(|error| refused(format!("`{own}` and `{key}` cannot be used together: {error}")))?,
        _ => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn refused(message: String) -> EngineError {
    EngineError::new(ErrorClass::Refused, message)
}

fn roots(certificates: &Certificates) -> Result<RootCertStore, EngineError> {
    let mut store = RootCertStore::empty();
    match certificates.root.as_deref() {
        None | Some(SYSTEM) => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            for certificate in read_certificates(path)? {
                store
                    .add(certificate)
                    .map_err(|error| refused(format!("`{path}` holds no root certificate: {error}")))?;
            }
        }
    }
    Ok(store)
}

fn open(path: &str) -> Result<BufReader<File>, EngineError> {
    File::open(path).map(BufReader::new).map_err(|error| {
        refused(format!("cannot read `{path}`: {error}"))
            .hint("`sslrootcert`, `sslcert` and `sslkey` in the URL name files of certificates and keys")
    })
}

fn read_certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, EngineError> {
    let read: Result<Vec<_>, _> = rustls_pemfile::certs(&mut open(path)?).collect();
    let read = read.map_err(|error| refused(format!("cannot read `{path}`: {error}")))?;
    if read.is_empty() {
        return Err(refused(format!("`{path}` holds no certificate in PEM form")));
    }
    Ok(read)
}

fn read_key(path: &str) -> Result<PrivateKeyDer<'static>, EngineError> {
    let read = rustls_pemfile::private_key(&mut open(path)?);
    let read = read.map_err(|error| refused(format!("cannot read `{path}`: {error}")))?;
    read.ok_or_else(|| refused(format!("`{path}` holds no private key in PEM form")))
}

/// Takes any certificate; signatures of the handshake are still checked, where the certificate is one that our library can read.
/// It knows version 3 of X.509 alone, and the recipe in PostgreSQL's manual makes version 1. Nobody's identity is proved in these
/// modes, so that a signature by a key which anybody may have made adds nothing; libpq takes such certificates too. Only where the
/// password's exchange is bound to the certificate the server has to prove that the certificate is its own.
#[derive(Debug)]
struct Unchecked {
    provider: Arc<CryptoProvider>,
    bound: bool,
}

impl Unchecked {
    /// What the check of a signature says, a certificate that cannot be read being no objection.
    fn unread(&self, checked: Result<HandshakeSignatureValid, Error>) -> Result<HandshakeSignatureValid, Error> {
        match checked {
            Err(Error::InvalidCertificate(ref why)) if !self.bound && *why != CertificateError::BadSignature => {
                Ok(HandshakeSignatureValid::assertion())
            }
            checked => checked,
        }
    }
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unread(rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        self.unread(rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Takes a certificate that a trusted root signed, whatever host it is made out to.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The chain is looked at first; what is left is the name.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
