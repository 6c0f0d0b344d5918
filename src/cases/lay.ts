import { cp, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import type { FoundCase } from './find.js';
import type { CaseStep } from './schema.js';

/** Where the files of a case belong: the project itself, or, where it is only one module, that module's folder. */
export async function baseOf(found: FoundCase, root: string): Promise<string> {
  const { module, steps } = found.reloadCase;
  const inline = steps.some((step) => Object.keys(step.files ?? {}).some((path) => path.startsWith('modules/')));
  const folders = await Promise.all(
    steps.map(({ source }) => (source === undefined ? false : isFolder(join(found.dir, source, 'modules')))),
  );
  return inline || folders.includes(true) ? root : join(root, 'modules', module);
}

/** Lays one step over what the steps before left. */
export async function layStep(found: FoundCase, step: CaseStep, base: string): Promise<void> {
  await mkdir(base, { recursive: true });
  if (step.source !== undefined) {
    // preserveTimestamps is off: a file that is laid now was saved now.
    await cp(join(found.dir, step.source), base, { recursive: true });
  }
  for (const [path, text] of Object.entries(step.files ?? {})) {
    const file = inside(base, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  for (const path of step.remove ?? []) await rm(inside(base, path), { recursive: true, force: true });
}

/** A case may only write into its own project. */
function inside(base: string, path: string): string {
  const file = resolve(base, path);
  if (!file.startsWith(base + sep)) throw new Error(`the path ${path} leaves the case's own folder`);
  return file;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
