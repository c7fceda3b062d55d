//! HTTP: which path and verb does what to the store.

use std::convert::Infallible;
use std::io::{Error as IoError, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::resources::{RESOURCES, Resource};
use crate::state::{Fault, Recorded, State};
use crate::store::{Event, Key};
use crate::table::{Include, table};

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// What the path, the query and the headers of a request say.
struct Call {
    resource: &'static Resource,
    namespace: Option<String>,
    name: Option<String>,
    query: Vec<(String, String)>,
    form: Form,
    user: String,
}

/// The form in which objects are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Table(Include),
    Metadata,
}

impl Call {
    fn get(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    fn key(&self) -> Key {
        (self.resource.plural, self.namespace.clone().unwrap_or_default(), self.name.clone().unwrap_or_default())
    }

    fn is_dry(&self) -> bool {
        self.get("dryRun") == Some("All")
    }

    /// Whether the field selector picks the object.
    fn selects(&self, object: &Value) -> bool {
        self.get("fieldSelector").unwrap_or_default().split(',').filter(|term| !term.is_empty()).all(|term| {
            let (path, value) = term.split_once('=').unwrap_or((term, ""));
            let field = path.split('.').fold(object, |at, key| &at[key]);
            field.as_str().unwrap_or_default() == value.trim_start_matches('=')
        })
    }

    /// One object in the form that was asked for.
    fn one(&self, object: &Value, definitions: bool) -> Value {
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

/// Answers one request.
///
/// # Errors
///
/// An injected fault that breaks the connection.
pub async fn serve(state: Arc<State>, certificate: bool, request: Request<Incoming>) -> Result<Answer, IoError> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(IoError::other)?.to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned();
    let recorded = Recorded { method: parts.method.to_string(), path, body: body.clone() };
    let fault = state.record(recorded);
    match &fault {
        Some(Fault::Answer(refusal)) => return Ok(refused(refusal)),
        Some(Fault::Break) => return Err(IoError::new(ErrorKind::ConnectionReset, "injected")),
        Some(Fault::LoseAnswer) | None => {}
    }
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let Some(user) = state.user(certificate, header(header::AUTHORIZATION)) else {
        return Ok(refused(&Refusal::new(401, "Unauthorized", "Unauthorized")));
    };
    let answer = route(&state, &parts.method, parts.uri.path(), parts.uri.query().unwrap_or_default(),
        header(header::ACCEPT), header(header::CONTENT_TYPE), user, body);
    if matches!(fault, Some(Fault::LoseAnswer)) {
        return Err(IoError::new(ErrorKind::ConnectionReset, "injected"));
    }
    Ok(answer.unwrap_or_else(|refusal| refused(&refusal)))
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
        ["version"] => return Ok(reply(200, &version())),
        ["healthz" | "readyz" | "livez"] => return Ok(reply(200, &json!("ok"))),
        ["api"] => return Ok(reply(200, &json!({"kind": "APIVersions", "versions": ["v1"]}))),
        ["apis"] => return Ok(reply(200, &groups())),
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
        [] => return Ok(reply(200, &resources(group))),
        [plural] => (*plural, None),
        [plural, name] | [plural, name, "status"] => (*plural, Some((*name).to_owned())),
        _ => return Err(Refusal::no_such_path()),
    };
    let resource = Resource::find(group, plural).ok_or_else(Refusal::no_such_path)?;
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
        _ => return Err(Refusal::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")),
    };
    if !state.allows(&call.user, verb, resource) {
        let (namespace, name) = (call.namespace.as_deref().unwrap_or_default(), call.name.as_deref().unwrap_or_default());
        return Err(Refusal::forbidden(&call.user, verb, resource, namespace, name));
    }
    match verb {
        "watch" => watch(state, call),
        "list" => list(state, &call),
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
    let message = format!("the body of the request was in an unknown format ({given}) - accepted media types include: application/json");
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

fn list(state: &State, call: &Call) -> Result<Answer, Refusal> {
    let store = state.store();
    let all: Vec<&Value> =
        store.list(call.resource.plural, call.namespace.as_deref()).map(|(_, o)| o).filter(|o| call.selects(o)).collect();
    let number = |key| call.get(key).map(|text| text.parse::<usize>());
    let skip = number("continue").transpose().map_err(|_| Refusal::new(400, "BadRequest", "continue key is not valid"))?;
    let limit = number("limit").and_then(Result::ok).filter(|n| *n > 0).or(state.page()).unwrap_or(usize::MAX);
    let skip = skip.unwrap_or(0);
    let page: Vec<&Value> = all.iter().skip(skip).take(limit).copied().collect();
    let mut metadata = json!({"resourceVersion": store.version.to_string()});
    if skip + page.len() < all.len() {
        metadata["continue"] = json!((skip + page.len()).to_string());
        metadata["remainingItemCount"] = json!(all.len() - skip - page.len());
    }
    let answer = match call.form {
        Form::Table(include) => table(call.resource, &page, include, true, &metadata),
        Form::Plain => json!({"kind": format!("{}List", call.resource.kind), "apiVersion": call.resource.api_version(),
            "metadata": metadata, "items": page}),
        Form::Metadata => json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata, "items": page.iter().map(|o| call.one(o, true)).collect::<Vec<_>>()}),
    };
    Ok(reply(200, &answer))
}

fn create(state: &State, call: &Call, mut body: Value) -> Result<Answer, Refusal> {
    let namespace = call.namespace.clone().unwrap_or_default();
    let mut store = state.store();
    if !namespace.is_empty() && store.get(&("namespaces", String::new(), namespace.clone())).is_none() {
        return Err(Refusal::new(404, "NotFound", format!("namespaces \"{namespace}\" not found")));
    }
    if body["metadata"]["name"].is_null() {
        return Err(Refusal::invalid(call.resource, "", "metadata.name", "Required value: name or generateName is required"));
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
    Ok(reply(200, &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": {"name": call.name, "kind": call.resource.plural, "uid": uid}})))
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
            let unfit = |e: String| Refusal::new(422, "Invalid", format!("the server rejected our request due to an error in our request: {e}"));
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

fn watch(state: &Arc<State>, call: Call) -> Result<Answer, Refusal> {
    let (first, from) = {
        let store = state.store();
        match call.get("resourceVersion").filter(|v| *v != "0") {
            Some(text) => {
                let from = text.parse().map_err(|_| Refusal::new(400, "BadRequest", "invalid resource version"))?;
                if from < store.compacted {
                    return Err(Refusal::expired(from, store.compacted));
                }
                (Vec::new(), from)
            }
            None => {
                let all = store.list(call.resource.plural, call.namespace.as_deref());
                let added = all.map(|(key, object)| Event { version: 0, kind: "ADDED", key: key.clone(), object: object.clone() });
                (added.collect(), store.version)
            }
        }
    };
    let limit = call.get("timeoutSeconds").and_then(|s| s.parse().ok()).map_or(Duration::from_secs(1800), Duration::from_secs);
    let watching = Watching { state: Arc::clone(state), call, from, told: false, ends: tokio::time::Instant::now() + limit, epoch: state.epoch() };
    let first = watching_lines(first, watching);
    let stream = first.map(|line| Ok::<_, Infallible>(Frame::data(Bytes::from(line))));
    let mut answer = Response::new(BodyExt::boxed(StreamBody::new(stream)));
    answer.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(answer)
}

struct Watching {
    state: Arc<State>,
    call: Call,
    from: u64,
    /// Whether a Table's columns were told already.
    told: bool,
    ends: tokio::time::Instant,
    epoch: u64,
}

impl Watching {
    fn line(&mut self, event: &Event) -> Option<String> {
        let mine = event.key.0 == self.call.resource.plural
            && self.call.namespace.as_ref().is_none_or(|n| *n == event.key.1)
            && self.call.selects(&event.object);
        if !mine {
            return None;
        }
        let object = self.call.one(&event.object, !self.told);
        self.told = true;
        Some(format!("{}\n", json!({"type": event.kind, "object": object})))
    }

    /// The lines of what has happened since, once something has; `None` when the watch ends.
    async fn next(&mut self) -> Option<String> {
        let mut changes = self.state.changes();
        loop {
            changes.borrow_and_update();
            if self.epoch != self.state.epoch() {
                return None;
            }
            let (events, compacted, version) = {
                let store = self.state.store();
                (store.since(self.from).to_vec(), store.compacted, store.version)
            };
            if compacted > self.from {
                self.epoch = u64::MAX;
                let status = Refusal::expired(self.from, compacted).status();
                return Some(format!("{}\n", json!({"type": "ERROR", "object": status})));
            }
            self.from = version;
            let lines: String = events.iter().filter_map(|event| self.line(event)).collect();
            if !lines.is_empty() {
                return Some(lines);
            }
            tokio::select! {
                changed = changes.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.ends) => return self.bookmark(),
            }
        }
    }

    /// Before a watch ends by itself, where bookmarks are wanted, the version to go on from.
    fn bookmark(&mut self) -> Option<String> {
        if self.call.get("allowWatchBookmarks") != Some("true") || self.epoch == u64::MAX {
            return None;
        }
        self.epoch = u64::MAX;
        let object = json!({"kind": self.call.resource.kind, "apiVersion": self.call.resource.api_version(),
            "metadata": {"resourceVersion": self.from.to_string()}});
        Some(format!("{}\n", json!({"type": "BOOKMARK", "object": object})))
    }
}

fn watching_lines(first: Vec<Event>, mut watching: Watching) -> impl futures::Stream<Item = String> {
    let lines: String = first.iter().filter_map(|event| watching.line(event)).collect();
    let first = futures::stream::iter((!lines.is_empty()).then_some(lines));
    first.chain(futures::stream::unfold(watching, |mut watching| async {
        let line = watching.next().await?;
        Some((line, watching))
    }))
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

fn version() -> Value {
    json!({"major": "1", "minor": "36", "gitVersion": "v1.36.0-sandbox", "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": ""})
}

fn groups() -> Value {
    let group = |name: &str| {
        let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
        json!({"name": name, "versions": [version], "preferredVersion": version})
    };
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": [group("authorization.k8s.io"), group("storage.k8s.io")]})
}

fn resources(group: &str) -> Value {
    let verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
    let mut list: Vec<Value> = RESOURCES
        .iter()
        .filter(|r| r.group == group)
        .map(|r| json!({"name": r.plural, "singularName": r.kind.to_lowercase(), "namespaced": r.namespaced,
            "kind": r.kind, "verbs": verbs, "shortNames": r.short}))
        .collect();
    if group == "authorization.k8s.io" {
        list.push(json!({"name": "selfsubjectaccessreviews", "singularName": "selfsubjectaccessreview",
            "namespaced": false, "kind": "SelfSubjectAccessReview", "verbs": ["create"]}));
    }
    let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list})
}
