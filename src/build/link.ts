import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Diagnostic } from '../events/events.js';
import { contentHash } from '../files/hash.js';
import type { SharedCache } from './cache/shared-cache.js';
import type { LinkDraft } from './cache/shared-libraries.js';
import { problem } from './diagnostics.js';
import { crash, crashed, fullDisk, startFailure, tookTooLong } from './failures.js';
import type { GenerationStore } from './generations.js';
import type { FileHashes } from './hashes.js';
import { parseLinkerOutput } from './link-diagnostics.js';
import { fillTemplate, type LinkTemplate } from './link-template.js';
import type { LinkStep } from './steps.js';
import type { Surroundings } from './surroundings.js';
import { notRun, type ToolRun, toolRunOf } from './tool-run.js';

export interface LinkContext extends Surroundings {
  readonly generations: GenerationStore;
  /** The linker's own command line, where the driver gave one that can be used. */
  readonly template: () => Promise<LinkTemplate | undefined>;
  /** Undefined where nothing is shared with other projects. */
  readonly shared: SharedCache | undefined;
  /** The module was not built before in this session. */
  readonly isFirst: boolean;
  readonly now: () => number;
}

/** An object to link and the source it was made from. */
export interface LinkedObject {
  readonly path: string;
  readonly hash: string;
  readonly source: string;
}

export interface LinkResult {
  readonly ok: boolean;
  readonly cached: boolean;
  readonly superseded: boolean;
  /** Absolute; empty where the link failed. */
  readonly library: string;
  readonly hash: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Files named by link flags, with their contents. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly tool: ToolRun;
  readonly durationMs: number;
}

/** Links a module, or finds the library that the same objects and flags gave before. */
export async function linkModule(
  module: string,
  link: LinkStep,
  objects: readonly LinkedObject[],
  context: LinkContext,
): Promise<LinkResult> {
  const started = performance.now();
  const inputs = contentOf(link.files, context.hashes);
  const hash = linkKey(module, link, objects, inputs, context);
  const found = context.rebuild ? undefined : context.generations.find(module, hash);
  const base = { cached: false, superseded: false, hash, inputs, diagnostics: [], library: '', tool: notRun } as const;
  const timed = <T extends object>(result: T) => ({ ...result, durationMs: performance.now() - started });
  if (found !== undefined) return timed({ ...base, ok: true, cached: true, library: found });

  const output = join(context.tempDir, 'library');
  const draft = await draftLink(hash, context);
  if (draft !== undefined && !context.rebuild) {
    const library = await context.shared?.takeLibrary(draft, context);
    if (library !== undefined) {
      mkdirSync(context.tempDir, { recursive: true });
      writeFileSync(output, library);
      return timed({ ...base, ok: true, cached: true, library: context.generations.put(module, hash, output) });
    }
  }
  const result = await context.limiter.run(context.signal, () => runLink(module, hash, link, objects, output, context));
  if (result === undefined || result.cancelled) return timed({ ...base, ok: false, superseded: true });
  const diagnostics =
    result.output === '' && result.exitCode === 0 ? [] : linkerMessages(result, link, objects, context);
  const done = { ...base, tool: toolRunOf(result), diagnostics };
  if (result.exitCode !== 0) return timed({ ...done, ok: false });
  const library = context.generations.put(module, hash, output);
  // What was said about it would have to be said again.
  if (draft !== undefined && diagnostics.length === 0) {
    const paths = objects.map((object) => object.path);
    const made = { path: library, name: `${module}.${hash}`, objects: paths, known: new Set(inputs.keys()) };
    context.shared?.keepLibraryLater(draft, made, context);
  }
  return timed({ ...done, ok: true, library });
}

/** Only where the linker is started with arguments that are known. */
async function draftLink(hash: string, context: LinkContext): Promise<LinkDraft | undefined> {
  if (context.shared === undefined) return undefined;
  const template = await context.template();
  return template === undefined ? undefined : context.shared.draftLink(hash, template, context.isFirst, context);
}

/** The name is part of the key because it is written into the library. */
function linkKey(
  module: string,
  link: LinkStep,
  objects: readonly LinkedObject[],
  inputs: ReadonlyMap<string, string>,
  context: LinkContext,
): string {
  const contents = objects.map((object) => object.hash);
  const { command, head, tail } = link;
  return contentHash(JSON.stringify(['link 1', context.identity, module, command, head, tail, contents, [...inputs]]));
}

async function runLink(
  module: string,
  hash: string,
  link: LinkStep,
  objects: readonly LinkedObject[],
  output: string,
  context: LinkContext,
) {
  const template = await context.template();
  const name = `${module}.${hash}`;
  const paths = objects.map((object) => object.path);
  const common = {
    cwd: context.cwd,
    env: context.env,
    baseEnv: context.baseEnv,
    shell: false,
    signal: context.signal,
    makes: output,
  };
  if (template !== undefined) {
    const args = [...fillTemplate(template, { objects: paths, output, name }), ...threadsFor(template, paths)];
    const result = await context.run({ file: template.linker, args, ...common });
    // A linker that cannot even start is the template's fault, not the user's: the driver gets its chance.
    if (result.startError === '') return result;
  }
  const args = [...link.head, link.nameFlag(name), '-o', output, ...paths, ...link.tail];
  return context.run({ file: link.command, args, ...common });
}

/** Objects of this size in all are linked by one thread as fast as by several. */
const smallBytes = 16 << 20;

/** For a small library lld takes as long to start its threads as to link; what it writes is the same. */
function threadsFor({ linker }: LinkTemplate, objects: readonly string[]): readonly string[] {
  if (!/lld/.test(basename(linker))) return [];
  const bytes = objects.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
  return bytes < smallBytes ? ['--threads=1'] : [];
}

function linkerMessages(
  result: Awaited<ReturnType<Surroundings['run']>>,
  link: LinkStep,
  objects: readonly LinkedObject[],
  context: LinkContext,
): readonly Diagnostic[] {
  const failed = result.exitCode !== 0;
  const start = startFailure(result, link.command) ?? tookTooLong(result, 'the linker', '');
  if (start !== undefined) return [start];
  const disk = failed ? fullDisk(result, context.outDir) : undefined;
  if (disk !== undefined) return [disk];
  if (failed && crashed(result)) return [crash(result, 'the linker', '')];
  const sources = new Map(objects.map((object) => [object.path, object.source]));
  const messages = parseLinkerOutput(result.output, { ...context, sourceOf: (object) => sources.get(object) });
  if (!failed || messages.some((one) => one.severity === 'error')) return messages;
  const said = result.output.trim();
  return [
    ...messages,
    problem('HM202', `the link failed with code ${result.exitCode}`, said === '' ? {} : { rendered: said }),
  ];
}

function contentOf(files: readonly string[], hashes: FileHashes): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  for (const file of files) {
    const hashed = hashes.of(file);
    if (hashed !== undefined) contents.set(file, hashed.hash);
  }
  return contents;
}
