import { readFile } from 'node:fs/promises';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import type { ConfigSource } from './find.js';
import { isRecord } from './form.js';
import { parseJson, refuseBinary } from './read-json.js';

export interface ReadConfig {
  /** What the file holds, not looked at yet. */
  readonly value: unknown;
  /** The file and whatever it imports: a change of any of them can change the value. */
  readonly files: readonly string[];
}

/**
 * Reads a config file as it is on disk now.
 *
 * @throws HotmodError HM101 with the file, and the line where the parser knows it
 */
export async function readConfig(source: ConfigSource): Promise<ReadConfig> {
  const text = await readFile(source.file, 'utf8').catch((error: unknown) => {
    throw unreadable(source.file, messageOf(error), error);
  });
  if (source.kind === 'module') {
    refuseBinary(text, source.file, 'HM101');
    return readModule(source.file);
  }
  const value = parseJson(text, source.file);
  const own = source.kind === 'package.json' && isRecord(value) ? value.hotmod : value;
  return { value: own, files: [source.file] };
}

async function readModule(file: string): Promise<ReadConfig> {
  // The TypeScript loader is big; a project without a config, or with one in JSON, does not pay for it.
  const { importFresh } = await import('./import-fresh.js');
  const imported = await importFresh(file).catch((error: unknown) => {
    throw unreadable(`${file}${placeOf(error, file)}`, firstLine(error), error);
  });
  if (imported.hasDefault) return { value: imported.value, files: imported.files };
  throw new HotmodError('HM101', `${file} exports no config.`, {
    hint: 'End it with `export default defineConfig({ ... })`.',
    exitCode: exitCode.usage,
  });
}

function unreadable(place: string, reason: string, cause: unknown): HotmodError {
  return new HotmodError('HM101', `${place}: the config cannot be read: ${reason}`, {
    hint: 'Mend the file; a running session keeps the settings it has until then.',
    exitCode: exitCode.usage,
    cause,
  });
}

/** `:line:column` from a parser's error, or from the stack where the config itself threw. */
function placeOf(error: unknown, file: string): string {
  if (!(error instanceof Error)) return '';
  const text = `${error.message}\n${error.stack ?? ''}`;
  const after = text.split(`${file}:`)[1];
  const fromStack = after === undefined ? undefined : /^\d+(:\d+)?/.exec(after)?.[0];
  const fromParser = /\((\d+:\d+)\)/.exec(error.message)?.[1];
  const place = fromParser ?? fromStack;
  return place === undefined ? '' : `:${place}`;
}

function firstLine(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n');
  return first.replace(/^ParseError:\s*/, '').replace(/\s*\(\d+:\d+\)$/, '');
}
