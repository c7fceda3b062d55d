//! Faults after the server has carried out a request.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt};
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Collected, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use tokio::sync::Notify;

use crate::server::Answer;
use crate::state::Fault;

/// The answer as it is sent; `connection` breaks the one that it goes by.
pub async fn strike(fault: Fault, answer: Answer, connection: &Arc<Notify>) -> Answer {
    match fault {
        Fault::LoseAnswer => {
            connection.notify_one();
            std::future::pending().await
        }
        Fault::CutAnswer => {
            let (bytes, connection) = (whole(answer).await, Arc::clone(connection));
            let half = stream::iter([bytes.slice(..bytes.len() / 2)]).chain(stream::once(async move {
                // The half is to be on its way first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                connection.notify_one();
                std::future::pending().await
            }));
            in_parts(half)
        }
        Fault::Drip => {
            let bytes = whole(answer).await;
            in_parts(stream::iter(0..bytes.len()).then(move |at| {
                let byte = bytes.slice(at..=at);
                async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    byte
                }
            }))
        }
        Fault::Stall => in_parts(stream::pending()),
        Fault::Endless => {
            let blank = Bytes::from(vec![b' '; 1 << 16]);
            in_parts(stream::repeat(blank))
        }
        Fault::Garble(content_type, text) => {
            let mut answer = Response::new(Full::new(Bytes::from(text)).boxed());
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            answer
        }
        Fault::Answer(_) | Fault::Later(_) | Fault::Break | Fault::Hang => answer,
    }
}

async fn whole(answer: Answer) -> Bytes {
    answer.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default()
}

fn in_parts(parts: impl Stream<Item = Bytes> + Send + Sync + 'static) -> Answer {
    let body = StreamBody::new(parts.map(|part| Ok(Frame::data(part))));
    let mut answer = Response::new(BodyExt::boxed(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
