import { describe, expect, test } from 'vitest';
import { assess } from '../../src/assess/assess.js';
import type { AssessedExport, AssessedLibrary, Assessment, AssessRequest } from '../../src/assess/types.js';
import { codes } from '../../src/codes/index.js';
import type { HookName, ModuleFacts } from '../../src/host/host.js';
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
    ...changes,
  };
}

/** A module of plain functions; the hooks it has show in the file. */
function functions(hooks: Partial<AssessedLibrary['entry']>, changes: Partial<AssessedLibrary> = {}): AssessedLibrary {
  return library({
    exports: [exported('counter_update')],
    entry: { getInterface: null, saveState: null, loadState: null, ...hooks },
    ...changes,
  });
}

function running(hooks: readonly HookName[], changes: Partial<ModuleFacts> = {}): ModuleFacts {
  return { style: 'interface', name: 'counter', version: '1.0.0', apiVersion: 1, hooks, hasView: false, ...changes };
}

const counts = [{ name: 'count' }, { name: 'total' }];

/** A reload of a module without state, in which nothing changed; each test changes the one thing it is about. */
function request(changes: Partial<AssessRequest> = {}): AssessRequest {
  return {
    module: 'counter',
    findings: [],
    library: library(),
    previous: { library: library(), running: running(['init', 'update']) },
    loaded: [],
    apiVersion: 1,
    ...changes,
  };
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
    library: library({ exports: [exported('helper'), exported('get_module_interface')] }),
    running: running([]),
  };
  const user = { name: 'traffic', dependencies: ['counter'], imports: ['helper'] };

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
    const stranger = { name: 'weather', dependencies: [], imports: null };
    expect(verdict({ previous: before, loaded: [stranger] })).toEqual(['WARNING', 'HM403']);
  });

  test('that is weak, an inline function of C++, counts only where it is imported', () => {
    const inline = library({ exports: [exported('helper', { weak: true }), exported('get_module_interface')] });
    const previous = { library: inline, running: running([]) };

    expect(verdict({ previous })).toEqual(['SAFE', 'HM400']);
    expect(verdict({ previous, loaded: [user] })).toEqual(['UNSAFE', 'HM403']);
  });

  test('imported by the module itself is not a use by others', () => {
    const itself = { name: 'counter', dependencies: [], imports: ['helper'] };

    expect(verdict({ previous: before, loaded: [itself] })).toEqual(['WARNING', 'HM403']);
  });
});

describe('HM404, variables without save_state', () => {
  const stateful = library({ variables: counts });

  test('are a WARNING that names them', () => {
    const result = assess(request({ previous: { library: stateful, running: running(['init']) }, library: stateful }));

    expect(summary(result)).toEqual(['WARNING', 'HM404']);
    expect(result.reasons[0]?.message).toContain('count, total');
  });

  test('are nothing where the running version saves its state', () => {
    const previous = { library: stateful, running: running(['save_state', 'load_state']) };

    expect(verdict({ previous, library: stateful })).toEqual(['SAFE', 'HM400']);
  });

  test('are nothing where only the new version has them: there is nothing to lose yet', () => {
    expect(verdict({ library: stateful })).toEqual(['SAFE', 'HM400']);
  });

  test('are lost where the new version no longer has them', () => {
    expect(verdict({ previous: { library: stateful, running: running([]) } })).toEqual(['WARNING', 'HM404']);
  });

  test('count without a session too, where the hooks are unknown, and not where exports show them', () => {
    expect(verdict({ previous: { library: stateful, running: null }, library: stateful })).toEqual([
      'WARNING',
      'HM404',
    ]);
    const both = functions({ saveState: 'counter_save_state', loadState: 'counter_load_state' }, { variables: counts });
    expect(verdict({ previous: { library: both, running: null }, library: both })).toEqual(['SAFE', 'HM400']);
  });
});

