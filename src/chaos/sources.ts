import { type Hook, isOldHook, type Schedule, type Way } from './schedule.js';

/** Versions that a module is built as: before, the disturbed save, a second one, and the good one at the end. */
export const epochs = { before: 1, changed: 2, second: 3, last: 9 } as const;

/** The modules that a board can watch. */
export const mostModules = 5;

/**
 * The files of a schedule's project. The text of the modules never changes: what is saved is a header with the number of
 * the version, one for all modules of the transaction or one in the folder of each.
 */
export function filesOf(
  schedule: Schedule,
  allowed: readonly (readonly number[])[] = allowedRows(schedule),
): Readonly<Record<string, string>> {
  const files: Record<string, string> = {
    'hotmod.config.json': JSON.stringify({ host: { rate: 250, hangTimeoutMs: 10_000 }, build: { jobs: 2 } }),
    'modules/board/board.c': boardSource(allowed),
  };
  for (const [number, module] of schedule.modules.entries()) {
    const dependencies = ['board', ...module.uses.map((one) => `m${one}`)].map((name) => ({ name }));
    files[`modules/${module.name}/module.json`] = JSON.stringify({ dependencies });
    files[`modules/${module.name}/${module.name}.c`] = moduleSource(schedule, number);
  }
  const fixed = schedule.modules.filter((_, number) => !schedule.together.includes(number));
  for (const { name } of fixed) files[`modules/${name}/epoch.h`] = epochHeader(epochs.before);
  return { ...files, ...saveOf(schedule, epochs.before) };
}

/** What has to be written to save the modules of the transaction as this version. */
export function saveOf({ modules, together, save }: Schedule, epoch: number): Readonly<Record<string, string>> {
  if (save === 'header') return { 'modules/shared/epoch.h': epochHeader(epoch) };
  const names = together.map((number) => modules[number]?.name);
  return Object.fromEntries(names.map((name) => [`modules/${name}/epoch.h`, epochHeader(epoch)]));
}

export function epochHeader(epoch: number): string {
  return `#define EPOCH ${epoch}\n`;
}

/** The versions of all modules that may stand beside each other in a frame; 0 stands for any. */
function allowedRows({ modules, together }: Schedule): readonly (readonly number[])[] {
  return Object.values(epochs).map((epoch) =>
    Array.from({ length: mostModules }, (_, number) => {
      if (number >= modules.length) return 0;
      return together.includes(number) ? epoch : epochs.before;
    }),
  );
}

/**
 * The module that watches the others. Each tells it in every frame which version it is, what its calls of the others
 * answered, and how often it was updated; whatever does not fit is counted and written out.
 */
function boardSource(allowed: readonly (readonly number[])[]): string {
  const rows = allowed.map((row) => `{${row.join(', ')}}`).join(', ');
  return `#include "module_interface.h"
#include <stdio.h>
#define MODULES ${mostModules}
static const int allowed[][MODULES] = {${rows}};
static struct {
  long frames, mixes, broken;
  unsigned long long now;
  int row[MODULES], last[MODULES], version[MODULES], strikes[MODULES];
  long origin[MODULES], age[MODULES], sum[MODULES][MODULES];
} board;

static int fits(const int *row) {
  for (unsigned n = 0; n < sizeof allowed / sizeof allowed[0]; n++) {
    int same = 1;
    for (int m = 0; m < MODULES; m++) same = same && (row[m] == 0 || allowed[n][m] == 0 || row[m] == allowed[n][m]);
    if (same) return 1;
  }
  return 0;
}

static void say_row(const char *what, const int *row) {
  printf("CHAOS %s %llu: %d %d %d %d %d\\n", what, board.now, row[0], row[1], row[2], row[3], row[4]);
  fflush(stdout);
}

static void end_frame(void) {
  int same = 1;
  for (int m = 0; m < MODULES; m++) same = same && board.row[m] == board.last[m];
  if (!same) say_row("ROW", board.row);
  for (int m = 0; m < MODULES; m++) {
    board.last[m] = board.row[m];
    board.row[m] = 0;
  }
  board.frames++;
}

static void begin_frame(void) {
  unsigned long long number = module_frame_number();
  if (number == board.now) return;
  if (board.now != 0) end_frame();
  board.now = number;
}

static void put(int who, int version) {
  begin_frame();
  int row[MODULES];
  for (int m = 0; m < MODULES; m++) row[m] = board.row[m];
  row[who] = version;
  if ((board.row[who] == 0 || board.row[who] == version) && fits(row)) {
    board.row[who] = version;
    return;
  }
  if (board.row[who] != 0 && board.row[who] != version) printf("CHAOS NOTE m%d is seen as %d too\\n", who, version);
  if (board.mixes++ < 10) say_row("MIX", row);
}

void board_update(double dt) { (void)dt; begin_frame(); }
void board_calls(int who, int version) { put(who, version); }

void board_stamp(int who, int version, long ticks) {
  put(who, version);
  if (board.version[who] != version) board.age[who] = 0;
  board.version[who] = version;
  board.age[who]++;
  /* The frame in which its state began; it moves where frames are missing from its state. */
  long origin = (long)board.now - ticks;
  if (ticks > 1 && board.origin[who] != 0 && origin != board.origin[who]) {
    printf("CHAOS LOST m%d %ld\\n", who, origin - board.origin[who]);
    fflush(stdout);
  }
  board.origin[who] = origin;
}

long board_age(int who, int version) { return board.version[who] == version ? board.age[who] : 0; }
int board_strike(int who) { return board.strikes[who]++; }

void board_pair(int who, int version, int other, int other_version) {
  int row[MODULES] = {0};
  row[who] = version;
  row[other] = other_version;
  if (!fits(row) && board.mixes++ < 10) say_row("MIX", row);
}

void board_sum(int who, int other, long given, long received) {
  if (board.sum[who][other] == given - received) return;
  board.sum[who][other] = given - received;
  printf("CHAOS SUM m%d m%d %ld %ld\\n", who, other, given, received);
  fflush(stdout);
}

void board_broken(int who, const char *what) {
  if (board.broken++ >= 10) return;
  printf("CHAOS BROKEN m%d %s\\n", who, what);
  fflush(stdout);
}
`;
}

