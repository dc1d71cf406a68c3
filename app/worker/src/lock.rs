//! Several tabs share one database: the first one holds a lock and writes, the others only read.

use std::{cell::Cell, rc::Rc};

use futures::{FutureExt, channel::oneshot, future::pending, select_biased};
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

/// A tab that is being reloaded lets go within moments; one that stays does not.
const PATIENCE: u32 = 1_500;

/// A place in the line for the lock, kept until it is granted or dropped.
#[derive(Debug)]
pub(crate) struct Request(oneshot::Receiver<Lock>);

impl Request {
    /// The lock, or `None` when another tab does not let go; asking again goes on waiting.
    pub(crate) async fn patiently(&mut self) -> Option<Lock> {
        select_biased! {
            lock = self.granted().fuse() => Some(lock),
            _ = TimeoutFuture::new(PATIENCE).fuse() => None,
        }
    }

    /// The lock, whenever its turn comes.
    pub(crate) async fn granted(&mut self) -> Lock {
        match (&mut self.0).await {
            Ok(lock) => lock,
            // It was granted before.
            Err(oneshot::Canceled) => pending().await,
        }
    }
}

/// Asks for the lock. A browser without Web Locks lets every tab write.
pub(crate) fn request(name: &str) -> Request {
    let (granted, has_been_granted) = oneshot::channel();
    let request = Request(has_been_granted);
    let without = Lock { release: None };
    let locks = Reflect::get(
        &crate::updates::scope().navigator(),
        &JsValue::from_str("locks"),
    );
    let ask = locks
        .as_ref()
        .ok()
        .and_then(|locks| Reflect::get(locks, &JsValue::from_str("request")).ok());
    let (Ok(locks), Some(Ok(ask))) = (locks, ask.map(JsCast::dyn_into::<Function>)) else {
        let _ = granted.send(without);
        return request;
    };
    let granted = Rc::new(Cell::new(Some(granted)));
    let on_granted = {
        let granted = Rc::clone(&granted);
        Closure::<dyn FnMut() -> Promise>::new(move || {
            Promise::new(&mut |release, _| {
                // A grant that nobody waits for any more: dropping it lets the next tab have it.
                let lock = Lock {
                    release: Some(release),
                };
                if let Some(granted) = granted.take() {
                    let _ = granted.send(lock);
                }
            })
        })
    };
    let name = JsValue::from_str(&format!("{name}-store"));
    let is_asked = ask.call2(&locks, &name, on_granted.as_ref()).is_ok();
    on_granted.forget();
    if !is_asked && let Some(granted) = granted.take() {
        let _ = granted.send(without);
    }
    request
}
