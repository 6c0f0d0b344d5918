import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { classify, type Passing } from '../../src/call/classify.js';
import { planCall } from '../../src/call/plan.js';
import { planResult } from '../../src/call/result.js';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

const records = `
struct one { signed char a; };
struct three { unsigned char a, b, c; };
struct point { int x, y; };
struct vec1 { float x; };
struct vec2 { float x, y; };
struct vec3 { float x, y, z; };
struct vec4 { float x, y, z, w; };
struct vec5 { float v[5]; };
struct pair { double a, b; };
struct quad { double a, b, c, d; };
struct row { double v[2][2]; };
struct five { double v[5]; };
struct nested { struct vec2 a; float b; };
struct padded { double a; float b; };
struct mixed { long a; double b; };
struct half { float a; int b; };
struct sixteen { char name[16]; };
struct seventeen { char name[17]; };
struct big { long a; double b; int c; };
struct bits { float a; int b : 3; };
union floats { float a; float b[3]; };
union either { float a; int b; };
union twice { float a; double b; };
struct __attribute__((packed)) packed { char a; int b; double c; };
struct pointer { const char *name; int count; };
struct cube { float m[2][2]; };
`;

const tags = [...records.matchAll(/(struct|union) (?:__attribute__\S+ )?(\w+) \{/g)].map(
  ([, form = '', name = '']) => `${form} ${name}`,
);

const source = `${records}
${tags.map((tag) => `${tag} take_${tag.split(' ')[1]}(${tag} v) { return v; }`).join('\n')}
/* Clang 14 leaves a parameter out that travels by reference and is not used, so m is. */
int spill(int a, struct mixed b, struct quad c, long d, struct mixed e, int f, struct mixed g, int h, struct vec3 i,
          struct vec2 j, float k, double l, struct big m) {
  (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, (void)i, (void)j, (void)k, (void)l;
  return m.c;
}
`;

const arm = ['--target=aarch64-linux-gnu', '-ffreestanding'];

/** What clang's intermediate code calls the way an argument goes: `i64`, `[2 x i64]`, `[3 x float]`, a pointer. */
function armType(passing: Passing): string {
  if (passing.by !== 'registers') return passing.by === 'reference' ? 'pointer' : passing.by;
  const { pieces, homogeneous } = passing;
  if (homogeneous) return `[${pieces.length} x ${pieces[0]?.size === 8 ? 'double' : 'float'}]`;
  return pieces.length === 1 ? 'i64' : `[${pieces.length} x i64]`;
}

test('structs and unions travel on ARM64 as clang passes them', async () => {
  await using workspace = await elfWorkspace();
  const kind = [...arm, '-shared', '-fPIC', '-g', '-nostdlib', '-fuse-ld=lld'];
  const info = readDebugInfo(await readFile(await workspace.build('arm.so', source, { kind })));
  const ir = await workspace.run('clang', ...arm, '-S', '-emit-llvm', '-O0', '-o', '-', 'arm.so.c');
  const got: string[] = [];
  const expected: string[] = [];
  for (const fn of info.functions.filter(({ name }) => name.startsWith('take_'))) {
    const [, parameters = ''] = new RegExp(`define [^\\n]*@${fn.name}\\(([^\\n]*)\\) #`).exec(ir) ?? [];
    const own = parameters.split(', ').find((one) => !one.includes('sret')) ?? '';
    const type = /^(\[\d+ x \w+\]|i64)/.exec(own)?.[0] ?? (/^(%\S+\*|ptr)/.test(own) ? 'pointer' : own);
    expected.push(`${fn.name} ${type} ${parameters.includes('sret') ? 'memory' : 'registers'}`);
    const [parameter = fn.type.returns] = fn.type.parameters;
    const { words } = planResult(fn.type.returns, 'aapcs64');
    got.push(`${fn.name} ${armType(classify(parameter, 'aapcs64'))} ${words.in}`);
  }
  expect(got).toEqual(expected);
  expect(got).toHaveLength(tags.length);
});

test('once an argument finds too few registers on ARM64, no later one gets any of that kind', async () => {
  await using workspace = await elfWorkspace();
  const kind = [...arm, '-shared', '-fPIC', '-g', '-nostdlib', '-fuse-ld=lld'];
  const info = readDebugInfo(await readFile(await workspace.build('arm.so', source, { kind })));
  const spill = info.functions.find(({ name }) => name === 'spill');
  if (spill === undefined) throw new Error('No function spill.');
  const args = '1|{2, 3}|{1, 2, 3, 4}|4|{5, 6}|7|{8, 9}|10|{5, 6, 7}|{11, 12}|13|14|{15, 16, 17}'.split('|');
  const { words } = planCall(spill, args, { convention: 'aapcs64' });
  const double = (value: number): bigint => Buffer.from(new Float64Array([value]).buffer).readBigUInt64LE();
  const single = (value: number): bigint => BigInt(Buffer.from(new Float32Array([value]).buffer).readUInt32LE());
  // x0 to x6: a, b, d, e, f; then one is left, too few for g, and h may not have it. v0 to v6: c and i; so with j, k and l.
  expect(words.integers).toEqual([1n, 2n, double(3), 4n, 5n, double(6), 7n, 0n]);
  expect(words.floats).toEqual([...[1, 2, 3, 4].map(double), ...[5, 6, 7].map(single), 0n]);
  // On the stack: g, h, j as it lies in memory, k, l, and the address of m.
  const pair = single(11) | (single(12) << 32n);
  expect(words.stack).toEqual([8n, double(9), 10n, pair, single(13), double(14), 0n]);
  expect(words.patches).toEqual([{ into: 'stack', index: 6, block: 0 }]);
  expect(words.memory).toHaveLength(1);
});
