//! Several tabs share one database: the first one holds a lock and writes, the others only read.

use futures::{FutureExt, channel::oneshot, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

/// Held until it is dropped, or until the worker ends.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Ends the promise that keeps the lock; `None` where there is no lock to keep.
    release: Option<Function>,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Another tab holds the lock.
#[derive(Debug)]
pub(crate) struct Taken;

/// A tab that is being reloaded lets go within moments; one that stays does not.
const PATIENCE: u32 = 1_500;

/// Waits for the lock.
///
/// A browser without Web Locks lets every tab write.
///
/// # Errors
/// [`Taken`] when another tab does not let go.
pub(crate) async fn hold(name: &str) -> Result<Lock, Taken> {
    let locks = Reflect::get(
        &crate::updates::scope().navigator(),
        &JsValue::from_str("locks"),
    );
    let request = locks
        .as_ref()
        .ok()
        .and_then(|locks| Reflect::get(locks, &JsValue::from_str("request")).ok());
    let (Ok(locks), Some(Ok(request))) = (locks, request.map(JsCast::dyn_into::<Function>)) else {
        return Ok(Lock { release: None });
    };
    let (granted, has_been_granted) = oneshot::channel();
    let mut granted = Some(granted);
    let on_granted = Closure::<dyn FnMut() -> Promise>::new(move || {
        Promise::new(&mut |release, _| {
            // A grant that nobody waits for any more: dropping it lets the next tab have it.
            let lock = Lock {
                release: Some(release),
            };
            if let Some(granted) = granted.take() {
                let _ = granted.send(lock);
            }
        })
    });
    let is_requested = request
        .call2(
            &locks,
            &JsValue::from_str(&format!("{name}-store")),
            on_granted.as_ref(),
        )
        .is_ok();
    on_granted.forget();
    if !is_requested {
        return Ok(Lock { release: None });
    }
    select! {
        lock = has_been_granted.fuse() => lock.map_err(|_| Taken),
        _ = TimeoutFuture::new(PATIENCE).fuse() => Err(Taken),
    }
}
