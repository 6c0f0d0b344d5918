import { describe, expect, test } from 'vitest';
import { assess } from '../../src/assess/assess.js';
import { stateRules } from '../../src/assess/state-rules.js';
import type {
  AssessedExport,
  AssessedLibrary,
  Assessment,
  AssessRequest,
  LiveFinding,
  StagedVersion,
  TypesOfBoth,
} from '../../src/assess/types.js';
import { codes } from '../../src/codes/index.js';
import type { HookName, ModuleFacts } from '../../src/host/host.js';
import type { Change } from '../../src/state/types.js';
import { validate } from '../../src/validate/validate.js';
import { resolvedModule, validateRequest } from '../helpers/elf-request.js';
import { counterC, statelessC } from '../helpers/elf-sources.js';
import { elfWorkspace } from '../helpers/elf-workspace.js';

function exported(name: string, changes: Partial<AssessedExport> = {}): AssessedExport {
  return { name, kind: 'function', weak: false, ...changes };
}

/** A module of the interface style without state. */
function library(changes: Partial<AssessedLibrary> = {}): AssessedLibrary {
  return {
    exports: [exported('get_module_interface')],
    entry: { getInterface: 'get_module_interface', saveState: null, loadState: null },
    variables: [],
    apiVersion: null,
    stateVersion: null,
    ...changes,
  };
}

function running(hooks: readonly HookName[], changes: Partial<ModuleFacts> = {}): ModuleFacts {
  return { style: 'interface', name: 'counter', version: '1.0.0', apiVersion: 1, hooks, hasView: false, ...changes };
}

const counts = [{ name: 'count' }, { name: 'total' }];

function change(changes: Partial<Change>): Change {
  const side = { type: 'int', offset: 0, place: { file: '/project/modules/counter/counter.c', line: 3 } };
  return {
    kind: 'fieldMoved',
    path: 'g.x',
    record: '',
    before: side,
    after: side,
    detail: '',
    check: null,
    ...changes,
  };
}

const somePlan = {
  bytes: new Uint8Array(),
  checks: [],
  summary: { bytes: 4, kept: 1, converted: 0, reset: 0, dropped: 0 },
  heapMayPointBack: false,
};

/** A reload of a module without state, in which nothing changed; each test changes the one thing it is about. */
function request(changes: Partial<AssessRequest> = {}): AssessRequest {
  return {
    module: 'counter',
    version: '0.0.0',
    findings: [],
    library: library(),
    previous: { version: '0.0.0', library: library(), running: running(['init', 'update']) },
    loaded: [],
    apiVersion: 1,
    root: '/project',
    types: types(),
    staged: null,
    conflicts: [],
    ...changes,
  };
}

/** Two builds in which no type differs. */
function types(changes: Partial<TypesOfBoth> = {}): TypesOfBoth {
  return {
    state: { changes: [], plan: null, saved: null, migration: null },
    signatures: [],
    changedRecords: [],
    heldRecords: [],
    ...changes,
  };
}

function staged(facts: Partial<ModuleFacts> = {}): StagedVersion {
  return { facts: running(['init', 'update'], facts), findings: [] };
}

/** Level and codes, after the checks that hold for every verdict. */
function verdict(changes: Partial<AssessRequest> = {}): readonly [string, ...string[]] {
  return summary(assess(request(changes)));
}

function summary(result: Assessment): readonly [string, ...string[]] {
  for (const reason of result.reasons) {
    expect(codes.map((entry) => entry.code)).toContain(reason.code);
    expect(reason.recommendation).not.toBe('');
  }
  expect(result.reasons.length).toBeGreaterThan(0);
  return [result.level, ...result.reasons.map((reason) => reason.code)];
}

describe('HM400', () => {
  test('a change of code alone is SAFE', () => {
    expect(verdict()).toEqual(['SAFE', 'HM400']);
  });

  test('a first load is SAFE, with state and with a stripped file', () => {
    expect(verdict({ previous: null, library: library({ variables: counts }) })).toEqual(['SAFE', 'HM400']);
    expect(verdict({ previous: null, library: library({ variables: null }) })).toEqual(['SAFE', 'HM400']);
  });

  test('does not stand beside anything worse', () => {
    expect(verdict({ findings: [{ code: 'HM307', message: 'undefined symbol x' }] })).toEqual(['BLOCKED', 'HM307']);
  });
});

