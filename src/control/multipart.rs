//! The parts of a form. How clients spell an upload in them is `upload`'s affair.

use bytes::Bytes;

use super::envelope::{ApiError, code};
use crate::web::formdata;

/// One part.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) filename: Option<String>,
    /// Empty where the part says nothing.
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// Parts of one form; an upload has a part for each module.
const MAX_PARTS: usize = 2000;

pub(super) fn parse(content_type: &str, body: &Bytes) -> Result<Vec<Part>, ApiError> {
    let malformed = |why: String| ApiError::new(400, code::BAD_REQUEST, format!("The form could not be parsed: {why}"));
    let parts = formdata::read(content_type, body).map_err(malformed)?;
    if parts.len() > MAX_PARTS {
        return Err(malformed(format!("it has more than {MAX_PARTS} parts")));
    }
    let part = |(name, filename, content_type, content): formdata::FormPart| Part {
        name,
        filename,
        content_type,
        bytes: body.slice(content),
    };
    Ok(parts.into_iter().map(part).collect())
}
