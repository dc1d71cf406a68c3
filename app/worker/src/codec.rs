//! Chunks, deflated and inflated by the browser: its own code for that is there anyway, and faster.

use chunks::{ChunkError, Packed, Record, Sealed, Unpacked};
use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStream, Response, WritableStream};

#[wasm_bindgen]
extern "C" {
    type CompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;

    type DecompressionStream;
    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;

    /// Either of them.
    type Through;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &Through) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &Through) -> WritableStream;
}

const FORMAT: &str = "deflate-raw";

/// Seals records; nothing for nothing. A batch is far from the number of events that a chunk refuses.
pub(crate) async fn seal(records: &[Record]) -> Option<Sealed> {
    if records.is_empty() {
        return None;
    }
    let unpacked = Unpacked::of(records).ok()?;
    let stream = || CompressionStream::new(FORMAT).map(JsValue::from);
    let deflated = through(unpacked.parts(), stream).await;
    Some(unpacked.seal(&deflated.unwrap_or_default()))
}

/// Reads a chunk.
pub(crate) async fn read(numbers: &[u8], texts: &[u8]) -> Result<Vec<Record>, ChunkError> {
    let packed = Packed::open(numbers, Some(texts))?;
    let stream = || DecompressionStream::new(FORMAT).map(JsValue::from);
    let parts = packed.parts().map(|(part, _)| part);
    packed.read(&through(parts, stream).await.unwrap_or_default())
}

/// Sends each part through a stream of its own, all at the same time.
async fn through<'a>(
    parts: impl Iterator<Item = &'a [u8]>,
    stream: impl Fn() -> Result<JsValue, JsValue>,
) -> Result<Vec<Vec<u8>>, JsValue> {
    let promises = Array::new();
    for part in parts {
        let stream: Through = stream()?.unchecked_into();
        let response = Response::new_with_opt_readable_stream(Some(&stream.readable()))?;
        let writer = stream.writable().get_writer()?;
        // Whether that went well, whoever reads the other end is told.
        let _ = writer.write_with_chunk(&Uint8Array::from(part));
        let _ = writer.close();
        let buffer: Promise = response.array_buffer()?.unchecked_into();
        promises.push(&buffer);
    }
    let buffers: Array = JsFuture::from(Promise::all(&promises))
        .await?
        .unchecked_into();
    let bytes = |buffer: JsValue| Uint8Array::new(buffer.unchecked_ref::<ArrayBuffer>()).to_vec();
    Ok(buffers.iter().map(bytes).collect())
}
