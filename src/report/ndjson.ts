import type { Listener } from '../events/bus.js';
import { lineWriter, type TextStream } from './writer.js';

/**
 * The `--json` view: every event as one JSON object on a line of its own, in the order they came, UTF-8. JSON escapes
 * line feeds, so a line is always a whole event.
 */
export function ndjson(stream: TextStream, onClosed?: (error: Error) => void): Listener {
  const writer = lineWriter(stream, onClosed);
  return (event) => writer.line(JSON.stringify(event));
}
