import { ConfigurationError } from '@lava/base';

/** Where traces go. */
export interface TraceSettings {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Attributes of the resource: `service.name` and what the environment adds. */
  readonly resource: Readonly<Record<string, string>>;
}

/**
 * What OpenTelemetry's environment variables say; undefined when they name no endpoint.
 * @throws ConfigurationError for an endpoint that is no address
 */
export function traceSettings(env: Readonly<Record<string, string | undefined>>): TraceSettings | undefined {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  const base = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if ((!own && !base) || env['OTEL_SDK_DISABLED'] === 'true') return undefined;
  const url = own || `${base!.replace(/\/+$/, '')}/v1/traces`;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new ConfigurationError(`${own ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' : 'OTEL_EXPORTER_OTLP_ENDPOINT'} is no address of HTTP`, { code: 'otel-endpoint', hint: 'Write http://HOST:4318: traces are sent by OTLP over HTTP.' });
  }
  return {
    url, headers: pairs(env['OTEL_EXPORTER_OTLP_TRACES_HEADERS'] ?? env['OTEL_EXPORTER_OTLP_HEADERS']),
    resource: { 'service.name': 'lava-server', ...pairs(env['OTEL_RESOURCE_ATTRIBUTES']), ...(env['OTEL_SERVICE_NAME'] && { 'service.name': env['OTEL_SERVICE_NAME'] }) },
  };
}

/** `name=value` with commas between, values as they stand in addresses. */
function pairs(text = ''): Record<string, string> {
  return Object.fromEntries(text.split(',').flatMap((pair) => {
    const [name = '', value] = [pair.slice(0, Math.max(0, pair.indexOf('='))).trim(), pair.slice(pair.indexOf('=') + 1).trim()];
    return name === '' ? [] : [[name, decoded(value)] as const];
  }));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
