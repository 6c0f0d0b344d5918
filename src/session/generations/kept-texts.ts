import { readFile } from 'node:fs/promises';
import type { CodeFrame } from '../../debuginfo/types.js';
import type { Blocker, EventOf } from '../../events/events.js';
import type { KeptImage } from '../../host/host.js';
import { readElf } from '../../objfile/elf.js';
import type { ElfSymbol } from '../../objfile/types.js';
import { describeAddress } from '../../state/describe-address.js';
import type { StateModel } from '../../state/types.js';
import { pathAt } from '../../values/path-at.js';
import type { Context } from '../context.js';
import { shownPath } from '../recovery/symbolise.js';
import type { ModelReader } from '../types-of-both.js';

type Described = Omit<EventOf<'image:kept'>, 'type' | 'v' | 'time' | 'again'>;
type Told = KeptImage & { readonly blocker: Blocker };

const codes: Readonly<Record<Blocker, string>> = {
  variable: 'HM574',
  memory: 'HM575',
  savedState: 'HM575',
  thread: 'HM576',
  silentThread: 'HM576',
  import: 'HM577',
  loader: 'HM578',
  crash: 'HM579',
  destructors: 'HM579',
  unknown: 'HM579',
};

/** Null where nobody knows it any more. */
type LibraryOf = (module: string, generation: number) => string | null;

/** Names what stands in the way of unloading a version, as far as its debug information tells. Never rejects. */
export async function describeKept(
  { models, config }: Pick<Context, 'models' | 'config'>,
  image: KeptImage,
  libraryOf: LibraryOf,
): Promise<Described> {
  const { module, generation, holder, holderGeneration } = image;
  const blocker = blockerOf(image);
  const library = libraryOf(module, generation);
  const own = await modelOf(models, library);
  const pointed = blocker === 'variable' || blocker === 'memory';
  const holding = holder === '' ? null : await modelOf(models, libraryOf(holder, holderGeneration));
  const frame = blocker === 'thread' ? frameAt(own, image.target) : null;
  const about = {
    path: blocker === 'variable' ? pathOf(holding, image.place) : '',
    target: pointed ? targetOf(own, image.target) : '',
    function: frame?.function ?? '',
    file: frame === null ? '' : shownPath(frame.file, config.root),
    line: frame?.line ?? 0,
  };
  const symbols = blocker === 'loader' || blocker === 'variable' ? await symbolsOf(library) : [];
  const shared = blocker === 'variable' && about.path === '' ? uniqueAt(symbols, image.target) : undefined;
  const why =
    shared === undefined
      ? explain({ ...image, blocker }, { ...about, loader: whyLoader(symbols) })
      : `generation ${holderGeneration} of ${holder} uses ${shared.name} of it, which the loader has only once in a process (build it with -fno-gnu-unique)`;
  return {
    module,
    generation,
    code: shared === undefined ? codes[blocker] : 'HM578',
    message: `Generation ${generation} of ${module} stays in memory: ${why}.`,
    blocker,
    holder,
    holderGeneration,
    thread: image.thread === 0 ? null : { id: image.thread, name: image.text },
    ...about,
  };
}

function blockerOf({ blocker }: KeptImage): Blocker {
  return blocker === 'unsearched' || blocker === 'wayBack' ? 'unknown' : blocker;
}

interface About extends Pick<Described, 'path' | 'target' | 'function' | 'file' | 'line'> {
  readonly loader: string;
}

function explain(image: Told, about: About): string {
  const { blocker, holder, holderGeneration, thread, text } = image;
  const target = about.target === '' ? 'into it' : `to ${about.target}`;
  switch (blocker) {
    case 'variable': {
      const what = about.path === '' ? `a word at 0x${image.place.toString(16)}` : about.path;
      return `${what} of ${holder} (generation ${holderGeneration}) points ${target}`;
    }
    case 'memory':
      return `${mappingText(text)} at 0x${image.place.toString(16)} points ${target}`;
    case 'thread': {
      const place = about.file === '' ? '' : ` (${about.file}:${about.line})`;
      const where = about.function === '' ? '' : `, in ${about.function}${place}`;
      return `thread ${thread} (${text}) is inside it${where}`;
    }
    case 'silentThread':
      return `thread ${thread} (${text}) may be inside it: it does not answer the signal that asks where it is`;
    case 'savedState':
      return 'the state that it saved holds addresses inside it';
    case 'import':
      return `what its successor does not have is still used: ${text}`;
    case 'crash':
      return 'it crashed, and nobody knows what holds on to it since';
    case 'destructors':
      return 'unloading it would destroy objects that its successor uses';
    case 'loader':
      return about.loader;
    case 'unknown':
      return 'the system does not tell what holds on to it';
    default: {
      const unknown: never = blocker;
      throw new Error(`Unknown blocker ${String(unknown)}.`);
    }
  }
}

function mappingText(mapping: string): string {
  if (mapping === '[stack]') return 'a word on a stack';
  if (mapping === '[heap]' || !mapping.startsWith('/')) return 'an object on the heap';
  return `a variable of ${mapping}`;
}

/** Null where its library is gone, or its types cannot be read. */
async function modelOf(models: ModelReader, library: string | null): Promise<StateModel | null> {
  return library === null ? null : models.read(library).catch(() => null);
}

/** Types are read as they are reached, so that damage may show at any of them. */
function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function pathOf(model: StateModel | null, place: bigint): string {
  return orElse(() => (model === null ? null : pathAt(model, Number(place))), null)?.path ?? '';
}

/** Inside of a function is a place of its own; a constant has no name. */
function targetOf(model: StateModel | null, target: bigint): string {
  if (model === null) return '';
  const { text, isFunction } = orElse(() => describeAddress(model, target), { text: '', isFunction: false });
  if (isFunction) return `the function ${text}`;
  const inside = frameAt(model, target)?.function ?? '';
  if (inside !== '') return `the function ${inside}`;
  const constant = model.constants.some(({ address, size }) => target >= address && target < address + size);
  return constant ? 'a constant of it, such as a text' : text;
}

function frameAt(model: StateModel | null, address: bigint): CodeFrame | null {
  return orElse(() => model?.debug?.framesAt(Number(address)).at(0), undefined) ?? null;
}

async function symbolsOf(library: string | null): Promise<readonly ElfSymbol[]> {
  const bytes = library === null ? null : await readFile(library).catch(() => null);
  return orElse(() => (bytes === null ? [] : readElf(bytes).dynamicSymbols), []);
}

/** All libraries use the first one that was loaded (STB_GNU_UNIQUE; glibc, elf/dl-lookup.c, do_lookup_unique). */
function uniqueAt(symbols: readonly ElfSymbol[], address: bigint): ElfSymbol | undefined {
  const at = Number(address);
  return symbols.find(({ bind, value, size }) => bind === 'unique' && at >= value && at < value + Math.max(size, 1));
}

/** What keeps glibc's loader from unloading: unique symbols, and destructors of threads (cxa_thread_atexit_impl.c). */
function whyLoader(symbols: readonly ElfSymbol[]): string {
  const unique = symbols.find((symbol) => symbol.bind === 'unique');
  if (unique !== undefined)
    return `the loader never unloads a library with unique symbols, such as ${unique.name} (build it with -fno-gnu-unique)`;
  if (symbols.some((symbol) => !symbol.defined && symbol.name.startsWith('__cxa_thread_atexit')))
    return 'a thread_local object with a destructor lives on in a thread, and the loader keeps the code for it';
  return 'the loader keeps it, because another library uses it or it is mapped a second time';
}