describe('findings of validation', () => {
  test('block under their own code, at a first load too', () => {
    const findings = [
      { code: 'HM305', message: 'no entry', where: 'counter_update' },
      { code: 'HM306', message: 'no library' },
    ];
    const result = assess(request({ findings, library: null, previous: null }));

    expect(summary(result)).toEqual(['BLOCKED', 'HM305', 'HM306']);
    expect(result.reasons[0]).toMatchObject({ message: 'no entry', where: 'counter_update' });
    expect(result.reasons[1]?.where).toBe('');
  });

  test('cannot be absent where nothing is known of the new version', () => {
    expect(() => assess(request({ library: null }))).toThrow('nothing is known');
  });
});

describe('HM402, api_version', () => {
  test('of another number blocks', () => {
    expect(verdict({ library: library({ apiVersion: 2 }) })).toEqual(['BLOCKED', 'HM402']);
    expect(verdict({ library: library({ apiVersion: 2 }), previous: null })).toEqual(['BLOCKED', 'HM402']);
  });

  test('of the same number does not', () => {
    expect(verdict({ library: library({ apiVersion: 1 }) })).toEqual(['SAFE', 'HM400']);
  });
});

describe('HM403, an exported function', () => {
  const before = {
    version: '0.0.0',
    library: library({ exports: [exported('helper'), exported('get_module_interface')] }),
    running: running([]),
  };
  const user = { name: 'traffic', dependencies: ['counter'], ranges: {}, changed: false, imports: ['helper'] };

  test('that disappeared is a WARNING', () => {
    expect(verdict({ previous: before })).toEqual(['WARNING', 'HM403']);
  });

  test('that became a variable has disappeared as a function', () => {
    const now = library({ exports: [exported('helper', { kind: 'variable' }), exported('get_module_interface')] });

    expect(verdict({ previous: before, library: now })).toEqual(['WARNING', 'HM403']);
  });

  test('that is still there, or is new, is nothing', () => {
    const more = library({ exports: [exported('helper'), exported('get_module_interface'), exported('more')] });

    expect(verdict({ previous: before, library: more, loaded: [user] })).toEqual(['SAFE', 'HM400']);
  });

  test('that a loaded module imports is UNSAFE, and the reason names that module', () => {
    const result = assess(request({ previous: before, loaded: [user] }));

    expect(summary(result)).toEqual(['UNSAFE', 'HM403']);
    expect(result.reasons[0]).toMatchObject({ where: 'helper', message: expect.stringContaining('used by traffic') });
  });

  test('that a loaded module of unknown imports may use is UNSAFE, and of other imports a WARNING', () => {
    expect(verdict({ previous: before, loaded: [{ ...user, imports: null }] })).toEqual(['UNSAFE', 'HM403']);
    expect(verdict({ previous: before, loaded: [{ ...user, imports: ['other'] }] })).toEqual(['WARNING', 'HM403']);
    const stranger = { name: 'weather', dependencies: [], ranges: {}, changed: false, imports: null };
    expect(verdict({ previous: before, loaded: [stranger] })).toEqual(['WARNING', 'HM403']);
  });

  test('that is weak, an inline function of C++, counts only where it is imported', () => {
    const inline = library({ exports: [exported('helper', { weak: true }), exported('get_module_interface')] });
    const previous = { version: '0.0.0', library: inline, running: running([]) };

    expect(verdict({ previous })).toEqual(['SAFE', 'HM400']);
    expect(verdict({ previous, loaded: [user] })).toEqual(['UNSAFE', 'HM403']);
  });

  test('imported by the module itself is not a use by others', () => {
    const itself = { name: 'counter', dependencies: [], ranges: {}, changed: false, imports: ['helper'] };

    expect(verdict({ previous: before, loaded: [itself] })).toEqual(['WARNING', 'HM403']);
  });
});