const hookNames: readonly (Hook | 'update')[] = [
  'prepare_reload',
  'save_state',
  'migrate_state',
  'init',
  'load_state',
  'complete_reload',
  'shutdown',
  'update',
];

/** How each way of misbehaving is written; ARM has no trap for a division by zero. */
const wayTexts: Readonly<Record<Way, string>> = {
  error: 'return 1;',
  SIGSEGV: '{ int *volatile nowhere = 0; *nowhere = 1; }',
  SIGBUS: 'raise(SIGBUS);',
  SIGILL: 'raise(SIGILL);',
  SIGFPE: 'raise(SIGFPE);',
  SIGABRT: 'abort();',
  overflow: 'return deeper(1);',
};

/** A module whose variables mirror each other, and who exchanges counted calls with those that it uses. */
function moduleSource({ modules, together, save, disturbance }: Schedule, number: number): string {
  const module = modules[number];
  if (module === undefined) throw new Error(`no module ${number}`);
  const { name, uses, state, rests, migrates, grows } = module;
  const bad = misbehaviourOf(disturbance, number);
  const header = save === 'header' && together.includes(number) ? '../shared/epoch.h' : 'epoch.h';
  const hooks = state === 'hooks';
  const entries = [
    '.update = update,',
    '.init = init, .shutdown = shut_down,',
    hooks ? '.save_state = save_state, .load_state = load_state,' : '',
    migrates ? '.migrate_state = migrate_state,' : '',
    rests ? '.prepare_reload = prepare, .complete_reload = complete, .rollback_reload = roll_back,' : '',
  ];
  return `#include "module_interface.h"
#include "hotmod_state.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "${header}"
#define ME ${number}
#define TEXT_(of) #of
#define TEXT(of) TEXT_(of)
enum hook { ${hookNames.map((one) => `IN_${one}`).join(', ')} };
void board_stamp(int who, int version, long ticks);
void board_calls(int who, int version);
void board_pair(int who, int version, int other, int other_version);
void board_sum(int who, int other, long given, long received);
void board_broken(int who, const char *what);
long board_age(int who, int version);
int board_strike(int who);
${uses.map((one) => `int m${one}_version(void);\nvoid m${one}_receive(int from);\nlong m${one}_received(int from);`).join('\n')}

struct state {
  long ticks;
${grows ? '#if EPOCH > 1\n  int inserted[3];\n#endif' : ''}
  long mirror, negative, given[${mostModules}], received[${mostModules}];
  int epoch;
};
static struct state state;
static long apart;
static int resting;
int ${name}_version(void) { return EPOCH; }
static int (*version_kept)(void) = ${name}_version;
void ${name}_receive(int from) { state.received[from]++; }
long ${name}_received(int from) { return state.received[from]; }

static int deeper(int depth) {
  volatile char room[4096];
  room[depth % 4096] = (char)depth;
  return depth < 0 ? 0 : deeper(depth + 1) + room[depth % 4096];
}
/* Where this version misbehaves; the version that leaves does so once. */
static int trouble(enum hook hook) {
  (void)hook;
  (void)deeper;
${bad === null ? '' : `  if (EPOCH == ${bad.epoch} && hook == IN_${bad.hook}${bad.once ? ' && board_strike(ME) == 0' : ''}) { ${wayTexts[bad.way]} }`}
  return 0;
}
/* What a call of another module answers must fit to what this one is, in whatever hook it is made. */
static void look_around(void) {
${uses.map((one) => `  board_pair(ME, EPOCH, ${one}, m${one}_version());`).join('\n')}
}

static void update(double dt) {
  (void)dt;
  if (resting) board_broken(ME, "is updated while it rests");
  if (state.mirror != state.ticks || state.negative != -state.ticks) board_broken(ME, "goes on with half of a frame");
  ${hooks ? '' : 'if (apart != state.ticks) board_broken(ME, "has variables of two frames");'}
  if (version_kept() != EPOCH) board_broken(ME, "calls another version of itself");
  state.ticks++;
  ${bad?.hook === 'update' ? `if (board_age(ME, EPOCH) == ${bad.frames}) trouble(IN_update);` : ''}
  state.mirror++;
  state.negative--;
  apart = state.ticks;
${uses
  .map(
    (one) => `  board_calls(${one}, m${one}_version());
  board_sum(ME, ${one}, state.given[${one}], m${one}_received(ME));
  m${one}_receive(ME);
  state.given[${one}]++;`,
  )
  .join('\n')}
  board_stamp(ME, EPOCH, state.ticks);
}

static int init(const module_config_t *config) { (void)config; return trouble(IN_init); }
static void shut_down(void) { trouble(IN_shutdown); }
${
  hooks
    ? `${grows ? 'HOTMOD_STATE_TYPE(struct state);' : ''}
static int save_state(void **data, size_t *size) {
  look_around();
  int result = trouble(IN_save_state);
  if (result != 0) return result;
  *data = malloc(sizeof state);
  *size = sizeof state;
  if (*data == NULL) return 1;
  state.epoch = EPOCH;
  memcpy(*data, &state, sizeof state);
  return 0;
}
static int load_state(const void *data, size_t size) {
  int result = trouble(IN_load_state);
  if (result != 0) return result;
  if (size != sizeof state) return 1;
  memcpy(&state, data, size);
  apart = state.ticks;
  ${migrates ? 'if (state.epoch != EPOCH) board_broken(ME, "is given bytes that were not migrated");' : ''}
  return 0;
}`
    : ''
}
${
  migrates
    ? `static int migrate_state(const char *from, const char *to, void **data, size_t *size) {
  (void)from; (void)to;
  int result = trouble(IN_migrate_state);
  if (result != 0 || *size != sizeof state) return 1;
  ((struct state *)*data)->epoch = EPOCH;
  return 0;
}`
    : ''
}
${
  rests
    ? `static int prepare(void) {
  look_around();
  int result = trouble(IN_prepare_reload);
  if (result == 0) resting = 1;
  return result;
}
static int complete(void) {
  look_around();
  resting = 0;
  return trouble(IN_complete_reload);
}
static void roll_back(void) { resting = 0; }`
    : ''
}
static module_interface_t self = {
  .info = {.name = "${name}", .version = ${migrates ? '"1." TEXT(EPOCH) ".0"' : '"1.0.0"'}, .api_version = MODULE_API_VERSION},
  .vtable = {${entries.filter((one) => one !== '').join(' ')}},
};
MODULE_EXPORT module_interface_t *get_module_interface(void) { (void)look_around; return &self; }
`;
}

interface Misbehaviour {
  readonly hook: Hook | 'update';
  readonly way: Way;
  readonly epoch: number;
  readonly once: boolean;
  readonly frames: number;
}

function misbehaviourOf(disturbance: Schedule['disturbance'], number: number): Misbehaviour | null {
  if (!('victim' in disturbance) || disturbance.victim !== number) return null;
  const { way } = disturbance;
  if (disturbance.kind === 'update') {
    return { hook: 'update', way, epoch: epochs.changed, once: false, frames: disturbance.frames };
  }
  const { hook } = disturbance;
  const old = isOldHook(hook);
  return { hook, way, epoch: old ? epochs.before : epochs.changed, once: old, frames: 0 };
}
