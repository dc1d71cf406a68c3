//! `moodtape-relay precompress`: writes a Brotli copy beside each of the page's files, which is sent as it is from
//! then on: a fifth smaller than what could be compressed while somebody waits.
//!
//! The best compression takes seconds, so copies are also kept by the content of what they are copies of.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use brotli::enc::BrotliEncoderParams;
use ring::digest::{SHA256, digest};

const EXTENSIONS: [&str; 3] = ["css", "js", "wasm"];

/// Compresses what lies in `folder`; `cache` holds the copies of earlier times. Returns how many files have one now.
///
/// # Errors
/// What cannot be read or written.
pub fn precompress(folder: &Path, cache: &Path) -> io::Result<usize> {
    fs::create_dir_all(cache)?;
    let mut n = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            fs::write(with_br(&path), packed(&fs::read(&path)?, cache)?)?;
            n += 1;
        }
    }
    Ok(n)
}

fn packed(content: &[u8], cache: &Path) -> io::Result<Vec<u8>> {
    let hash = digest(&SHA256, content);
    let hash: String = hash.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    let kept = cache.join(&hash).with_extension("br");
    if let Ok(packed) = fs::read(&kept) {
        return Ok(packed);
    }
    let params = BrotliEncoderParams {
        quality: 11,
        size_hint: content.len(),
        ..BrotliEncoderParams::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*content, &mut packed, &params)?;
    // Whole or not at all, since it is believed from now on.
    let half = cache.join(hash).with_extension("half");
    fs::write(&half, &packed)?;
    fs::rename(&half, &kept)?;
    Ok(packed)
}

fn with_br(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_holds_the_same_and_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let (page, cache) = (folder.path().join("dist"), folder.path().join("cache"));
        fs::create_dir(&page).unwrap();
        let script = "export const same = 'the same again and again';\n".repeat(50);
        fs::write(page.join("a.js"), &script).unwrap();
        fs::write(page.join("a.png"), "pictures are packed already").unwrap();

        assert_eq!(precompress(&page, &cache).unwrap(), 1);

        let copy = fs::read(page.join("a.js.br")).unwrap();
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &*copy, &mut unpacked).unwrap();
        assert_eq!(unpacked, script.as_bytes());
        // What is in the cache is believed.
        let kept = fs::read_dir(&cache).unwrap().next().unwrap().unwrap();
        fs::write(kept.path(), "kept").unwrap();
        precompress(&page, &cache).unwrap();
        assert_eq!(fs::read(page.join("a.js.br")).unwrap(), b"kept");
    }
}
