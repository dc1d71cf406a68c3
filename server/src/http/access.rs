//! Who may read: everybody, or whoever has the token.
//!
//! A program sends it as `Authorization: Bearer`. A browser asks for it as a password (any user name), and
//! is then given a cookie, which goes with the stream as with everything else of the same origin. The
//! token never stands in an address.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA256, digest};

use super::{error::Problem, gate::Gate, serve::Visit};
use crate::{
    config::HttpConfig,
    net::secret::{Secret, SecretError},
};

/// A session lasts as long as the browser is open, the relay runs, and the token is the same.
const COOKIE: &str = "moodtape_session";
/// Needed to know whether the relay is well.
const OPEN_TO_ALL: [&str; 2] = ["/healthz", "/readyz"];

/// Whoever has the token may read.
pub(crate) struct Access {
    keys: RwLock<Arc<Keys>>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
    is_secure: bool,
    gate: Arc<Gate>,
}

/// The token, as a hash, and the secret of the sessions that were begun with it.
struct Keys {
    /// Equal lengths, and nothing can be learnt from how long a comparison of hashes takes.
    token: [u8; 32],
    /// Without randomness there are no sessions: nobody can know what no one was told.
    session: Option<String>,
}

impl Access {
    /// `None` where everybody may read.
    pub(crate) fn new(
        config: &HttpConfig,
        gate: &Arc<Gate>,
    ) -> Result<Option<Arc<Self>>, SecretError> {
        let (token_env, token_file) = (config.token_env.clone(), config.token_file.clone());
        let keys = Keys::load(token_env.as_deref(), token_file.as_deref())?;
        Ok(keys.map(|keys| {
            Arc::new(Self {
                keys: RwLock::new(Arc::new(keys)),
                token_env,
                token_file,
                is_secure: config.certificate_file.is_some() || config.behind_proxy,
                gate: Arc::clone(gate),
            })
        }))
    }

    /// Reads the token again. If it is another one, sessions of the old one are over; open streams go on.
    pub(crate) fn reload(&self) -> Result<(), SecretError> {
        let found = Keys::load(self.token_env.as_deref(), self.token_file.as_deref())?;
        let current = self.keys();
        if let Some(keys) = found.filter(|keys| keys.token != current.token) {
            *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
        Ok(())
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Keys {
    /// `None` where everybody may read.
    fn load(
        token_env: Option<&str>,
        token_file: Option<&Path>,
    ) -> Result<Option<Self>, SecretError> {
        let token = Secret::load(token_env, token_file)?;
        Ok(token.map(|token| {
            let mut session = [0; 32];
            let chance = getrandom::fill(&mut session);
            Self {
                token: hash(token.expose()),
                session: chance.ok().map(|()| HEXLOWER.encode(&session)),
            }
        }))
    }

    fn is_token(&self, text: &str) -> bool {
        hash(text) == self.token
    }

    fn has_session(&self, headers: &HeaderMap) -> bool {
        let Some(session) = self.session.as_deref().map(hash) else {
            return false;
        };
        let cookies = headers.get_all(header::COOKIE).iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok());
        let pairs = cookies
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .filter(|(name, _)| *name == COOKIE)
            .any(|(_, value)| hash(value) == session)
    }

    fn cookie(&self, is_secure: bool) -> Option<HeaderValue> {
        let session = self.session.as_ref()?;
        let secure = if is_secure { "; Secure" } else { "" };
        let cookie = format!("{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{secure}");
        let mut cookie = HeaderValue::from_str(&cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}

/// Answers only whoever may read.
pub(super) async fn admit(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let keys = access.keys();
    let is_open = OPEN_TO_ALL.contains(&request.uri().path());
    if is_open || keys.has_session(request.headers()) {
        return next.run(request).await;
    }
    let client = request
        .extensions()
        .get::<Visit>()
        .map(|visit| visit.client);
    if client.is_some_and(|client| access.gate.has_guessed_too_often(client)) {
        return Problem::too_many("too many wrong tokens").into_response();
    }
    match offered(request.headers()) {
        Some(token) if keys.is_token(&token) => {
            let mut response = next.run(request).await;
            if let Some(cookie) = keys.cookie(access.is_secure) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        found => {
            if let (Some(_), Some(client)) = (found, client) {
                access.gate.note_wrong_token(client);
            }
            Problem::unauthorized().into_response()
        }
    }
}

/// The token of a program, or the password of a person.
fn offered(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(rest.trim().to_owned()),
        "basic" => {
            let pair = BASE64.decode(rest.trim().as_bytes()).ok()?;
            let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
            Some(password.to_owned())
        }
        _ => None,
    }
}

fn hash(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}
