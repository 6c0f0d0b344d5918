import { mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { contentHash } from '../../files/hash.js';
import { parseDependencyFile } from '../dependencies.js';
import { isYoung } from '../hashes.js';
import { fillTemplate, type LinkTemplate } from '../link-template.js';
import type { Surroundings } from '../surroundings.js';
import { askOnce } from './ask-once.js';
import { holds, splitHead, withHead } from './checks.js';
import { findPrograms, isProgram, type Programs } from './programs.js';
import type { CacheStore } from './store.js';

/** A link that is about to be done, as it and its linker are at that moment. */
export interface LinkDraft {
  readonly key: string;
  readonly template: LinkTemplate;
  readonly programs: Programs;
  readonly startedMs: number;
}

export interface LinkedLibrary {
  readonly path: string;
  /** What the library is called in itself. */
  readonly name: string;
  readonly objects: readonly string[];
  /** Files that the link's own key vouches for. */
  readonly known: ReadonlySet<string>;
}

export interface SharedLibraries {
  /**
   * Undefined for a link of which it is not known what the linker reads and writes. `linkKey`: see `build/link.ts`;
   * `wait`: see `SharedObjects.draft`.
   */
  draft(
    linkKey: string,
    template: LinkTemplate,
    startedMs: number,
    wait: boolean,
    around: Surroundings,
  ): Promise<LinkDraft | undefined>;
  /** The library's bytes. Never rejects. */
  find(draft: LinkDraft, around: Surroundings): Promise<Uint8Array | undefined>;
  /** Never rejects. */
  keep(draft: LinkDraft, made: LinkedLibrary, around: Surroundings): Promise<boolean>;
}

const headSchema = z.object({
  files: z.array(z.tuple([z.string(), z.string()])),
  absent: z.array(z.string()),
  hash: z.string(),
});

type Head = z.infer<typeof headSchema>;

/** Linkers that say what they read (`--dependency-file`). */
const knownLinkers = /^(?:ld\.lld|lld|(?:ld\.)?mold)(?:-\d+)?$/;

/**
 * Arguments of which it is known that they name no further file to be read or written, or that the linker lists what they
 * read. Objects, archives and shared libraries by their path are among what it lists.
 */
const knownArguments: readonly RegExp[] = [
  /^--?(?:shared|Bsymbolic|Bsymbolic-functions|as-needed|no-as-needed|eh-frame-hdr|hash-style=\w+|build-id(?:=\w+)?|pie|no-pie|gc-sections|push-state|pop-state|EL|EB|strip-debug|no-undefined|fix-cortex-a53-843419)$/,
  /^--?(?:wrap|soname)(?:=\S+)?$/,
  /^-soname=?/,
  /^-(?:z|m|o|soname|dynamic-linker|h)$/,
  /^-z\S+$/,
  /^-[lL]./,
];

/** Words after which the next one is a value and no file. */
const takesValue: ReadonlySet<string> = new Set([
  '-z',
  '-m',
  '-o',
  '-soname',
  '-h',
  '-dynamic-linker',
  '--wrap',
  '-wrap',
]);

export function createSharedLibraries(store: CacheStore): SharedLibraries {
  const programs = askOnce<Programs>();
  const programsOf = async (linker: string, around: Surroundings): Promise<Programs | undefined> => {
    if (!knownLinkers.test(basename(realpathSync(linker))) || !isProgram(linker)) return undefined;
    return findPrograms([linker], around);
  };
  const keyOf = (linkKey: string, template: LinkTemplate, { identity }: Programs, around: Surroundings): string =>
    contentHash(JSON.stringify(['library', linkKey, around.cwd, template.linker, template.args, identity()]));

  return {
    async draft(linkKey, template, startedMs, wait, around) {
      if (around.baseEnv === undefined || !isShareableLink(template)) return undefined;
      const { linker } = template;
      const ask = () => programsOf(linker, around);
      const found = wait ? await programs.of(linker, ask) : programs.ready(linker, ask);
      if (found === undefined) return undefined;
      return { template, startedMs, programs: found, key: keyOf(linkKey, template, found, around) };
    },

    async find({ key }, around) {
      if (!store.has('libraries', key)) return undefined;
      const payload = await store.read('libraries', key);
      if (payload === undefined) return undefined;
      const split = splitHead(payload, headSchema);
      if (split === undefined) await store.drop('libraries', key, 'it is of another form');
      return split !== undefined && holds(split.head, around.hashes) ? split.bytes : undefined;
    },

    async keep({ key, template, programs: linker, startedMs }, made, around) {
      const before = linker.identity();
      const listed = await linkAgain(template, made, around).catch(() => undefined);
      if (listed === undefined) return false;
      const files: [string, string][] = [];
      for (const path of listed.files) {
        if (made.objects.includes(path)) continue;
        const hashed = around.hashes.of(path);
        if (hashed === undefined || (!made.known.has(path) && isYoung(hashed, startedMs))) return false;
        files.push([path, hashed.hash]);
      }
      const library = await readFile(made.path).catch(() => undefined);
      // The same bytes a second time: neither the place nor the time is in them.
      if (library === undefined || contentHash(library) !== listed.hash || linker.identity() !== before) return false;
      const absent = placesBefore(template, listed.files).filter((path) => around.hashes.of(path) === undefined);
      return store.write('libraries', key, withHead({ files, absent, hash: listed.hash } satisfies Head, library));
    },
  };
}

function isShareableLink({ args }: LinkTemplate): boolean {
  return args.every((arg, at) => {
    if (takesValue.has(args[at - 1] ?? '') || knownArguments.some((form) => form.test(arg))) return true;
    // A relative place would be another one elsewhere, and a response file may say anything.
    return !arg.startsWith('-') && !arg.startsWith('@') && (isAbsolute(arg) || arg.startsWith('hotmod-'));
  });
}

/** Has the linker do it once more and say what it reads. */
async function linkAgain(
  template: LinkTemplate,
  { name, objects }: LinkedLibrary,
  around: Surroundings,
): Promise<{ readonly files: readonly string[]; readonly hash: string } | undefined> {
  mkdirSync(around.tempDir, { recursive: true });
  try {
    const [output, list] = [join(around.tempDir, 'library'), join(around.tempDir, 'library.d')];
    const result = await around.run({
      file: template.linker,
      args: [...fillTemplate(template, { objects, output, name }), `--dependency-file=${list}`],
      cwd: around.cwd,
      env: { ...around.env, TMPDIR: around.tempDir },
      baseEnv: around.baseEnv,
      shell: false,
      signal: around.signal,
      makes: output,
    });
    if (result.exitCode !== 0) return undefined;
    const [rule = ''] = readFileSync(list, 'utf8').split(/\n\s*\n/);
    const files = parseDependencyFile(rule.slice(rule.indexOf(': '))).map((path) => resolve(around.cwd, path));
    return { files: [...new Set(files)], hash: contentHash(readFileSync(output)) };
  } finally {
    rmSync(around.tempDir, { recursive: true, force: true });
  }
}

/** Where each `-l` would have been found too, in any of the folders that are searched. */
function placesBefore({ args }: LinkTemplate, files: readonly string[]): readonly string[] {
  const dirs = args.filter((arg) => /^-L./.test(arg)).map((arg) => arg.slice(2));
  const names = args
    .filter((arg) => /^-l./.test(arg))
    .flatMap((arg) => [`lib${arg.slice(2)}.so`, `lib${arg.slice(2)}.a`]);
  const all = [...new Set([...dirs, ...files.map((path) => dirname(path))])];
  return all.flatMap((dir) => names.map((name) => join(dir, name)));
}
