import { join } from 'node:path';
import type { ResolvedModule } from '../config/resolved.js';
import type { Diagnostic } from '../events/events.js';
import { contentHash } from '../files/hash.js';
import { type LastBuild, wantedHeaders } from './affected.js';
import { compileUnit, type UnitResult } from './compile.js';
import { problem } from './diagnostics.js';
import { type LinkResult, linkModule } from './link.js';
import { askLinkTemplate, type LinkTemplate } from './link-template.js';
import type { BuildPlan } from './plan.js';
import type { RawBuild, Shared } from './shared.js';
import { systemProblems } from './system-problems.js';
import { ownTempDir } from './temp-dir.js';
import type { BuildRequest } from './types.js';

/** Builds a module from its sources as planned: compiles every unit at once, links what came of it. */
export async function buildFromSources(
  plan: BuildPlan,
  request: BuildRequest,
  tempDir: string,
  last: LastBuild | undefined,
  shared: Shared,
): Promise<RawBuild> {
  const { config } = shared.options;
  const { module } = plan;
  const unplanned = planProblem(plan);
  if (unplanned !== undefined) return assemble(module, [], undefined, [unplanned], last, shared);

  const context = {
    ...shared,
    ...surroundings(tempDir, shared),
    shared: shared.options.cache,
    signal: request.signal,
    rebuild: request.rebuild,
  };
  const total = plan.units.length + 1;
  let done = 0;
  const units = await Promise.all(
    plan.units.map(async (unit, index) => {
      const result = await compileUnit(unit, index, {
        ...context,
        inputsBefore: (source) => last?.bySource.get(source) ?? [],
        run: (compile) => {
          // By the time the objects are there, the linker's command line is too.
          void linkTemplate(plan, shared);
          return shared.run(compile);
        },
      });
      if (!result.superseded) request.onProgress(++done, total);
      return result;
    }),
  );
  if (units.some((unit) => !unit.ok)) {
    // The question about the linker may still be open; nothing of a build runs on after its result.
    await shared.templates.get(templateKey(plan));
    return assemble(module, units, undefined, [], last, shared);
  }

  const objects = units.flatMap(({ object, source }) => (object === null ? [] : [{ ...object, source }]));
  const link = await linkModule(module.name, plan.link, objects, {
    ...context,
    root: config.root,
    isFirst: last === undefined,
    template: () => linkTemplate(plan, shared),
  });
  if (!link.superseded) request.onProgress(total, total);
  return assemble(module, units, link, [], last, shared);
}

function surroundings(tempDir: string, { options }: Shared) {
  const { config } = options;
  return {
    cwd: config.root,
    root: config.root,
    outDir: config.outDir,
    tempDir,
    // Messages in the C locale can be read by a program; temporary files of the compiler go where ours go.
    env: { LC_ALL: 'C', TMPDIR: tempDir },
    baseEnv: options.env,
  };
}

function planProblem(plan: BuildPlan): Diagnostic | undefined {
  const { module, units, missing } = plan;
  if (missing.length > 0) {
    const message = `module ${module.name} lists sources that do not exist: ${missing.join(', ')}; correct build.sources`;
    return problem('HM209', message);
  }
  if (units.length > 0) return undefined;
  const message = `module ${module.name} has no sources in ${module.dir}; add a .c, .cc, .cpp, .cxx, .m, .s or .S file`;
  return problem('HM209', message);
}

/** Gcc's driver starts its linker through a helper with an environment of its own, so there the driver does it. */
function linkTemplate(plan: BuildPlan, shared: Shared): Promise<LinkTemplate | undefined> {
  if (shared.options.toolchain.compiler.kind === 'gcc') return Promise.resolve(undefined);
  const key = templateKey(plan);
  const known = shared.templates.get(key);
  if (known !== undefined) return known;
  const { run } = shared;
  const askDir = ownTempDir(shared.options.config.outDir, `ask-${key}`);
  // A failure to find out is no failure of the build: the driver links then.
  const asked = askLinkTemplate(plan.link, { ...surroundings(askDir, shared), run }).catch(() => undefined);
  shared.templates.set(key, asked);
  return asked;
}

function templateKey({ link }: BuildPlan): string {
  return contentHash(JSON.stringify([link.command, link.head, link.tail]));
}

function assemble(
  module: ResolvedModule,
  units: readonly UnitResult[],
  link: LinkResult | undefined,
  problems: readonly Diagnostic[],
  last: LastBuild | undefined,
  shared: Shared,
): RawBuild {
  const inputs = new Map([...units.flatMap((unit) => [...unit.inputs]), ...(link?.inputs ?? [])]);
  const manifest = shared.hashes.of(join(module.dir, 'module.json'));
  if (manifest !== undefined) inputs.set(join(module.dir, 'module.json'), manifest.hash);
  const ok = link?.ok ?? false;
  const said = [...problems, ...units.flatMap((unit) => unit.diagnostics), ...(link?.diagnostics ?? [])];
  const diagnostics = [...said, ...systemProblems(said, shared.options)];
  const superseded = units.some((unit) => unit.superseded) || (link?.superseded ?? false);
  return {
    ok,
    cached: units.length > 0 && units.every((unit) => unit.cached) && (link?.cached ?? false),
    superseded,
    library: link?.library ?? '',
    hash: ok ? (link?.hash ?? '') : '',
    diagnostics: superseded ? [] : diagnostics,
    inputs,
    settled: !superseded && units.every((unit) => unit.settled),
    steps: [
      ...units.map(
        ({ source, cached, tool, durationMs }) =>
          ({ kind: 'compile', file: source, cached, ...tool, durationMs }) as const,
      ),
      ...(link === undefined
        ? []
        : [
            {
              kind: 'link',
              file: link.library,
              cached: link.cached,
              ...link.tool,
              durationMs: link.durationMs,
            } as const,
          ]),
    ],
    memory: {
      ok,
      inputs,
      bySource: new Map(units.map((unit) => [unit.source, [...unit.inputs.keys()]])),
      absent: new Set(units.flatMap((unit) => unit.absent)),
      wanted: wantedHeaders(diagnostics.map((one) => one.message)),
      products: new Set(),
      library: ok ? (link?.library ?? '') : (last?.library ?? ''),
    },
  };
}
