//! Nodes that can use a volume, by its `spec.nodeAffinity` (`nodeaffinity.NodeSelector` of Kubernetes' component-helpers).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm};

/// A node, as far as an affinity needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
}

/// A term of an affinity: a node has to satisfy all its requirements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeTerm {
    labels: Vec<Requirement>,
    fields: Vec<Requirement>,
}

/// A requirement of a node's label or field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Requirement {
    key: String,
    operator: String,
    values: Vec<String>,
}

impl NodeTerm {
    /// True if the node satisfies the term; a term without requirements is satisfied by none.
    #[must_use]
    pub fn matches(&self, node: &Node) -> bool {
        // `metadata.name` is the only field that the API takes.
        let field = |it: &Requirement| it.matches(Some(&node.name).filter(|_| it.key == "metadata.name"));
        !(self.labels.is_empty() && self.fields.is_empty())
            && self.labels.iter().all(|it| it.matches(node.labels.get(&it.key)))
            && self.fields.iter().all(field)
    }
}

impl Requirement {
    fn matches(&self, value: Option<&String>) -> bool {
        let among = value.is_some_and(|value| self.values.contains(value));
        let number = |text: Option<&String>| text.and_then(|text| text.parse::<i64>().ok());
        let compared = number(value).zip(number(self.values.first()));
        match self.operator.as_str() {
            "In" => among,
            "NotIn" => !among,
            "Exists" => value.is_some(),
            "DoesNotExist" => value.is_none(),
            "Gt" => compared.is_some_and(|(has, limit)| has > limit),
            "Lt" => compared.is_some_and(|(has, limit)| has < limit),
            // An operator of a later Kubernetes: not for us to say.
            _ => true,
        }
    }
}

impl From<&NodeSelectorTerm> for NodeTerm {
    fn from(term: &NodeSelectorTerm) -> Self {
        let all =
            |given: &Option<Vec<NodeSelectorRequirement>>| given.iter().flatten().map(Requirement::from).collect();
        Self { labels: all(&term.match_expressions), fields: all(&term.match_fields) }
    }
}

impl From<&NodeSelectorRequirement> for Requirement {
    fn from(given: &NodeSelectorRequirement) -> Self {
        let values = given.values.clone().unwrap_or_default();
        Self { key: given.key.clone(), operator: given.operator.clone(), values }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_node_satisfies_all_requirements_of_a_term() {
        let labels = [("zone", "a"), ("disks", "4")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let node = Node { name: "node-1".into(), labels: labels.into() };
        let label = |key: &str, operator: &str, values: Value| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        let name = |operator: &str, name: &str| json!({"matchFields": [{"key": "metadata.name", "operator": operator, "values": [name]}]});
        for (term, expected) in [
            (json!({}), false),
            (label("zone", "In", json!(["b", "a"])), true),
            (label("zone", "In", json!(["b"])), false),
            (label("rack", "In", json!(["b"])), false),
            (label("zone", "NotIn", json!(["a"])), false),
            (label("rack", "NotIn", json!(["a"])), true),
            (label("zone", "Exists", json!(null)), true),
            (label("rack", "Exists", json!(null)), false),
            (label("zone", "DoesNotExist", json!(null)), false),
            (label("rack", "DoesNotExist", json!(null)), true),
            (label("disks", "Gt", json!(["3"])), true),
            (label("disks", "Gt", json!(["4"])), false),
            (label("disks", "Lt", json!(["5"])), true),
            (label("zone", "Lt", json!(["5"])), false),
            (name("In", "node-1"), true),
            (name("In", "node-2"), false),
            (name("NotIn", "node-2"), true),
            (
                json!({"matchExpressions": [{"key": "zone", "operator": "Exists"}, {"key": "rack", "operator": "Exists"}]}),
                false,
            ),
        ] {
            let read: NodeSelectorTerm = serde_json::from_value(term.clone()).unwrap();
            assert_eq!(NodeTerm::from(&read).matches(&node), expected, "{term}");
        }
    }
}