describe('HM402, once the new version is loaded', () => {
  test('blocks an interface of another api_version, at a first load too', () => {
    expect(verdict({ staged: staged({ apiVersion: 2 }) })).toEqual(['BLOCKED', 'HM402']);
    expect(verdict({ staged: staged({ apiVersion: 0 }), previous: null })).toEqual(['BLOCKED', 'HM402']);
  });

  test('says nothing about plain functions, which have no such number', () => {
    expect(verdict({ staged: staged({ style: 'functions', apiVersion: 0 }) })).toEqual(['SAFE', 'HM400']);
  });
});

const saves: readonly HookName[] = ['save_state', 'load_state'];

describe('HM406, another version without migrate_state', () => {
  const previous = { version: '0.0.0', library: library(), running: running(saves) };

  test('is a WARNING where the state is saved and loaded', () => {
    expect(verdict({ previous, staged: staged({ version: '2.0.0', hooks: saves }) })).toEqual(['WARNING', 'HM406']);
  });

  test('is nothing with migrate_state, with migrations by version, and where variables are carried over', () => {
    const migrating = staged({ version: '2.0.0', hooks: [...saves, 'migrate_state'] });
    expect(verdict({ previous, staged: migrating })).toEqual(['SAFE', 'HM400']);
    const declared = library({ stateVersion: 2 });
    expect(verdict({ previous, library: declared, staged: staged({ version: '2.0.0', hooks: saves }) })).toEqual([
      'SAFE',
      'HM400',
    ]);
    expect(verdict({ staged: staged({ version: '2.0.0' }) })).toEqual(['SAFE', 'HM400']);
  });
});

describe('HM445, a module that saves its state by itself', () => {
  const previous = { version: '0.0.0', library: library(), running: running(saves) };
  const changed = types({ changedRecords: ['struct city'], heldRecords: ['struct city'] });

  test('is UNSAFE where a struct has another layout and the version is the same', () => {
    const result = assess(request({ previous, types: changed, staged: staged({ hooks: saves }) }));

    expect(summary(result)).toEqual(['UNSAFE', 'HM445']);
    expect(result.reasons[0]?.message).toContain('struct city');
  });

  test('is a WARNING where the struct only passes through its functions', () => {
    const passing = types({ changedRecords: ['struct city'] });

    expect(verdict({ previous, types: passing, staged: staged({ hooks: saves }) })).toEqual(['WARNING', 'HM445']);
  });

  test('is a WARNING before it is loaded, because its version is not known yet', () => {
    expect(verdict({ previous, types: changed })).toEqual(['WARNING', 'HM445']);
  });

  test('is taken at its word where it has another version, or declares another one of its state', () => {
    const newer = staged({ version: '2.0.0', hooks: [...saves, 'migrate_state'] });
    expect(verdict({ previous, types: changed, staged: newer })).toEqual(['SAFE', 'HM400']);
    const declared = library({ stateVersion: 2 });
    expect(verdict({ previous, library: declared, types: changed, staged: staged({ hooks: saves }) })).toEqual([
      'SAFE',
      'HM400',
    ]);
  });

  test('is judged by its variables where one of both hooks is missing', () => {
    const state = { changes: [change({ kind: 'unionChanged' })], plan: null, saved: null, migration: null };
    const both = types({ state });

    expect(verdict({ previous, types: both, staged: staged({ hooks: saves }) })).toEqual(['SAFE', 'HM400']);
    expect(verdict({ previous, types: both, staged: staged({ hooks: ['save_state'] }) })).toEqual(['UNSAFE', 'HM432']);
    expect(verdict({ types: both, staged: staged({ hooks: saves }) })).toEqual(['UNSAFE', 'HM432']);
  });
});

test('types that were not compared prove nothing', () => {
  expect(verdict({ types: null })).toEqual(['UNSAFE', 'HM438']);
  expect(verdict({ types: null, previous: null })).toEqual(['SAFE', 'HM400']);
});

