//! Errors as the real server words them.

use serde_json::{Value, json};

use crate::resources::Resource;

/// A `Status` that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The reason, one word.
    pub reason: &'static str,
    /// The message.
    pub message: String,
    /// `details`, or null.
    pub details: Value,
}

impl Refusal {
    /// An error without details.
    #[must_use]
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        self.details = json!({"name": name, "group": resource.group, "kind": resource.plural});
        self
    }

    /// 404 for an object.
    #[must_use]
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} \"{name}\" not found", resource.qualified())).about(resource, name)
    }

    /// 404 for a path.
    #[must_use]
    pub fn no_such_path() -> Self {
        Self::new(404, "NotFound", "the server could not find the requested resource")
    }

    /// 409 for a name that is taken.
    #[must_use]
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} \"{name}\" already exists", resource.qualified()))
            .about(resource, name)
    }

    /// 409 for a resourceVersion that is not the newest.
    #[must_use]
    pub fn conflict(resource: &Resource, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        let what = resource.qualified();
        Self::new(409, "Conflict", format!("Operation cannot be fulfilled on {what} \"{name}\": {why}"))
            .about(resource, name)
    }

    /// 422 for a field.
    #[must_use]
    pub fn invalid(resource: &Resource, name: &str, field: &str, message: &str) -> Self {
        let kind = resource.kind;
        let mut refusal = Self::new(422, "Invalid", format!("{kind} \"{name}\" is invalid: {field}: {message}"));
        refusal.details = json!({"name": name, "group": resource.group, "kind": kind,
            "causes": [{"reason": "FieldValueInvalid", "message": message, "field": field}]});
        refusal
    }

    /// 403 for a right that is missing.
    #[must_use]
    pub fn forbidden(user: &str, verb: &str, resource: &Resource, namespace: &str, name: &str) -> Self {
        let (what, group) = (resource.plural, resource.group);
        let object = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let scope = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace \"{namespace}\"")
        };
        let message = format!(
            "{}{object} is forbidden: User \"{user}\" cannot {verb} resource \"{what}\" in API group \"{group}\" {scope}",
            resource.qualified()
        );
        Self::new(403, "Forbidden", message).about(resource, name)
    }

    /// 410 for a resourceVersion that is too old.
    #[must_use]
    pub fn expired(asked: u64, oldest: u64) -> Self {
        Self::new(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// The `Status` object.
    #[must_use]
    pub fn status(&self) -> Value {
        let mut status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code});
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}
