//! Signature Version 4 for a request, and the checksums that some operations need.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4::SigningParams;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest, Md5};
use sha2::Sha256;

use super::super::super::services::model::Operation;
use super::super::super::services::protocol::Request;
use super::super::super::wall_clock;

/// Adds the checksum that an operation needs or the task asks for. The error names an algorithm that is not here.
pub(super) fn add_checksum(operation: &Operation, request: &mut Request) -> Result<(), String> {
    let header = |wanted: &str| request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    let chosen = header("x-amz-sdk-checksum-algorithm").map(|(_, value)| value.clone());
    let is_there = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "content-md5" || (name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-mode")
    };
    let has_own = request.headers.iter().any(|(name, _)| is_there(name));
    if has_own || (!operation.checksum_required && chosen.is_none()) {
        return Ok(());
    }
    if operation.checksum_member.is_empty() {
        let digest = BASE64.encode(Md5::digest(&request.body));
        request.headers.push(("Content-MD5".to_owned(), digest));
        return Ok(());
    }
    let (name, sum) = match chosen.as_deref() {
        None | Some("CRC32") => ("crc32", crc32fast::hash(&request.body).to_be_bytes().to_vec()),
        Some("SHA256") => ("sha256", Sha256::digest(&request.body).to_vec()),
        Some(other) => {
            return Err(format!("The checksum algorithm '{other}' is not supported here; CRC32 and SHA256 are"));
        }
    };
    if chosen.is_none() {
        request.headers.push(("x-amz-sdk-checksum-algorithm".to_owned(), "CRC32".to_owned()));
    }
    request.headers.push((format!("x-amz-checksum-{name}"), BASE64.encode(sum)));
    Ok(())
}

/// What a request is signed for.
pub(super) struct Scope<'a> {
    pub service: &'a str,
    pub region: &'a str,
    pub credentials: &'a Credentials,
    pub unsigned_payload: bool,
}

/// The headers that make a request signed.
pub(super) fn headers(
    scope: &Scope<'_>,
    request: &Request,
    url: &str,
    host: &str,
) -> Result<Vec<(String, String)>, String> {
    let mut settings = SigningSettings::default();
    let is_s3 = matches!(scope.service, "s3" | "s3-object-lambda" | "s3-outposts" | "s3express");
    if is_s3 {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = scope.credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(wall_clock::now())
        .settings(settings)
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let body = match scope.unsigned_payload {
        true => SignableBody::UnsignedPayload,
        false => SignableBody::Bytes(&request.body),
    };
    let signed = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers = signed.chain([("host", host)]);
    let signable = SignableRequest::new(&request.method, url, headers, body).map_err(|error| error.to_string())?;
    let (instructions, _) = sign(signable, &params).map_err(|error| error.to_string())?.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