describe('HM443, an exported function of another type', () => {
  const place = { file: '/project/modules/counter/counter.c', line: 12 };
  const both = types({ signatures: [{ name: 'add', before: 'int add(int)', after: 'int add(long)', place }] });

  test('is a WARNING with its place, and UNSAFE where a loaded module calls it', () => {
    const result = assess(request({ types: both }));
    expect(summary(result)).toEqual(['WARNING', 'HM443']);
    expect(result.reasons[0]?.where).toBe('modules/counter/counter.c:12');

    const loaded = [{ name: 'traffic', dependencies: ['counter'], ranges: {}, changed: false, imports: ['add'] }];
    expect(verdict({ types: both, loaded })).toEqual(['UNSAFE', 'HM443']);
    const itself = [{ name: 'counter', dependencies: [], ranges: {}, changed: false, imports: ['add'] }];
    expect(verdict({ types: both, loaded: itself })).toEqual(['WARNING', 'HM443']);
  });
});

describe('changes of the state', () => {
  const judged = (changes: readonly Change[], found: readonly LiveFinding[] | null = null): Assessment => {
    const state = { changes, plan: somePlan, saved: null, migration: null };
    const now = found === null ? null : { facts: running([]), findings: found };
    return assess(request({ types: types({ state }), staged: now }));
  };
  const finding = (number: number, changes: Partial<LiveFinding> = {}): LiveFinding => ({
    number,
    check: { kind: 'narrowed', decisive: true, path: 'g.x', type: 'char' },
    count: 1,
    round: 0,
    value: '300',
    isFunction: false,
    ...changes,
  });

  test('every kind has a rule whose code is explained, or is harmless', () => {
    const ruled = stateRules.flatMap((rule) => rule.kinds);

    expect(new Set(ruled).size).toBe(ruled.length);
    for (const rule of stateRules) expect(codes.map((entry) => entry.code)).toContain(rule.code);
  });

  test('to the fields of one record are one reason', () => {
    const result = judged([
      change({ kind: 'fieldAdded', record: 'struct city', path: 'city.mood' }),
      change({ kind: 'fieldMoved', record: 'struct city', path: 'city.money' }),
      change({ kind: 'fieldMoved', record: 'struct city', path: 'other.money' }),
    ]);

    expect(summary(result)).toEqual(['WARNING', 'HM421']);
    expect(result.reasons[0]?.message).toMatch(/^the layout of struct city changed: mood .* is new, money moves/);
  });

  test('that depend on live values are looked at twice', () => {
    const narrowed = change({ kind: 'narrowed', check: 3 });

    expect(summary(judged([narrowed]))).toEqual(['WARNING', 'HM424']);
    expect(summary(judged([narrowed], []))).toEqual(['WARNING', 'HM424']);
    expect(summary(judged([narrowed], [finding(2)]))).toEqual(['WARNING', 'HM424']);
    const unfit = judged([narrowed], [finding(3)]);
    expect(summary(unfit)).toEqual(['UNSAFE', 'HM424']);
    expect(unfit.reasons[0]?.message).toContain('300');
  });

  test('of an initial value are SAFE where nobody changed the variable', () => {
    const initial = change({ kind: 'initialValue', check: 0 });

    expect(summary(judged([initial]))).toEqual(['WARNING', 'HM410']);
    expect(summary(judged([initial], []))).toEqual(['SAFE', 'HM400', 'HM410']);
    expect(summary(judged([initial], [finding(0)]))).toEqual(['WARNING', 'HM410']);
  });

  test('that no look at the values could excuse are UNSAFE without a check', () => {
    expect(summary(judged([change({ kind: 'behindPointer' })], []))).toEqual(['UNSAFE', 'HM431']);
  });

  test('are not needed to find a pointer that leads nowhere', () => {
    const check = { kind: 'pointer', decisive: true, path: 'table[].run', type: 'void (*)(void)' } as const;

    expect(summary(judged([], [finding(1, { check, isFunction: true, value: 'tick' })]))).toEqual(['UNSAFE', 'HM436']);
    expect(summary(judged([], [finding(1, { check, value: 'city+4' })]))).toEqual(['UNSAFE', 'HM437']);
  });

  test('to code alone are UNSAFE where an object on the heap may lead back, and name the pointer to it', () => {
    const back = change({ kind: 'pointerIntoImage', check: 0, path: 'city.first->owner' });
    const check = { kind: 'outside', decisive: true, path: 'city.first', type: 'struct house *' } as const;

    expect(summary(judged([back], []))).toEqual(['SAFE', 'HM400']);
    const refused = judged([back], [finding(0, { check, value: '139662135987320' })]);
    expect(summary(refused)).toEqual(['UNSAFE', 'HM437']);
    expect(refused.reasons[0]?.message).toContain('city.first leads to an object that is no variable');
    expect(refused.reasons[0]?.message).not.toContain('139662135987320');
  });

  test('that are UNSAFE bring a migration to paste', () => {
    const state = {
      changes: [change({ kind: 'unionChanged' })],
      plan: null,
      saved: null,
      migration: 'int migrate(void);',
    };

    expect(assess(request({ types: types({ state }) })).reasons[0]?.recommendation).toContain('int migrate(void);');
  });
});

