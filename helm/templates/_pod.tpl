{{/* What the controller, the migration job and the test have alike: no privilege, no writable image, no API token. */}}

{{- define "casm.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- with .Values.runAsUser }}
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "casm.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "casm.containerSecurity" -}}
image: {{ include "casm.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* (dict "root" $ "keys" (list "databaseUrl" …)): those keys of the Secret as files, each under its own name. */}}
{{- define "casm.volumes" -}}
- name: secret
  secret:
    secretName: {{ .root.Values.existingSecret.name }}
    # 0440, in the decimal that every YAML reads alike.
    defaultMode: 288
    items:
      {{- range .keys }}
      {{- with index $.root.Values.existingSecret.keys . }}
      - key: {{ . | quote }}
        path: {{ . | quote }}
      {{- end }}
      {{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "casm.volumeMounts" -}}
- name: secret
  mountPath: /etc/casm/secret
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* (dict "root" $ "name" VARIABLE "key" databaseUrl|secretKey|adminToken): a variable that names the file. */}}
{{- define "casm.secretFile" -}}
{{- with index .root.Values.existingSecret.keys .key -}}
- name: {{ $.name }}
  value: /etc/casm/secret/{{ . }}
{{- end }}
{{- end }}
