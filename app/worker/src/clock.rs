//! Milliseconds since the worker began.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

pub(crate) fn now() -> f64 {
    let performance =
        Reflect::get(&crate::updates::scope(), &JsValue::from_str("performance")).ok();
    let performance = performance.and_then(|p| p.dyn_into::<web_sys::Performance>().ok());
    performance.map_or(0.0, |performance| performance.now())
}
