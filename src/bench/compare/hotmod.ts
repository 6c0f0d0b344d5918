import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WarmTools } from '../../build/warm/tools.js';
import { cacheDir } from '../../config/cache-dir.js';
import type { EventOf } from '../../events/events.js';
import { openWarmTools } from '../../session/warm-tools.js';
import { type BenchProject, openProject } from '../project.js';
import { between, type Mark } from './marks.js';
import { noteCalls } from './note-calls.js';
import type { Contestant, Sample } from './rivals.js';
import type { BuildVariant, Work } from './work.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** A session on the work's files that is saved into. */
export interface HotmodContestant extends Contestant, AsyncDisposable {
  /** What happened during the newest save. */
  readonly marks: () => readonly Mark[];
}

/**
 * A session of hotmod on the work's files in one module. `run` is timed from before the text is written until
 * `reload:done`, the watching therefore included, and waits for the rest of the session's work afterwards.
 */
export async function openHotmod(
  work: Work,
  first: number,
  env: Environment,
  { build = {}, inside = false }: { readonly build?: Partial<BuildVariant>; readonly inside?: boolean },
): Promise<HotmodContestant> {
  const stack = new AsyncDisposableStack();
  let marks: Mark[] = [];
  const mark = (name: string): void => void marks.push({ name, at: performance.now() });
  const tools = stack.use(openWarmTools({ env, cacheDir: cacheDir(env), say: () => undefined }));
  const files = {
    ...Object.fromEntries(Object.entries(await work.files()).map(([name, text]) => [`modules/work/${name}`, text])),
    [`modules/work/${work.edited}`]: await work.source(first),
    'hotmod.config.json': JSON.stringify({ build }),
  };
  const project = stack.use(await openProject(files, env, { watch: true, warm: noting(tools, mark) }));
  const { bus, host, history } = project.session.context;
  stack.defer(bus.on(({ type }) => mark(type)));
  if (inside) {
    noteCalls('host', host, ['stats', 'stage', 'probe', 'commit'], mark);
    noteCalls('journal', history, ['begin', 'decided', 'outcome'], mark);
  }
  return {
    name: ['hotmod', ...Object.entries(build).map(([setting, value]) => `build.${setting} ${value}`)].join(', '),
    marks: () => marks,
    async run(text) {
      marks = [];
      return save(project, work, text, { build, mark, marks: () => marks });
    },
    rest: () => project.session.settle(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function save(
  { session, root }: BenchProject,
  work: Work,
  text: string,
  saving: {
    readonly build: Partial<BuildVariant>;
    readonly mark: (name: string) => void;
    readonly marks: () => readonly Mark[];
  },
): Promise<Sample> {
  const { build, mark, marks } = saving;
  const { bus } = session.context;
  const [builtEvent, done] = [bus.next('build:done'), bus.next('reload:done')];
  mark('save');
  // At once, as an editor in its own process does it, and not in turns with the session that shares this process.
  writeFileSync(join(root, 'modules/work', work.edited), text);
  mark('written');
  const event = await done;
  const ms = (marks().find(({ name }) => name === 'reload:done')?.at ?? Number.NaN) - (marks()[0]?.at ?? Number.NaN);
  const seen = [...marks()];
  if (event.outcome !== 'reloaded') throw new Error(`${work.title}: an edit ended as ${event.outcome}`);
  const built = await builtEvent;
  const cold = !('warm' in build) && built.warm !== true;
  await session.idle();
  const usual = Object.keys(build).length === 0;
  return {
    ms,
    ...(usual ? { phases: phasesOf(ms, seen, event), precompiled: (built.precompiled ?? 0) > 0 } : {}),
    ...(cold ? { doubt: 'a build was not done by loaded tools' } : {}),
  };
}

/** The whole, divided; what is in no phase is the journal, the waits and the messages between the processes. */
function phasesOf(
  ms: number,
  marks: readonly Mark[],
  { timings }: EventOf<'reload:done'>,
): Readonly<Record<string, number>> {
  const detect = between(marks, 'save', 'build:start');
  const compiler = between(marks, 'compiler asked', 'compiler done');
  const linker = between(marks, 'linker asked', 'linker done');
  const tools = compiler + linker;
  const { build = 0, validate = 0, assess = 0, load = 0, pause = 0 } = timings;
  const own = build - tools;
  const named = { detect, compiler, linker, 'build, its own': own, validate, 'types, assess': assess, load, pause };
  const rest = ms - Object.values(named).reduce((sum, one) => sum + one, 0);
  return {
    ...named,
    'journal, messages, waits': rest,
    'first event to compiler': between(marks, 'watch:change', 'compiler asked'),
    'all but the tools': ms - tools,
  };
}

function noting(tools: WarmTools, mark: (name: string) => void): WarmTools {
  return {
    ...tools,
    runWith: (compiler) => {
      const run = tools.runWith(compiler);
      return async (request) => {
        // The question to the driver about the linker's arguments is part of the first build alone.
        if (request.args.includes('-###')) return run(request);
        const tool = request.args.includes('-c') ? 'compiler' : 'linker';
        mark(`${tool} asked`);
        const result = await run(request);
        mark(`${tool} done`);
        return result;
      };
    },
  };
}
