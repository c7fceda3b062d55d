//! HTTP: which path and verb does what to the store.

use std::convert::Infallible;
use std::io::Error as IoError;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::answer::Refusal;
use crate::resources::Resource;
use crate::state::{Fault, Recorded, State};
use crate::store::Key;
use crate::table::{Include, table};
use crate::{discovery, fault, watch};

pub type Answer = Response<BoxBody<Bytes, Infallible>>;

/// The path, the query and the headers of a request.
pub struct Call {
    pub resource: &'static Resource,
    pub namespace: Option<String>,
    name: Option<String>,
    query: Vec<(String, String)>,
    form: Form,
    user: String,
}

/// The form in which objects are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Plain,
    Table(Include),
    Metadata,
}

impl Call {
    pub fn get(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    fn key(&self) -> Key {
        (self.resource.plural, self.namespace.clone().unwrap_or_default(), self.name.clone().unwrap_or_default())
    }

    fn is_dry(&self) -> bool {
        self.get("dryRun") == Some("All")
    }

    /// True if the field selector picks the object.
    pub fn selects(&self, object: &Value) -> bool {
        self.get("fieldSelector").unwrap_or_default().split(',').filter(|term| !term.is_empty()).all(|term| {
            let (path, value) = term.split_once('=').unwrap_or((term, ""));
            let field = path.split('.').fold(object, |at, key| &at[key]);
            field.as_str().unwrap_or_default() == value.trim_start_matches('=')
        })
    }

    /// One object in the form that was asked for.
    pub fn one(&self, object: &Value, definitions: bool) -> Value {
        match self.form {
            Form::Plain => object.clone(),
            Form::Metadata => json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"]}),
            Form::Table(include) => {
                let version = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
                table(self.resource, &[object], include, definitions, &version)
            }
        }
    }
}

/// Answers one request; `connection` breaks the one that it came by.
///
/// # Errors
///
/// An injected fault that breaks the connection.
pub async fn serve(
    state: Arc<State>,
    certificate: bool,
    connection: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<Answer, IoError> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(IoError::other)?.to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let headers =
        parts.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()));
    let recorded = Recorded { method: parts.method.to_string(), path, body: body.clone(), headers: headers.collect() };
    let fault = state.record(recorded);
    match &fault {
        Some(Fault::Answer(refusal)) => return Ok(refused(refusal)),
        Some(Fault::Later(refusal)) => {
            let mut answer = refused(refusal);
            answer.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("1"));
            return Ok(answer);
        }
        Some(Fault::Break) => {
            connection.notify_one();
            return std::future::pending().await;
        }
        Some(Fault::Hang) => return std::future::pending().await,
        Some(
            Fault::LoseAnswer | Fault::CutAnswer | Fault::Drip | Fault::Stall | Fault::Endless | Fault::Garble(..),
        )
        | None => {}
    }
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let Some(user) = state.user(certificate, header(header::AUTHORIZATION)) else {
        return Ok(refused(&Refusal::new(401, "Unauthorized", "Unauthorized")));
    };
    let answer = route(
        &state,
        &parts.method,
        parts.uri.path(),
        parts.uri.query().unwrap_or_default(),
        header(header::ACCEPT),
        header(header::CONTENT_TYPE),
        user,
        body,
    );
    let answer = answer.unwrap_or_else(|refusal| refused(&refusal));
    Ok(match fault {
        Some(fault) => fault::strike(fault, answer, &connection).await,
        None => answer,
    })
}

fn reply(status: u16, value: &Value) -> Answer {
    let body = Full::new(Bytes::from(value.to_string())).boxed();
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}

fn refused(refusal: &Refusal) -> Answer {
    reply(refusal.code, &refusal.status())
}