describe('HM408, an exported variable', () => {
  const limit = exported('limit', { kind: 'variable' });
  const before = {
    version: '0.0.0',
    library: library({ exports: [...library().exports, limit] }),
    running: running([]),
  };
  const user = { name: 'traffic', dependencies: ['counter'], ranges: {}, changed: false, imports: ['limit'] };

  test('that disappeared is a WARNING, and UNSAFE where a loaded module imports it', () => {
    expect(verdict({ previous: before })).toEqual(['WARNING', 'HM408']);
    expect(verdict({ previous: before, loaded: [user] })).toEqual(['UNSAFE', 'HM408']);
  });

  test('that is still there is nothing', () => {
    expect(verdict({ previous: before, library: before.library, loaded: [user] })).toEqual(['SAFE', 'HM400']);
  });
});

test('the worst reason decides and comes first', () => {
  const old = library({ exports: [exported('helper'), exported('get_module_interface')] });
  const loaded = [{ name: 'traffic', dependencies: ['counter'], ranges: {}, changed: false, imports: ['helper'] }];
  const previous = { version: '0.0.0', library: old, running: running([]) };

  const state = { changes: [change({ kind: 'fieldRemoved' })], plan: null, saved: null, migration: null };
  const both = types({ state });

  expect(verdict({ previous, loaded, types: both })).toEqual(['UNSAFE', 'HM403', 'HM420']);
  expect(verdict({ previous, loaded, types: both, library: library({ apiVersion: 9 }) })).toEqual([
    'BLOCKED',
    'HM402',
    'HM403',
    'HM420',
  ]);
});

test('affected are the loaded modules that declare the dependency', () => {
  const loaded = [
    { name: 'counter', dependencies: ['counter'], ranges: {}, changed: false, imports: [] },
    { name: 'traffic', dependencies: ['weather', 'counter'], ranges: {}, changed: false, imports: [] },
    { name: 'weather', dependencies: [], ranges: {}, changed: false, imports: [] },
  ];

  expect(assess(request({ loaded })).affected).toEqual(['traffic']);
});

test('takes the facts of real libraries as validation gives them', async () => {
  await using work = await elfWorkspace();
  const module = resolvedModule('counter');
  const v1 = await validate(validateRequest(await work.build('v1.so', counterC), { module }));
  const v2 = await validate(validateRequest(await work.build('v2.so', statelessC), { module }));
  const v3 = await validate(
    validateRequest(await work.build('v3.so', `${statelessC}\nint more(void) { return 1; }`), { module }),
  );
  if (v1.facts === null || v2.facts === null) throw new Error('the libraries should be readable');
  const hooks = running(['init', 'update'], { style: 'functions' });

  const lost = assess(
    request({ ...v2, library: v2.facts, previous: { version: '0.0.0', library: v1.facts, running: hooks } }),
  );
  const safe = assess(
    request({ ...v3, library: v3.facts, previous: { version: '0.0.0', library: v2.facts, running: hooks } }),
  );

  expect(summary(lost)).toEqual(['WARNING', 'HM403', 'HM408', 'HM408']);
  expect(summary(safe)).toEqual(['SAFE', 'HM400']);
});