describe('HM405, saved state that nothing takes', () => {
  const saving = functions({ saveState: 'counter_save_state', loadState: 'counter_load_state' });
  const style = 'functions' as const;

  test('is UNSAFE where the new exports have no load_state', () => {
    const previous = { library: saving, running: running(['save_state', 'load_state'], { style }) };

    expect(verdict({ previous, library: functions({}) })).toEqual(['UNSAFE', 'HM405']);
    expect(verdict({ previous: { library: saving, running: null }, library: functions({}) })).toEqual([
      'UNSAFE',
      'HM405',
    ]);
  });

  test('is UNSAFE where a module with an interface becomes one of plain functions without it', () => {
    const previous = { library: library(), running: running(['save_state', 'load_state']) };

    expect(verdict({ previous, library: functions({}, { exports: library().exports }) })).toEqual(['UNSAFE', 'HM405']);
  });

  test('is nothing where the new version has load_state', () => {
    const previous = { library: saving, running: running(['save_state', 'load_state'], { style }) };

    expect(verdict({ previous, library: saving })).toEqual(['SAFE', 'HM400']);
  });

  test('is nothing where the running version saves nothing', () => {
    const previous = { library: functions({}), running: running(['update'], { style }) };

    expect(verdict({ previous, library: functions({}) })).toEqual(['SAFE', 'HM400']);
  });

  test('takes an interface to have at least the hooks of the one that runs', () => {
    const both = { library: library(), running: running(['save_state', 'load_state']) };
    const half = { library: library(), running: running(['save_state']) };

    expect(verdict({ previous: both })).toEqual(['SAFE', 'HM400']);
    expect(verdict({ previous: half })).toEqual(['WARNING', 'HM405']);
  });

  test('is not SAFE where the new style hides whether there is a load_state', () => {
    const previous = { library: saving, running: running(['save_state', 'load_state'], { style }) };

    expect(verdict({ previous, library: library({ exports: saving.exports }) })).toEqual(['WARNING', 'HM405']);
  });

  test('is not excluded without a session where the old interface may save', () => {
    const previous = { library: library({ variables: counts }), running: null };
    const now = functions({}, { exports: library().exports });

    expect(verdict({ previous, library: now })).toEqual(['UNSAFE', 'HM405', 'HM404']);
  });
});

describe('HM407, no symbol table', () => {
  const stripped = library({ variables: null });

  test('of the running version is never SAFE', () => {
    expect(verdict({ previous: { library: stripped, running: running([]) } })).toEqual(['WARNING', 'HM407']);
    expect(verdict({ previous: { library: stripped, running: null } })).toEqual(['WARNING', 'HM407']);
  });

  test('matters not where the running version saves its state, nor in the new version alone', () => {
    const saving = { library: stripped, running: running(['save_state', 'load_state']) };

    expect(verdict({ previous: saving })).toEqual(['SAFE', 'HM400']);
    expect(verdict({ library: stripped })).toEqual(['SAFE', 'HM400']);
  });
});

describe('HM408, an exported variable', () => {
  const limit = exported('limit', { kind: 'variable' });
  const before = { library: library({ exports: [...library().exports, limit] }), running: running([]) };
  const user = { name: 'traffic', dependencies: ['counter'], imports: ['limit'] };

  test('that disappeared is a WARNING, and UNSAFE where a loaded module imports it', () => {
    expect(verdict({ previous: before })).toEqual(['WARNING', 'HM408']);
    expect(verdict({ previous: before, loaded: [user] })).toEqual(['UNSAFE', 'HM408']);
  });

  test('that is still there is nothing', () => {
    expect(verdict({ previous: before, library: before.library, loaded: [user] })).toEqual(['SAFE', 'HM400']);
  });
});

test('the worst reason decides and comes first', () => {
  const old = library({ exports: [exported('helper'), exported('get_module_interface')], variables: counts });
  const loaded = [{ name: 'traffic', dependencies: ['counter'], imports: ['helper'] }];
  const previous = { library: old, running: running([]) };

  expect(verdict({ previous, loaded })).toEqual(['UNSAFE', 'HM403', 'HM404']);
  expect(verdict({ previous, loaded, library: library({ apiVersion: 9 }) })).toEqual([
    'BLOCKED',
    'HM402',
    'HM403',
    'HM404',
  ]);
});

test('affected are the loaded modules that declare the dependency', () => {
  const loaded = [
    { name: 'counter', dependencies: ['counter'], imports: [] },
    { name: 'traffic', dependencies: ['weather', 'counter'], imports: [] },
    { name: 'weather', dependencies: [], imports: [] },
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

  const lost = assess(request({ ...v2, library: v2.facts, previous: { library: v1.facts, running: hooks } }));
  const safe = assess(request({ ...v3, library: v3.facts, previous: { library: v2.facts, running: hooks } }));

  expect(summary(lost)).toEqual(['WARNING', 'HM403', 'HM404', 'HM408', 'HM408']);
  expect(summary(safe)).toEqual(['SAFE', 'HM400']);
});
