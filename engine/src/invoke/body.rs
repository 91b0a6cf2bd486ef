//! Bodies of HTTP messages that carry a function's answer: never is more kept of them than an answer may have.

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use super::function::RESPONSE_BYTES_MAX;

/// Reads a body, or none where it is larger than [`RESPONSE_BYTES_MAX`]. What is too large is read on, and thrown away,
/// until it is larger than `read_bytes_max` too.
pub(super) async fn read<B>(mut body: B, read_bytes_max: usize) -> Result<Option<Bytes>, B::Error>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let mut kept = BytesMut::new();
    let mut length = 0;
    while length <= read_bytes_max
        && let Some(frame) = body.frame().await
    {
        let frame = frame?;
        let Some(data) = frame.data_ref() else { continue };
        length += data.len();
        if length <= RESPONSE_BYTES_MAX {
            kept.extend_from_slice(data);
        } else {
            kept = BytesMut::new();
        }
    }
    Ok((length <= RESPONSE_BYTES_MAX).then(|| kept.freeze()))
}