#[allow(clippy::too_many_arguments, reason = "the parts of a request, each used once")]
fn route(
    state: &Arc<State>,
    method: &Method,
    path: &str,
    query: &str,
    accept: &str,
    content_type: &str,
    user: String,
    body: Value,
) -> Result<Answer, Refusal> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, rest) = match parts.as_slice() {
        ["version"] => return Ok(reply(200, &discovery::version())),
        ["healthz" | "readyz" | "livez"] => return Ok(reply(200, &json!("ok"))),
        ["api"] => return Ok(reply(200, &json!({"kind": "APIVersions", "versions": ["v1"]}))),
        ["apis"] => return Ok(reply(200, &discovery::groups())),
        ["api", "v1", rest @ ..] => ("", rest),
        ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"] => {
            return Ok(reply(201, &access_review(state, &user, body)));
        }
        ["apis", group, "v1", rest @ ..] => (*group, rest),
        _ => return Err(Refusal::no_such_path()),
    };
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, more @ ..] => (Some((*namespace).to_owned()), [&[*plural], more].concat()),
        other => (None, other.to_vec()),
    };
    let (plural, name) = match rest.as_slice() {
        [] => return Ok(reply(200, &discovery::resources(group))),
        [plural] => (*plural, None),
        [plural, name] | [plural, name, "status"] => (*plural, Some((*name).to_owned())),
        _ => return Err(Refusal::no_such_path()),
    };
    let resource = Resource::find(group, plural).ok_or_else(Refusal::no_such_path)?;
    // A custom resource, once it is defined.
    let definition = format!("{plural}.{group}");
    let defined =
        || state.store().list("customresourcedefinitions", None).any(|(_, it)| it["metadata"]["name"] == definition);
    if resource.group == "trident.netapp.io" && !defined() {
        return Err(Refusal::no_such_path());
    }
    let query: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let form = form(accept, &query);
    let call = Call { resource, namespace, name, query, form, user };
    let verb = match (method.as_str(), &call.name) {
        ("GET", None) if call.get("watch").is_some() => "watch",
        ("GET", None) => "list",
        ("GET", Some(_)) => "get",
        ("POST", None) => "create",
        ("PUT", Some(_)) => "update",
        ("PATCH", Some(_)) => "patch",
        ("DELETE", Some(_)) => "delete",
        _ => {
            return Err(Refusal::new(
                405,
                "MethodNotAllowed",
                "the server does not allow this method on the requested resource",
            ));
        }
    };
    if !state.allows(&call.user, verb, resource) {
        let (namespace, name) =
            (call.namespace.as_deref().unwrap_or_default(), call.name.as_deref().unwrap_or_default());
        return Err(Refusal::forbidden(&call.user, verb, resource, namespace, name));
    }
    match verb {
        "watch" => watch::watch(state, call),
        "list" => Ok(list(state, &call)),
        "get" => {
            let store = state.store();
            let found = store.get(&call.key()).ok_or_else(|| missing(&call))?;
            Ok(reply(200, &call.one(found, true)))
        }
        "create" if !content_type.starts_with("application/json") => Err(unknown_format(content_type)),
        "create" => create(state, &call, body),
        "delete" => delete(state, &call),
        _ => modify(state, &call, content_type, body),
    }
}

fn unknown_format(given: &str) -> Refusal {
    let message = format!(
        "the body of the request was in an unknown format ({given}) - accepted media types include: application/json"
    );
    Refusal::new(415, "UnsupportedMediaType", message)
}

fn missing(call: &Call) -> Refusal {
    Refusal::not_found(call.resource, call.name.as_deref().unwrap_or_default())
}

/// The first form in the Accept header that is known here.
fn form(accept: &str, query: &[(String, String)]) -> Form {
    let include = query.iter().find(|(key, _)| key == "includeObject").map(|(_, value)| value.as_str());
    for wanted in accept.split(',') {
        let wanted = wanted.replace(' ', "");
        if wanted.contains("as=Table") && wanted.contains("v=v1;") | wanted.ends_with("v=v1") {
            return Form::Table(match include {
                Some("None") => Include::None,
                Some("Object") => Include::Object,
                _ => Include::Metadata,
            });
        }
        if wanted.contains("as=PartialObjectMetadata") {
            return Form::Metadata;
        }
        if !wanted.contains("as=") {
            return Form::Plain;
        }
    }
    Form::Plain
}

fn list(state: &State, call: &Call) -> Answer {
    let (live, cache) = (state.store(), state.cache());
    let store = cache.as_ref().filter(|_| call.get("resourceVersion") == Some("0")).unwrap_or(&live);
    let all: Vec<&Value> = store
        .list(call.resource.plural, call.namespace.as_deref())
        .map(|(_, o)| o)
        .filter(|o| call.selects(o))
        .collect();
    let metadata = json!({"resourceVersion": store.version.to_string()});
    let answer = match call.form {
        Form::Table(include) => table(call.resource, &all, include, true, &metadata),
        Form::Plain => json!({"kind": format!("{}List", call.resource.kind), "apiVersion": call.resource.api_version(),
            "metadata": metadata, "items": all}),
        Form::Metadata => json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata, "items": all.iter().map(|o| call.one(o, true)).collect::<Vec<_>>()}),
    };
    reply(200, &answer)
}

