{{- define "fairway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" (.Release.Name | trunc 45 | trimSuffix "-") .Chart.Name -}}
{{- end -}}
{{- end -}}

{{- /* Objects without a namespace have the release's in their name, so that two releases do not fight over them. */ -}}
{{- define "fairway.clusterName" -}}
{{- printf "%s-%s" (include "fairway.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "fairway.systemNamespace" -}}
{{- .Values.systemNamespace | default .Release.Namespace -}}
{{- end -}}

{{- define "fairway.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "fairway.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "fairway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "fairway.webhookSecret" -}}
{{- .Values.webhook.certificate.existingSecret | default (printf "%s-webhook" (include "fairway.fullname" .)) -}}
{{- end -}}

{{- /* What the webhooks for rules and for the MeshConfig have in common; takes `root` and `caBundle`. */ -}}
{{- define "fairway.webhook" -}}
clientConfig:
  service:
    namespace: {{ .root.Release.Namespace }}
    name: {{ include "fairway.fullname" .root }}
    port: 443
    path: /validate
  {{- with .caBundle }}
  caBundle: {{ . }}
  {{- end }}
admissionReviewVersions: [v1]
failurePolicy: {{ .root.Values.webhook.failurePolicy }}
timeoutSeconds: {{ .root.Values.webhook.timeoutSeconds }}
sideEffects: None
# A rule is asked about whatever version it is written in.
matchPolicy: Equivalent
objectSelector: {}
{{- end -}}

{{- /* What the webhooks for pods have in common; takes `root` and `caBundle`. */ -}}
{{- define "fairway.injection" -}}
clientConfig:
  service:
    namespace: {{ .root.Release.Namespace }}
    name: {{ include "fairway.fullname" .root }}
    port: 443
    path: /inject
  {{- with .caBundle }}
  caBundle: {{ . }}
  {{- end }}
admissionReviewVersions: [v1]
failurePolicy: {{ .root.Values.injection.failurePolicy }}
timeoutSeconds: {{ .root.Values.webhook.timeoutSeconds }}
sideEffects: None
matchPolicy: Equivalent
reinvocationPolicy: Never
rules:
  - operations: [CREATE]
    apiGroups: [""]
    apiVersions: [v1]
    resources: [pods]
    scope: Namespaced
{{- end -}}

{{- /* Namespaces without which the cluster would not live are left alone. */ -}}
{{- define "fairway.applications" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: [kube-system, kube-public, kube-node-lease, local-path-storage]
{{- end -}}

{{- /* `cpu=100m,memory=128Mi`, as options have it. */ -}}
{{- define "fairway.quantities" -}}
{{- $items := list -}}
{{- range $name, $amount := . -}}
{{- if not (kindIs "invalid" $amount) -}}
{{- $items = append $items (printf "%s=%v" $name $amount) -}}
{{- end -}}
{{- end -}}
{{- join "," $items -}}
{{- end -}}
