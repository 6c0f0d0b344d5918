import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { FuzzInput } from './check-damaged.js';
import { findTargets } from './find-targets.js';

/** All kinds of types and variables in little text, because what is small is damaged more thoroughly. */
const sourceC = `
enum color { RED = -1, GREEN, BLUE = 200 };
struct point { int x; double y; char tag; };
struct node { struct point p; struct node *next; unsigned a : 3; unsigned b : 17; union { int i; float f; }; };
typedef struct { struct node nodes[2][3]; enum color c; int (*call)(struct node *, ...); char tail[]; } table_t;
typedef const volatile long *watched_t;
static table_t *g_table;
struct node g_list = { { 1, 2.0, 'a' }, 0, 5, 6, { 7 } };
_Thread_local short g_local = 3;
watched_t g_watched;
extern int g_elsewhere;
_Bool g_flag;
static struct opaque *g_opaque;
int add(int a, enum color b) {
  static int calls = 1;
  { static const char *names[4]; names[a & 3] = ""; }
  return a + b + ++calls + g_list.p.x + (g_table != 0) + (g_opaque != 0);
}
`;

const sourceCpp = `
namespace shapes {
struct shape { virtual ~shape() {} virtual int area() const = 0; static int count; int id; };
struct named { char name[8]; };
struct square : shape, virtual named { int area() const override { return side; } int side; enum class kind : char { a, b } k; };
namespace { int hidden = 4; }
int shape::count = 1;
}
template <class T, int N> struct box { T held[N]; using type = T; };
shapes::square g_square;
box<int, 3> g_ints;
box<shapes::square *, 2> g_squares;
int shapes::shape::*g_member = &shapes::shape::id;
decltype(nullptr) g_null;
int &g_reference = shapes::hidden;
static inline int doubled(int x) { static int last; return last = 2 * x; }
int use(box<int, 3> &b, shapes::square::kind k) { return doubled(b.held[0]) + static_cast<int>(k) + g_square.area(); }
`;

/** Thousands of types. */
const sourceLarge = `
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>
std::map<std::string, std::vector<int>> g_map;
std::unordered_map<int, std::shared_ptr<std::string>> g_shared;
std::function<int(int)> g_function;
int use(int x) { g_map["a"].push_back(x); g_shared[x] = std::make_shared<std::string>("x"); return g_function(x); }
`;

interface Recipe {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly source?: string;
}

const shared = ['-shared', '-fPIC'];

/** Containers, versions and compilers; what cannot be made on a machine is left out. */
const recipes: readonly Recipe[] = [
  { name: 'clang, DWARF 5', command: 'clang', args: [...shared, '-gdwarf-5'] },
  { name: 'clang, DWARF 4', command: 'clang', args: [...shared, '-gdwarf-4'] },
  { name: 'clang, DWARF 3', command: 'clang', args: [...shared, '-gdwarf-3'] },
  { name: 'clang, compressed', command: 'clang', args: [...shared, '-gdwarf-5', '-gz'] },
  { name: 'clang, optimised', command: 'clang', args: [...shared, '-gdwarf-5', '-O2'] },
  { name: 'clang, object', command: 'clang', args: ['-c', '-gdwarf-5'] },
  { name: 'clang, AArch64 object', command: 'clang', args: ['-c', '-gdwarf-5', '-target', 'aarch64-linux-gnu'] },
  { name: 'clang, macOS arm64', command: 'clang', args: ['-c', '-gdwarf-5', '-target', 'arm64-apple-macos11'] },
  { name: 'clang, macOS x86-64', command: 'clang', args: ['-c', '-gdwarf-4', '-target', 'x86_64-apple-macos11'] },
  { name: 'gcc, DWARF 5', command: 'gcc', args: [...shared, '-gdwarf-5'] },
  { name: 'gcc, DWARF 2', command: 'gcc', args: [...shared, '-gdwarf-2', '-gstrict-dwarf'] },
  { name: 'clang++, DWARF 5', command: 'clang++', args: [...shared, '-gdwarf-5'] },
  {
    name: 'clang++, type units in DWARF 4',
    command: 'clang++',
    args: [...shared, '-gdwarf-4', '-fdebug-types-section'],
  },
  { name: 'clang++, type units, object', command: 'clang++', args: ['-c', '-gdwarf-5', '-fdebug-types-section'] },
  { name: 'g++, type units', command: 'g++', args: [...shared, '-gdwarf-5', '-fdebug-types-section'] },
  { name: 'clang++, large', command: 'clang++', args: [...shared, '-gdwarf-5'], source: sourceLarge },
];

/** Compiles each recipe that this machine can; the folder they are made in is gone afterwards. */
export async function makeInputs({ large = true } = {}): Promise<readonly FuzzInput[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hotmod-fuzz-'));
  try {
    const wanted = recipes.filter((recipe) => large || recipe.source !== sourceLarge);
    const made = await Promise.all(wanted.map((recipe, index) => make(folder, recipe, index)));
    return made.filter((input) => input !== null);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function make(folder: string, recipe: Recipe, index: number): Promise<FuzzInput | null> {
  const isCpp = recipe.command.endsWith('++');
  const source = `source-${index}.${isCpp ? 'cpp' : 'c'}`;
  await writeFile(join(folder, source), recipe.source ?? (isCpp ? sourceCpp : sourceC));
  const args = [...recipe.args, '-w', source, '-o', `made-${index}`];
  const result = await execa(recipe.command, args, { cwd: folder, reject: false });
  if (result.failed) return null;
  const bytes = new Uint8Array(await readFile(join(folder, `made-${index}`)));
  return { name: recipe.name, bytes, targets: findTargets(bytes) };
}
