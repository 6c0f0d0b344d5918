import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { hookNames } from '../../host/host.js';
import type { ModuleRecord, Version } from '../records.js';

/** What only the running version itself could say: whether it saves its state decides what a verdict looks at. */
const facts = z.object({
  style: z.enum(['interface', 'functions']),
  name: z.string(),
  version: z.string(),
  apiVersion: z.number(),
  hooks: z.array(z.enum(hookNames)),
  hasView: z.boolean(),
});

/** The libraries that ran last, by module: what a verdict without a session compares with. */
const schema = z.record(
  z.string(),
  z.object({ library: z.string(), hash: z.string(), generation: z.number(), loaded: facts.nullable().default(null) }),
);

export type LastGood = Readonly<z.infer<typeof schema>>;

function fileOf(outDir: string): string {
  return join(outDir, 'last-good.json');
}

/** Nothing where no session ran yet or the file is damaged: it is a convenience, the sources are the truth. */
export async function readLastGood(outDir: string): Promise<LastGood> {
  try {
    return schema.parse(JSON.parse(await readFile(fileOf(outDir), 'utf8')));
  } catch {
    return {};
  }
}

/** Writes what runs now, whole or not at all. */
export async function writeLastGood(outDir: string, records: Iterable<ModuleRecord>): Promise<void> {
  const entries = [...records].flatMap(({ settings, running }) =>
    running === null ? [] : [[settings.name, summaryOf(running)] as const],
  );
  const known = { ...(await readLastGood(outDir)), ...Object.fromEntries(entries) };
  const file = fileOf(outDir);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(known, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

function summaryOf({ library, hash, generation, loaded }: Version): LastGood[string] {
  return { library, hash, generation, loaded: loaded === null ? null : { ...loaded, hooks: [...loaded.hooks] } };
}