fn create(state: &State, call: &Call, mut body: Value) -> Result<Answer, Refusal> {
    let namespace = call.namespace.clone().unwrap_or_default();
    let mut store = state.store();
    if !namespace.is_empty() && store.get(&("namespaces", String::new(), namespace.clone())).is_none() {
        return Err(Refusal::new(404, "NotFound", format!("namespaces \"{namespace}\" not found")));
    }
    if body["metadata"]["name"].is_null() {
        return Err(Refusal::invalid(
            call.resource,
            "",
            "metadata.name",
            "Required value: name or generateName is required",
        ));
    }
    manage(&mut body, call);
    if call.is_dry() {
        call.resource.admit(&mut body);
        return Ok(reply(201, &call.one(&body, true)));
    }
    let made = store.create(call.resource, &namespace, body)?;
    drop(store);
    state.touched();
    Ok(reply(201, &call.one(&made, true)))
}

fn delete(state: &State, call: &Call) -> Result<Answer, Refusal> {
    let mut store = state.store();
    let found = store.get(&call.key()).cloned().ok_or_else(|| missing(call))?;
    if !call.is_dry() {
        store.delete(&call.key());
        drop(store);
        state.touched();
    }
    let uid = &found["metadata"]["uid"];
    Ok(reply(
        200,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": call.name, "kind": call.resource.plural, "uid": uid}}),
    ))
}

fn modify(state: &State, call: &Call, content_type: &str, body: Value) -> Result<Answer, Refusal> {
    let mut store = state.store();
    let old = store.get(&call.key()).cloned().ok_or_else(|| missing(call))?;
    let name = call.name.as_deref().unwrap_or_default();
    let mut new = old.clone();
    match content_type.split(';').next().unwrap_or_default() {
        // As far as claims and volumes need it, a strategic patch is a merge patch.
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => json_patch::merge(&mut new, &body),
        "application/json-patch+json" => {
            let unfit = |e: String| {
                Refusal::new(
                    422,
                    "Invalid",
                    format!("the server rejected our request due to an error in our request: {e}"),
                )
            };
            let patch = serde_json::from_value::<json_patch::Patch>(body).map_err(|e| unfit(e.to_string()))?;
            json_patch::patch(&mut new, &patch).map_err(|e| unfit(e.to_string()))?;
        }
        "application/json" => new = body,
        other => return Err(unknown_format(other)),
    }
    if new["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"] {
        return Err(Refusal::conflict(call.resource, name));
    }
    if let Some((field, message)) = call.resource.invalid(&old, &new) {
        return Err(Refusal::invalid(call.resource, name, field, &message));
    }
    if new != old {
        manage(&mut new, call);
    }
    if !call.is_dry() {
        new = store.update(&call.key(), new);
        drop(store);
        state.touched();
    }
    Ok(reply(200, &call.one(&new, true)))
}

/// Records who changed the object.
fn manage(object: &mut Value, call: &Call) {
    let Some(manager) = call.get("fieldManager") else { return };
    let entry = json!({"manager": manager, "operation": "Update", "apiVersion": call.resource.api_version(),
        "time": crate::store::now(), "fieldsType": "FieldsV1", "fieldsV1": {}});
    let managed = &mut object["metadata"]["managedFields"];
    match managed.as_array_mut() {
        Some(all) => {
            all.retain(|e| e["manager"] != manager);
            all.push(entry);
        }
        None => *managed = json!([entry]),
    }
}

fn access_review(state: &State, user: &str, mut review: Value) -> Value {
    let asked = &review["spec"]["resourceAttributes"];
    let text = |key: &str| asked[key].as_str().unwrap_or_default();
    let resource = Resource::find(text("group"), text("resource"));
    let allowed = resource.is_some_and(|r| state.allows(user, text("verb"), r));
    review["kind"] = json!("SelfSubjectAccessReview");
    review["apiVersion"] = json!("authorization.k8s.io/v1");
    review["status"] = json!({"allowed": allowed});
    review
}
