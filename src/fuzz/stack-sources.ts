import type { Random } from './random.js';

/** A source of a module that crashes in a known place as soon as it is updated. */
export interface CrashSource {
  readonly text: string;
  /** What kind of crash, for the report. */
  readonly kind: string;
  readonly signal: string;
  /** The functions from the innermost outwards, each with the lines that are right for it. */
  readonly calls: readonly KnownCall[];
}

export interface KnownCall {
  readonly function: string;
  readonly from: number;
  readonly to: number;
}

interface Kind {
  readonly name: string;
  readonly signal: string;
  readonly languages: readonly ('c' | 'c++')[];
  /** The body of the function that crashes; the statement that does so is on the line marked with `@`. */
  readonly body: readonly string[];
  /** Goes before the function. `fault` there is its name. */
  readonly before?: readonly string[];
  /** Functions that the marked line is in, where it is not in the one with the body. */
  readonly inner?: string;
  /** Any line of the function is right: which call of a recursion ran out of stack is chance. */
  readonly anyLine?: boolean;
}

const both = ['c', 'c++'] as const;

const kinds: readonly Kind[] = [
  {
    name: 'write to null',
    signal: 'SIGSEGV',
    languages: both,
    body: ['volatile int *p = g_null;', '*p = 3; @', 'g_sum++;'],
  },
  {
    name: 'read of a field of null',
    signal: 'SIGSEGV',
    languages: both,
    body: ['volatile struct item *p = (volatile struct item *)g_null;', 'g_sum += p->value; @'],
  },
  {
    name: 'static inline',
    signal: 'SIGSEGV',
    languages: both,
    before: ['static inline int value_of(volatile struct item *item) {', '  return item->value; @', '}'],
    body: ['g_sum += value_of((volatile struct item *)g_null);'],
    inner: 'value_of',
  },
  {
    name: 'division by zero',
    signal: 'SIGFPE',
    languages: both,
    body: ['volatile int zero = 0;', 'g_sum += 7 / zero; @'],
  },
  { name: 'abort()', signal: 'SIGABRT', languages: both, body: ['if (g_null == 0)', '  abort(); @', 'g_sum++;'] },
  { name: 'assert()', signal: 'SIGABRT', languages: both, body: ['int n = g_sum;', 'assert(n < -5); @', 'g_sum++;'] },
  {
    name: 'illegal instruction',
    signal: 'SIGILL',
    languages: both,
    body: ['if (g_null == 0)', '  __builtin_trap(); @', 'g_sum++;'],
  },
  { name: 'call of null', signal: 'SIGSEGV', languages: both, body: ['g_hook = 0;', 'g_hook(); @', 'g_sum++;'] },
  {
    name: 'call of a wild address',
    signal: 'SIGSEGV',
    languages: both,
    body: ['g_hook = (void (*)(void))0x12340;', 'g_hook(); @', 'g_sum++;'],
  },
  {
    name: 'call of no address at all',
    signal: 'SIGSEGV',
    languages: both,
    body: ['g_hook = (void (*)(void))0xdeadbeefdeadbeef;', 'g_hook(); @', 'g_sum++;'],
  },
  {
    name: 'call of data',
    signal: 'SIGSEGV',
    languages: both,
    body: ['g_hook = (void (*)(void))(void *)g_data;', 'g_hook(); @', 'g_sum++;'],
  },
  {
    name: 'stack overflow',
    signal: 'SIGSEGV',
    languages: both,
    before: [
      'NOINLINE static int dive(int n) {',
      '  volatile int a[20]; a[n % 20] = n; @',
      '  return dive(n + 1) + a[n % 20];',
      '}',
    ],
    body: ['g_sum += dive(g_sum);'],
    inner: 'dive',
    anyLine: true,
  },
  { name: 'strlen(NULL)', signal: 'SIGSEGV', languages: both, body: ['g_sum += (int)strlen((const char *)g_null); @'] },
  {
    name: 'memcpy from null',
    signal: 'SIGSEGV',
    languages: both,
    body: [
      'memcpy(g_data, (const void *)g_null, (size_t)(sizeof g_data - (g_sum != 0))); @',
      'g_sum += (int)g_data[g_sum & 7];',
    ],
  },
  {
    name: 'free() of what is no block',
    signal: 'SIGABRT',
    languages: both,
    body: ['g_null = (volatile int *)malloc(100);', 'free((void *)((size_t)g_null + 8)); @', 'g_sum++;'],
  },
  {
    name: 'write to a constant',
    signal: 'SIGSEGV',
    languages: both,
    body: ['volatile char *text = (volatile char *)(size_t)"constant";', 'text[2] = 1; @', 'g_sum++;'],
  },
  {
    name: 'callback of qsort()',
    signal: 'SIGSEGV',
    languages: both,
    before: ['static int compare(const void *a, const void *b) {', '  (void)a; (void)b;', '  return *g_null; @', '}'],
    body: ['int n[3] = {3, 1, g_sum};', 'qsort(n, 3, sizeof n[0], compare);'],
    inner: 'compare',
  },
  {
    name: 'exception nobody catches',
    signal: 'SIGABRT',
    languages: ['c++'],
    body: ['if (g_null == 0)', '  throw 5; @', 'g_sum++;'],
  },
  {
    name: 'at() out of range',
    signal: 'SIGABRT',
    languages: ['c++'],
    body: ['std::vector<int> v(3);', 'g_sum += v.at(7 + g_sum); @'],
  },
  {
    name: 'virtual call on null',
    signal: 'SIGSEGV',
    languages: ['c++'],
    before: ['struct shape { virtual int area() const; };', 'int shape::area() const { return 1; }'],
    body: ['const shape *volatile s = (const shape *)g_null;', 'g_sum += s->area(); @'],
  },
  {
    name: 'lambda',
    signal: 'SIGSEGV',
    languages: ['c++'],
    body: ['auto read = [](volatile int *p) {', '  return *p; @', '};', 'g_sum += read(g_null);'],
    inner: 'operator()',
  },
];

