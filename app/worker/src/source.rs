//! A file that was opened: one of this machine, or one at an address, whole or in the parts that are needed.
//!
//! Parts of a file are asked for by HTTP ranges, of Parquet only, which alone says where its parts are; ask for a
//! range, and nothing is compressed on its way. A host that answers with the whole file is taken at its word. What
//! was fetched is kept by the browser, large parts on disk.

use std::ops::Range;

use import::ranges;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, Headers, RequestCache, RequestInit, Response};

use crate::updates::scope;

/// Said of an address from which nothing came.
const NO_ANSWER: &str = "No file came from there. Either nothing answers at this address, or its host does not let pages from elsewhere read it (CORS), or this page's host forbids asking elsewhere, as the relay does. Save the file and open it from your disk.";
/// Said of a file of which the rest did not come.
const BROKE_OFF: &str = "Its host stopped answering before the whole file had come. Nothing was imported; open it again.";
/// Said of a file whose parts do not belong together.
const CHANGED: &str =
    "The file changed at its host while it was being fetched. Nothing was imported; open it again.";
/// So much of a file is asked for at first. Smaller files are whole with it.
const FIRST: u64 = 64 * 1024;

/// A file, or what is there of it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) size: u64,
    parts: Vec<Blob>,
    /// Where the parts stand in the file.
    ranges: Vec<Range<u64>>,
    /// Where more can be had.
    far: Option<Far>,
}

struct Far {
    address: String,
    about: About,
}

/// What must not change between two parts of a file.
#[derive(PartialEq)]
struct About {
    size: u64,
    /// The host's mark of this content.
    mark: Option<String>,
}

impl Source {
    pub(crate) fn of_file(file: File) -> Self {
        let name = file.name();
        Self::whole(name, file.into())
    }

    /// The file at an address, or its beginning where more can be had as it is needed.
    pub(crate) async fn fetch(address: &str) -> Result<Self, String> {
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut response = None;
        if name.to_ascii_lowercase().ends_with(".parquet") {
            // A host may refuse to be asked for a part: then it is asked as usual.
            response = get(address, Some(0..FIRST)).await;
            if let Some((about, range, part)) = part(response.as_ref()).await {
                let far = Far {
                    address: address.to_owned(),
                    about,
                };
                return Ok(Self {
                    name,
                    size: far.about.size,
                    parts: vec![part],
                    ranges: vec![range],
                    far: Some(far),
                });
            }
            response = response.filter(|response| response.status() == 200);
        }
        if response.is_none() {
            response = get(address, None).await;
        }
        let response = response.ok_or(NO_ANSWER)?;
        if !response.ok() {
            let status = response.status();
            return Err(format!(
                "The host refused: HTTP {status}. Is the address right?"
            ));
        }
        let blob = blob(&response).await.ok_or(NO_ANSWER)?;
        Ok(Self::whole(name, blob))
    }

    fn whole(name: String, blob: Blob) -> Self {
        let size = blob.size() as u64;
        let all = 0..size;
        Self {
            name,
            size,
            parts: vec![blob],
            ranges: vec![all],
            far: None,
        }
    }

    /// What has to be fetched before [`Self::read`] can give these ranges.
    pub(crate) fn lacking(&self, wanted: &[Range<u64>]) -> Vec<Range<u64>> {
        let lacking = |wanted: &Range<u64>| ranges::lacking(wanted.clone(), &self.ranges);
        wanted.iter().flat_map(lacking).collect()
    }

    /// Fetches one more part, which has to be of the same file as those before.
    pub(crate) async fn fetch_part(&mut self, wanted: Range<u64>) -> Result<(), String> {
        let far = self.far.as_ref().ok_or(BROKE_OFF)?;
        let response = get(&far.address, Some(wanted.clone())).await;
        // A whole file instead of a part is another answer than before, and so is one that has become too short.
        let is_other = |response: &Response| matches!(response.status(), 200 | 416);
        if response.as_ref().is_some_and(is_other) {
            return Err(CHANGED.to_owned());
        }
        let (about, range, blob) = part(response.as_ref()).await.ok_or(BROKE_OFF)?;
        if about != far.about || range != wanted {
            return Err(CHANGED.to_owned());
        }
        self.parts.push(blob);
        self.ranges.push(range);
        Ok(())
    }

    /// Bytes of the file that were fetched, where not all of it was asked for.
    pub(crate) fn n_fetched(&self) -> Option<u64> {
        let lengths = self.ranges.iter().map(|range| range.end - range.start);
        self.far.as_ref().map(|_| lengths.sum())
    }

    /// Part of the file as far as it goes; `None` when that is not there, or went away. The browser begins at once,
    /// not when somebody waits for it.
    pub(crate) fn read(&self, wanted: Range<u64>) -> impl Future<Output = Option<Vec<u8>>> + use<> {
        let part = self.slice(wanted);
        let buffer = part.map(|part| JsFuture::from(part.array_buffer()));
        async {
            let buffer = buffer?.await.ok()?;
            Some(Uint8Array::new(&buffer).to_vec())
        }
    }

    fn slice(&self, wanted: Range<u64>) -> Option<Blob> {
        let end = wanted.end.min(self.size);
        let wanted = wanted.start.min(end)..end;
        let slices = Array::new();
        for (idx, range) in ranges::parts(wanted, &self.ranges)? {
            let start = self.ranges.get(idx)?.start;
            let (from, to) = (range.start - start, range.end - start);
            let part = self.parts.get(idx)?;
            let slice = part.slice_with_f64_and_f64(from as f64, to as f64);
            let slice = slice.ok()?;
            slices.push(&slice);
        }
        match slices.length() {
            1 => Some(slices.get(0).unchecked_into()),
            _ => Blob::new_with_blob_sequence(&slices).ok(),
        }
    }
}

/// The answer of a host, of whatever status; `None` where there is none, or none that this page may see.
async fn get(address: &str, range: Option<Range<u64>>) -> Option<Response> {
    let init = RequestInit::new();
    if let Some(range) = range {
        let headers = Headers::new().ok()?;
        let (first, last) = (range.start, range.end - 1);
        headers
            .set("range", &format!("bytes={first}-{last}"))
            .ok()?;
        init.set_headers(&headers);
        // Parts that were kept at another time may be of another content.
        init.set_cache(RequestCache::NoStore);
    }
    let response = JsFuture::from(scope().fetch_with_str_and_init(address, &init)).await;
    response.ok().map(JsValue::unchecked_into)
}

/// The part of a file that an answer holds, if it says so and holds it as it is.
async fn part(response: Option<&Response>) -> Option<(About, Range<u64>, Blob)> {
    let response = response.filter(|response| response.status() == 206)?;
    let header = |name: &str| response.headers().get(name).ok().flatten();
    let is_packed = header("content-encoding").is_some_and(|encoding| encoding != "identity");
    let (range, size) = ranges::content_range(&header("content-range")?)?;
    if is_packed {
        return None;
    }
    let mark = header("etag").or_else(|| header("last-modified"));
    let blob = blob(response).await?;
    let is_whole = blob.size() as u64 == range.end - range.start;
    is_whole.then_some((About { size, mark }, range, blob))
}

async fn blob(response: &Response) -> Option<Blob> {
    let blob = JsFuture::from(response.blob().ok()?).await.ok()?;
    Some(blob.unchecked_into())
}
