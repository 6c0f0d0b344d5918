import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readDependencyFile } from '../dependencies.js';
import { isDiskProblem } from '../diagnostics.js';
import type { FileHashes } from '../hashes.js';
import { isYoung } from '../hashes.js';
import { type NameCache, searchIncludes } from '../includes.js';
import { replaceFile } from '../objects.js';
import type { Run, RunResult } from '../run.js';
import type { CompileStep } from '../steps.js';
import { ownTempDir } from '../temp-dir.js';
import { headerObstacle } from './eligible.js';
import {
  type Entry,
  type EntryFiles,
  includedNames,
  isStillValid,
  namesAmong,
  placeStamp,
  writeEntry,
} from './entry.js';
import { askFrontEnd, type FrontEnd } from './front-end.js';
import { overlayText, usingFlags, virtualSource } from './virtual-source.js';

export interface MakeRequest {
  readonly unit: CompileStep;
  readonly sourceHash: string;
  /** The first lines of the source. */
  readonly prefix: Buffer;
  /** Headers of the unit that its dependency file names, absolute. */
  readonly headers: readonly string[];
  readonly files: EntryFiles;
  readonly outDir: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly hashes: FileHashes;
  readonly names: NameCache;
  readonly run: Run;
  readonly signal: AbortSignal;
  /** What a compile with it may take of the time of one without it. */
  readonly worthRatio: number;
}

/**
 * Makes a precompiled header and tries it: the unit is compiled with it and without it, both without debug information, and
 * only where the two objects are the same bytes and the messages the same words, and where it saved something, will it be
 * used. The entry says what came of it. Undefined where the question stays open: a file changed meanwhile, or something was
 * in the way that has nothing to do with these headers.
 */
export async function makeEntry(request: MakeRequest): Promise<{ readonly differs: boolean } | undefined> {
  const tempDir = ownTempDir(request.outDir, `pch-${++made}`);
  try {
    mkdirSync(tempDir, { recursive: true });
    return await makeIn(tempDir, request);
  } finally {
    rmSync(tempDir, { recursive: true, force: true });
  }
}

let made = 0;

async function makeIn(tempDir: string, request: MakeRequest): Promise<{ readonly differs: boolean } | undefined> {
  const { unit, files, cwd, hashes } = request;
  const startedMs = Date.now();
  const virtual = virtualSource(unit, cwd);
  mkdirSync(files.dir, { recursive: true });
  replaceFile(files.prefix, request.prefix.toString('latin1'), 'latin1');
  replaceFile(files.overlay, overlayText(virtual, files));

  const run: RunTool = (file, args, makes) => runTool(request, tempDir, file, args, makes);
  const header = join(tempDir, 'headers.pch');
  const dependencies = join(tempDir, 'headers.d');
  const frontEnd = await askFrontEnd(unit, { header, dependencies, overlay: files.overlay, virtual }, run, cwd);
  if (frontEnd === undefined) return undefined;
  const written = await run(frontEnd.file, frontEnd.args, header);
  if (!ended(written)) return undefined;
  const refuse = async (refused: string, headers: readonly string[]) => {
    const entry = await describe(request, headers, frontEnd, startedMs);
    if (entry === undefined) return undefined;
    writeEntry(files, { ...entry, refused });
    return { differs: false };
  };
  if (isDiskProblem(written.output)) return undefined;
  // A warning about a header would be told once and then never again.
  if (written.exitCode !== 0 || written.output !== '') return refuse(firstLine(written.output), request.headers);

  const listed = readDependencyFile(dependencies)?.map((path) => resolve(cwd, path)) ?? [];
  const headers = listed.filter((path) => path !== virtual.path);
  for (const path of headers) {
    const against = headerObstacle(await readFile(path, 'utf8'));
    if (against !== null) return refuse(`${path} ${against}`, headers);
  }
  const entry = await describe(request, headers, frontEnd, startedMs);
  if (entry === undefined) return undefined;
  renameSync(header, files.header);
  const hash = hashes.of(files.header)?.hash ?? '';

  const tried = await tryOut(request, tempDir, run);
  // What was compared must have been one text, made of the same headers.
  const isSame =
    hashes.of(unit.source)?.hash === request.sourceHash && isStillValid({ ...entry, hash }, files, hashes).valid;
  if (tried === undefined || !isSame) return undefined;
  const { ratio, differs } = tried;
  const slow = ratio > request.worthRatio ? `it saves too little (${Math.round(ratio * 100)} % of the time)` : '';
  const refused = tried.against === '' ? slow : tried.against;
  if (refused !== '') rmSync(files.header, { force: true });
  writeEntry(files, { ...entry, refused, ratio, hash: refused === '' ? hash : '' });
  return { differs };
}