/** As many sources as there are kinds of crashes for a language. */
export function kindCount(language: 'c' | 'c++'): number {
  return kindsOf(language).length;
}

function kindsOf(language: 'c' | 'c++'): readonly Kind[] {
  return kinds.filter((kind) => kind.languages.includes(language));
}

const heads = {
  c: ['#include <assert.h>', '#include <stdlib.h>', '#include <string.h>'],
  'c++': ['#include <cassert>', '#include <cstdlib>', '#include <cstring>', '#include <vector>'],
};

/**
 * A source with the crash of this number below one to six calls. What is not about the crash (blank lines, locals, calls
 * that returned before and left their return addresses in the stack) is different for every seed.
 */
export function crashSource(random: Random, language: 'c' | 'c++', number: number, module: string): CrashSource {
  const kind = kindsOf(language)[number % kindCount(language)];
  if (kind === undefined) throw new Error('There is no such kind of crash.');
  const lines: string[] = [...heads[language], '#define NOINLINE __attribute__((noinline))'];
  const calls: KnownCall[] = [];
  const filler = (): void => {
    for (let left = random.below(4); left > 0; left--) lines.push(random.once(2) ? '' : '/* Nothing. */');
  };
  const marked = new Map<string, number>();
  const put = (name: string, text: string): void => {
    if (text.endsWith('@')) marked.set(name, lines.length + 1);
    lines.push(text.replace(/ *@$/, ''));
  };

  lines.push('struct item { struct item *next; int value; };', 'static volatile int *volatile g_null;');
  lines.push('static volatile int g_sum;', 'static long g_data[8] = {1, 2};', 'static void (*volatile g_hook)(void);');
  lines.push('NOINLINE static int leave(int n) {', '  volatile int a[9]; a[n % 9] = n;');
  lines.push('  return n > 0 ? leave(n - 1) + a[n % 9] : (int)strlen("left");', '}');
  filler();
  const innermost = kind.inner ?? 'fault';
  const start = lines.length + 1;
  for (const text of kind.before ?? []) put(innermost, text);
  lines.push('NOINLINE static void fault(void) {');
  for (const text of kind.body) put(innermost, `  ${text}`);
  lines.push('}');
  const line = marked.get(innermost) ?? 0;
  calls.push(
    kind.anyLine === true
      ? { function: innermost, from: start, to: start + (kind.before?.length ?? 0) }
      : { function: innermost, from: line, to: line },
  );
  if (innermost !== 'fault') {
    const call = lines.findLastIndex((text) => /value_of\(\(|dive\(g_sum|qsort\(|read\(g_null/.test(text)) + 1;
    calls.push({ function: 'fault', from: call, to: call });
  }

  let callee = 'fault()';
  const depth = random.below(6);
  for (let level = 1; level <= depth; level++) {
    filler();
    lines.push(`NOINLINE static int level_${level}(int n) {`);
    for (let left = random.below(3); left > 0; left--)
      lines.push(`  volatile char pad_${left}[${8 + random.below(90)}]; pad_${left}[n & 7] = 1;`);
    if (random.once(2)) lines.push(`  g_sum += leave(${random.below(12)}) & 1;`);
    lines.push(`  ${callee};`, '  g_sum += n;', '  return g_sum;', '}');
    calls.push({ function: `level_${level}`, from: lines.length - 3, to: lines.length - 3 });
    callee = `level_${level}(g_sum)`;
  }
  filler();
  lines.push(
    ...(language === 'c++' ? ['extern "C" void'] : ['void']).map((type) => `${type} ${module}_update(double dt) {`),
  );
  lines.push('  (void)dt; (void)leave;', '  g_sum += leave(9) & 1;', `  ${callee};`, '  g_sum++;', '}');
  calls.push({ function: `${module}_update`, from: lines.length - 2, to: lines.length - 2 });
  return { text: `${lines.join('\n')}\n`, kind: kind.name, signal: kind.signal, calls };
}
