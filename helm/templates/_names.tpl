{{/* What objects are called and labelled. Names keep to 63 characters, whatever the release is called. */}}

{{- define "casm.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* The release and the chart, once when one contains the other. Short enough for "-migrate" to follow, and without
     the dots that a release may have and a Service may not. */}}
{{- define "casm.fullname" -}}
{{- $name := include "casm.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | replace "." "-" | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* (dict "root" $ "component" "controller"): what a selector may use, since it never changes between releases. */}}
{{- define "casm.selectorLabels" -}}
app.kubernetes.io/name: {{ include "casm.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "casm.labels" -}}
{{ include "casm.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "casm.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{- define "casm.serviceAccountName" -}}
{{- $created := .Values.serviceAccount.create | ternary (include "casm.fullname" .) "default" }}
{{- default $created .Values.serviceAccount.name }}
{{- end }}