interface Tried {
  readonly ratio: number;
  /** What speaks against using it; empty for nothing. */
  readonly against: string;
  /** The program would have been another. */
  readonly differs: boolean;
}

/** Without debug information, because clang describes what headers merely declare only when it reads their text. */
async function tryOut({ unit, files, prefix }: MakeRequest, tempDir: string, run: RunTool): Promise<Tried | undefined> {
  const object = join(tempDir, 'tried.o');
  const compile = async (more: readonly string[]) => {
    rmSync(object, { force: true });
    const started = performance.now();
    const args = [...unit.flags, '-g0', '-fdiagnostics-color=never', ...more, '-c', unit.input, '-o', object];
    const { exitCode, output, ...result } = await run(unit.command, args, object);
    const ms = performance.now() - started;
    if (!ended(result) || exitCode === null) return undefined;
    return { ms, exitCode, output, bytes: exitCode === 0 ? readFileSync(object) : Buffer.alloc(0) };
  };
  const usual = await compile([]);
  // The source has an error by now; that is no fault of its headers.
  if (usual === undefined || usual.exitCode !== 0) return undefined;
  const quick = await compile(usingFlags(files, prefix.length));
  if (quick === undefined) return undefined;
  if (quick.exitCode !== 0) return { ratio: 1, differs: true, against: `it fails with it: ${firstLine(quick.output)}` };
  if (!quick.bytes.equals(usual.bytes)) return { ratio: 1, differs: true, against: 'its code or data differ with it' };
  if (quick.output !== usual.output) return { ratio: 1, differs: false, against: 'its messages differ with it' };
  let [quickMs, usualMs] = [quick.ms, usual.ms];
  // On a busy machine a run may take far longer than it needs; the shortest of several says most.
  for (let round = 1; round < maxRounds && quickMs / usualMs > clearRatio; round++) {
    const [again, quickAgain] = [await compile([]), await compile(usingFlags(files, prefix.length))];
    if (again === undefined || quickAgain === undefined) return undefined;
    usualMs = Math.min(usualMs, again.ms);
    quickMs = Math.min(quickMs, quickAgain.ms);
  }
  return { ratio: quickMs / usualMs, differs: false, against: '' };
}

const maxRounds = 3;
/** What saves so much once needs no second look. */
const clearRatio = 0.6;

/** Undefined where a header is younger than the compiler's start: it may not be what was read. */
async function describe(
  { unit, cwd, hashes, names, headers: ofUnit }: MakeRequest,
  headers: readonly string[],
  { searched }: FrontEnd,
  startedMs: number,
): Promise<Entry | undefined> {
  const contents: [string, string][] = [];
  for (const path of new Set(headers)) {
    const hashed = hashes.of(path);
    if (hashed === undefined || isYoung(hashed, startedMs)) return undefined;
    contents.push([path, hashed.hash]);
  }
  const known = new Set(ofUnit);
  const own = [...new Set(headers)].filter((path) => known.has(path));
  const { absent } = searchIncludes(unit.source, own, { searchDirs: unit.searchDirs, cwd }, hashes, names);
  const earlier = new Set(unit.searchDirs);
  const inSystem = await includedNames(headers.filter((path) => !known.has(path)));
  return {
    source: unit.input,
    refused: '',
    ratio: 1,
    hash: '',
    headers: contents,
    own,
    absent: [...absent],
    folders: searched.filter((path) => !earlier.has(path)).map((path) => [path, placeStamp(path)]),
    earlier: [...earlier].map((path) => [path, [...namesAmong(path, inSystem)]]),
    names: [...inSystem],
  };
}

type RunTool = (file: string, args: readonly string[], makes?: string) => Promise<RunResult>;

function runTool(request: MakeRequest, tempDir: string, file: string, args: readonly string[], makes?: string) {
  const { cwd, env, signal, run } = request;
  return run({
    file,
    args,
    cwd,
    env: { LC_ALL: 'C', TMPDIR: tempDir },
    baseEnv: env,
    shell: false,
    signal,
    ...(makes === undefined ? {} : { makes }),
  });
}

/** By itself, whether well or not. */
function ended({
  cancelled,
  signal,
  startError,
  tooLongMs = 0,
}: Pick<RunResult, 'cancelled' | 'signal' | 'startError' | 'tooLongMs'>): boolean {
  return !cancelled && signal === '' && startError === '' && tooLongMs === 0;
}

/** The first that says what is wrong, not where it comes from. */
function firstLine(text: string): string {
  const lines = text.trim().split('\n');
  return (
    lines.find((line) => /: (?:fatal error|error|warning): /.test(line)) ?? (lines[0] || 'the compiler printed nothing')
  );
}
