//! Properties of the editor over templates that a generator makes; odd ones by hand are in
//! `tests/templates`.

use proptest::prelude::*;

use super::*;

const CLAIM: &str = "glance-images";

fn pinned(text: &str) -> String {
    edit(text, CLAIM, Pin::To("pvc-1")).unwrap_or_else(|e| panic!("{e:?}\n{text}")).text
}

fn unpinned(text: &str) -> String {
    edit(text, CLAIM, Pin::Off).unwrap_or_else(|e| panic!("{e:?}\n{text}")).text
}

fn one_of(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(choices)
}

prop_compose! {
    /// The spec's fields, indented by two.
    fn fields()(
        modes in one_of(&[
            "  accessModes: [ \"ReadWriteMany\" ]\n",
            "  accessModes:\n    - ReadWriteMany\n",
            "  accessModes:\n  - ReadWriteMany\n",
            "  accessModes: [\n    ReadWriteMany,\n  ]\n",
            "  accessModes:\n    {{- range .Values.modes }}\n    - {{ . }}\n    {{- end }}\n",
        ]),
        resources in one_of(&[
            "  resources:\n    requests:\n      storage: {{ .Values.volume.size }}\n",
            "  resources: {requests: {storage: 500Gi}}\n",
            "  resources:\n    # how much\n    requests:\n      storage: \"500Gi\"   # quoted\n",
            "  resources:\n{{ toYaml .Values.resources | indent 4 }}\n",
        ]),
        class in one_of(&[
            "",
            "  storageClassName: {{ .Values.volume.class_name }}\n",
            "  \"storageClassName\": netapp # the default\n",
            "{{- if .Values.volume.class_name }}\n  storageClassName: {{ .Values.volume.class_name }}\n{{- end }}\n",
            "  {{- with .Values.class }}\n  storageClassName: {{ . }}\n  {{- else }}\n  storageClassName: netapp\n  {{- end }}\n",
        ]),
        more in one_of(&["", "  {{- /* volumeName: {{ .Values.volume.name }} */}}\n", "  volumeMode: Filesystem {{/* {{ a }} }} */}}\n", "  volumeMode: Filesystem\n", "\n  # a comment\n", "  selector:\n    matchLabels:\n      app: glance\n"]),
        class_first: bool,
    ) -> String {
        if class_first { format!("{class}{modes}{resources}{more}") } else { format!("{modes}{resources}{class}{more}") }
    }
}

prop_compose! {
    fn template()(
        head in one_of(&["", "{{- $envAll := . }}\n", "# Licensed\n#\n", "{{/*\n kind: PersistentVolumeClaim\n*/}}\n",
            "{{/* was: {{ include \"x\" . }} */}}\n",
            "{{- /*\n{{ if .Values.old }}\n spec:\n  storageClassName: {{ .Values.old }}\n{{ end }}\n*/ -}}\n",
        ]),
        other in one_of(&["", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: glance-images\ndata:\n  a: |\n    spec:\n      storageClassName: x\n"]),
        metadata in one_of(&[
            "metadata:\n  name: glance-images\n",
            "metadata: {name: \"glance-images\", labels: {app: glance}}\n",
            "metadata:\n  labels:\n{{ tuple . \"glance\" | include \"labels\" | indent 4 }}\n  name: 'glance-images'\n",
            "metadata:\n  name: {{ .Values.claim }}\n{{- if .Values.keep_pvc }}\n  annotations:\n    helm.sh/resource-policy: keep\n{{- end }}\n",
        ]),
        fields in fields(),
        spec_first: bool,
        enclosed: bool,
        wide: bool,
        crlf: bool,
        cut: bool,
    ) -> String {
        let spec = format!("spec:\n{fields}");
        let parts = if spec_first { format!("{spec}{metadata}") } else { format!("{metadata}{spec}") };
        let document = format!("---\napiVersion: v1\nkind: PersistentVolumeClaim\n{parts}");
        let document = if wide { document.replace("  ", "    ") } else { document };
        let text = if enclosed {
            format!("{head}{{{{- if .Values.manifests.pvc_images }}}}\n{document}{{{{- end }}}}\n")
        } else {
            format!("{head}{other}{document}")
        };
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        if cut { text.trim_end_matches(['\r', '\n']).to_owned() } else { text }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unpin_takes_back_what_pin_did(text in template()) {
        prop_assert_eq!(unpinned(&pinned(&text)), text);
    }

    #[test]
    fn pin_adds_one_line_and_touches_no_other(text in template()) {
        let after = pinned(&text);
        let added: Vec<&str> = after.lines().filter(|l| l.trim_start().starts_with("volumeName: ")).collect();
        prop_assert_eq!(added.len(), 1);
        let rest: Vec<&str> = after.lines().filter(|l| !l.trim_start().starts_with("volumeName: ")).collect();
        prop_assert_eq!(rest, text.lines().collect::<Vec<_>>());
    }

    #[test]
    fn pin_twice_is_pin_once_and_another_volume_replaces_it(text in template()) {
        let once = pinned(&text);
        prop_assert_eq!(pinned(&once), once.clone());
        let other = edit(&once, CLAIM, Pin::To("pvc-2")).expect("pinned again");
        prop_assert_eq!(other.text, once.replace("pvc-1", "pvc-2"));
    }

    #[test]
    fn the_line_stands_in_no_block_that_the_spec_does_not_stand_in(text in template()) {
        let after = pinned(&text);
        let depth_of = |wanted: &str| {
            let before = after.lines().take_while(|l| l.trim_start() != wanted && !l.trim_start().starts_with(wanted));
            before.filter(|l| !l.contains("/*")).fold(0_i32, |depth, line| {
                let opens = ["if", "with", "range"].iter().filter(|k| line.contains(&format!("{k} ."))).count();
                let ends = line.matches("end }}").count();
                depth + i32::try_from(opens).unwrap() - i32::try_from(ends).unwrap()
            })
        };
        // The config map's spec is inside a value, deeper.
        let spec = after.lines().position(|l| l == "spec:").expect("a spec");
        let prefix: String = after.lines().take(spec).map(|l| format!("{l}\n")).collect();
        let depth_of_spec = i32::try_from(prefix.matches("if .").count() + prefix.matches("range .").count() + prefix.matches("with .").count()).unwrap()
            - i32::try_from(prefix.matches("end }}").count()).unwrap();
        prop_assert_eq!(depth_of("volumeName: "), depth_of_spec, "{}", after);
    }

    #[test]
    fn any_text_is_edited_or_refused_and_never_damaged(text in "(---\n|kind: PersistentVolumeClaim\n|metadata:|\n|  name: glance-images\n|spec:\n|  storageClassName: x\n|  volumeName: y\n|\\{\\{- if a \\}\\}\n|\\{\\{- end -\\}\\}\n| |[a-z:{}\\[\\]\"'#|>-]){0,40}") {
        if let Ok(edited) = edit(&text, CLAIM, Pin::To("pvc-1")) {
            prop_assert!(edited.text.contains("pvc-1"));
            if let Ok(back) = edit(&edited.text, CLAIM, Pin::Off) {
                let changed = text.lines().filter(|l| !back.text.lines().any(|b| b == *l)).count();
                prop_assert!(changed <= 1, "{:?} → {:?}", text, back.text);
            }
        }
    }
}
