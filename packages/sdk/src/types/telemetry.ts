/** What a worker tells about its project when it announces itself. */
export interface TelemetryOptions {
  language?: string;
  project_name?: string;
  framework?: string;
  amplitude_api_key?: string;
}

/** Settings of OpenTelemetry as the official clients take them. They are accepted; telemetry is not sent yet. */
export interface OtelConfig {
  enabled?: boolean;
  serviceName?: string;
  serviceVersion?: string;
  serviceNamespace?: string;
  serviceInstanceId?: string;
  engineWsUrl?: string;
  instrumentations?: unknown[];
  metricsEnabled?: boolean;
  metricsExportIntervalMs?: number;
  spansFlushIntervalMs?: number;
  logsFlushIntervalMs?: number;
  logsBatchSize?: number;
  fetchInstrumentationEnabled?: boolean;
  reconnectionConfig?: object;
}
