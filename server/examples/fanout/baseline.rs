//! The plain way: axum's server-sent events over a broadcast channel.

use std::convert::Infallible;

use axum::{
    Router,
    response::{Sse, sse::Event},
    routing::{get, post},
};
use tokio::sync::broadcast::{self, error::RecvError};

/// Events that a reader may be behind before it loses some.
const CAPACITY: usize = 4_096;

pub(super) fn serve(address: &str) {
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    runtime.block_on(async {
        let (sender, _) = broadcast::channel::<String>(CAPACITY);
        let publisher = sender.clone();
        let router = Router::new()
            .route(
                "/pub",
                post(async move |text: String| {
                    let _ = publisher.send(text);
                }),
            )
            .route(
                "/sub",
                get(async move || {
                    let events = futures::stream::unfold(sender.subscribe(), async |mut events| {
                        loop {
                            match events.recv().await {
                                Ok(text) => {
                                    let event = Ok::<_, Infallible>(Event::default().data(text));
                                    return Some((event, events));
                                }
                                Err(RecvError::Lagged(_)) => {}
                                Err(RecvError::Closed) => return None,
                            }
                        }
                    });
                    Sse::new(events)
                }),
            );
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .expect("the address is free");
        axum::serve(listener, router).await.expect("it serves");
    });
}
